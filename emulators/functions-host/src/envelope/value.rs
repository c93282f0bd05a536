//! The values of an envelope's metadata.

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem};

use crate::{
    dotnet_dates,
    dotnet_text::dotnet_text,
    ordered_json::{Json, Members},
};

/// The metadata of an envelope.
pub(super) type Metadata = Members;

/// A text as a JSON string that contains JSON.
pub(crate) fn encoded_twice(text: &str) -> Json {
    Json::Text(Json::Text(text.to_owned()).compact())
}

pub(crate) fn date(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> Json {
    // Formatting fails only for a time without a date.
    Json::Text(time.to_offset(UtcOffset::UTC).format(format).unwrap_or_default())
}

/// Sets a value. Names are not case-sensitive: an existing value is replaced, and keeps its place and its
/// name.
pub(crate) fn set(metadata: &mut Metadata, name: String, value: Json) {
    match metadata.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
        Some((_, known)) => *known = value,
        None => drop(metadata.insert(name, value)),
    }
}

/// Copies the top-level members of a JSON object into the metadata, over values of the same names. A
/// message can forge its own `Id` this way.
pub(crate) fn copy_properties(text: &str, metadata: &mut Metadata) {
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

/// Arrays and nulls are left out, objects stay objects, and other values become .NET's text.
fn property(value: &Json) -> Option<Json> {
    match value {
        Json::Null | Json::Array(_) => None,
        Json::Object(_) => Some(dotnet_dates::rewrite(value)),
        Json::Bool(_) | Json::Number(_) | Json::Text(_) => Some(encoded_twice(&dotnet_text(value))),
    }
}
