//! Moments as text.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment in UTC, as results and rows write it (RFC 3339).
#[must_use]
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
