//! Single columns of the table of approvals. They are read strictly, and a long text takes several columns.

use std::fmt::Display;

use app_roles::text::{printable, printable_json};
use azure_rest::tables::{Entity, literal};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::{OffsetDateTime, UtcOffset};

use crate::long_text;

/// A row that this program cannot read: a newer version wrote it, or it was changed by hand. It is kept,
/// and nothing is done because of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the column {0} is missing, has a value that this version does not know, or contradicts another \
     column"
)]
pub struct UnreadableApproval(pub &'static str);

/// The value of a column. `None` if it is absent: the table service stores no nulls.
pub(super) fn value<'a>(entity: &'a Entity, column: &str) -> Option<&'a Value> {
    entity.get(column).filter(|value| !value.is_null())
}

/// A column that each row has.
pub(super) fn required<T>(
    column: &'static str,
    read: impl FnOnce(&'static str) -> Result<Option<T>, UnreadableApproval>,
) -> Result<T, UnreadableApproval> {
    read(column)?.ok_or(UnreadableApproval(column))
}

/// A text, which is not empty.
pub(super) fn text<'a>(
    entity: &'a Entity,
    column: &'static str,
) -> Result<Option<&'a str>, UnreadableApproval> {
    let Some(value) = value(entity, column) else { return Ok(None) };
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(Some).ok_or(UnreadableApproval(column))
}

/// A text without characters that could deceive a reader.
pub(super) fn printable_text(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<String>, UnreadableApproval> {
    match text(entity, column)? {
        Some(text) if printable(text) != text => Err(UnreadableApproval(column)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// A text that is parsed.
pub(super) fn parsed<T, E: Display>(
    entity: &Entity,
    column: &'static str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, UnreadableApproval> {
    let text = text(entity, column)?;
    text.map(|text| parse(text).map_err(|_| UnreadableApproval(column))).transpose()
}

/// A truth value.
pub(super) fn flag(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<bool>, UnreadableApproval> {
    let Some(value) = value(entity, column) else { return Ok(None) };
    value.as_bool().map(Some).ok_or(UnreadableApproval(column))
}

/// A time, in UTC.
pub(super) fn time(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<OffsetDateTime>, UnreadableApproval> {
    if value(entity, column).is_none() {
        return Ok(None);
    }
    let time = literal::time_of(entity, column);
    let in_utc = time.and_then(|time| time.checked_to_offset(UtcOffset::UTC));
    in_utc.map(Some).ok_or(UnreadableApproval(column))
}

/// A JSON document.
pub(super) fn json<T: DeserializeOwned>(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<T>, UnreadableApproval> {
    let text = long_text(entity, column)?;
    let read = |text: String| serde_json::from_str(&text).map_err(|_| UnreadableApproval(column));
    text.map(read).transpose()
}

/// Sets a JSON document.
pub(super) fn set_json(entity: &mut Entity, column: &str, value: &impl Serialize) {
    // Texts, ids and times can always be written. A row with an empty text is unreadable, and kept.
    let document = serde_json::to_string(value).unwrap_or_default();
    set_long_text(entity, column, &printable_json(&document));
}

/// A text that may take several columns.
pub(super) fn long_text(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<String>, UnreadableApproval> {
    long_text::read(entity, column).map_err(|_| UnreadableApproval(column))
}

/// Sets a text, in as many columns as it needs.
pub(super) fn set_long_text(entity: &mut Entity, column: &str, text: &str) {
    long_text::set(entity, column, text);
}
