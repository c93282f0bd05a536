//! Moments as text, and how long tokens are cached.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// How long Azure caches the token of a managed identity ("Managed identities best practice
/// recommendations"). After that time, no token is older than a change.
pub(crate) const TOKEN_CACHE: Duration = Duration::hours(24);

/// Formats a moment for programs: RFC 3339, in UTC.
pub(crate) fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

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
