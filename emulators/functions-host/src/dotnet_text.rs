//! The text of a JSON value in .NET.

use crate::{dotnet_dates, ordered_json::Json};

/// The result of .NET's `ToString`: `True` instead of `true`, and indented JSON for arrays and objects.
pub(crate) fn dotnet_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => dotnet_dates::culture_text(text).unwrap_or_else(|| text.clone()),
        Json::Array(_) | Json::Object(_) => dotnet_dates::rewrite(value).indented(),
    }
}
