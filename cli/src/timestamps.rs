//! Timestamps for people.

use broker::rfc3339;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Formats a moment for people, to the second.
pub(crate) fn to_the_second(moment: OffsetDateTime) -> String {
    rfc3339(moment.replace_nanosecond(0).unwrap_or(moment))
}

/// Formats a moment of Graph or the broker for people. Text that is not RFC 3339 stays as it is.
pub(crate) fn text_to_the_second(text: &str) -> String {
    parse(text).map_or_else(|| text.to_owned(), to_the_second)
}

/// Parses RFC 3339.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
