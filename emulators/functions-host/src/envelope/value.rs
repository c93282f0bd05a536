//! How values become JSON in an envelope, and how a JSON object spills into the metadata.

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem};

use crate::{dates, json::Json};

/// A text becomes JSON text, and that a JSON string.
pub(super) fn encoded_twice(text: &str) -> Json {
    Json::Text(Json::Text(text.to_owned()).compact())
}

pub(super) fn date(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> Json {
    // Only a time without a date could not be formatted.
    Json::Text(time.to_offset(UtcOffset::UTC).format(format).unwrap_or_default())
}

/// Adds a value. One that is there already is replaced, whatever the case of its name, and keeps its
/// place and its name.
pub(super) fn set(metadata: &mut Vec<(String, Json)>, name: String, value: Json) {
    match metadata.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
        Some((_, known)) => *known = value,
        None => metadata.push((name, value)),
    }
}

/// The top-level properties of a text that is a JSON object become metadata, and replace what is
/// there, whatever the case of their names. This is how a message can forge its own `Id`.
pub(super) fn copy_properties(text: &str, metadata: &mut Vec<(String, Json)>) {
    let trimmed = text.trim();
    if !(trimmed.starts_with('{') && trimmed.ends_with('}')) {
        return;
    }
    let Ok(Json::Object(members)) = Json::parse(trimmed.as_bytes()) else {
        return;
    };
    for (name, value) in members {
        if let Some(value) = property(&value) {
            set(metadata, name, value);
        }
    }
}

/// Arrays and nulls are left out, objects stay objects, everything else goes through .NET's text.
fn property(value: &Json) -> Option<Json> {
    match value {
        Json::Null | Json::Array(_) => None,
        Json::Object(_) => Some(dates::rewrite(value)),
        Json::Bool(_) | Json::Number(_) | Json::Text(_) => Some(encoded_twice(&dotnet_text(value))),
    }
}

/// What .NET's `ToString` makes of a value: `True` and not `true`, and JSON of what has parts.
pub(crate) fn dotnet_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => dates::culture_text(text).unwrap_or_else(|| text.clone()),
        Json::Array(_) | Json::Object(_) => dates::rewrite(value).indented(),
    }
}
