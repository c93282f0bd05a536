//! The time at which an assignment must end.

use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::duration::AssignmentDuration;

/// How long the platform caches a managed identity's token ("Managed identities best practice
/// recommendations"). After that, no token is older than a change.
pub const TOKEN_CACHE: Duration = Duration::hours(24);

/// The end of an assignment as a request states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedEnd {
    /// This long after the decision.
    After(AssignmentDuration),
    /// At this time.
    At(OffsetDateTime),
}

/// The time at which an assignment must end: a whole second in UTC, later than the decision and at most
/// [`AssignmentDuration::MAX`] away from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedEnd(OffsetDateTime);

/// The reason why an assignment cannot end at the requested time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableEnd {
    /// The time has passed.
    #[error("the request's endDateTime has passed, so nothing was assigned")]
    Passed,
    /// The time is too far away.
    #[error("the request's endDateTime is more than 365 days away; ask for an earlier end")]
    TooFar,
}

impl RequestedEnd {
    /// The time of the end, if the decision is made `now`.
    pub fn planned(self, now: OffsetDateTime) -> Result<PlannedEnd, UnusableEnd> {
        let end = match self {
            Self::After(duration) => return Ok(PlannedEnd::after(duration, now)),
            Self::At(end) => end.truncate_to_second(),
        };
        if end <= now {
            return Err(UnusableEnd::Passed);
        }
        if end - now > Duration::from(AssignmentDuration::MAX) {
            return Err(UnusableEnd::TooFar);
        }
        end.checked_to_offset(UtcOffset::UTC).map(PlannedEnd).ok_or(UnusableEnd::TooFar)
    }
}

impl PlannedEnd {
    /// The end after a duration that begins `now`.
    #[must_use]
    pub fn after(duration: AssignmentDuration, now: OffsetDateTime) -> Self {
        let now = now.checked_to_offset(UtcOffset::UTC).unwrap_or(now);
        Self(now.truncate_to_second().saturating_add(duration.into()))
    }

    /// Whether this is later than the end of a duration that begins `now`.
    pub(crate) fn is_beyond(self, duration: AssignmentDuration, now: OffsetDateTime) -> bool {
        self.0 > now.saturating_add(duration.into())
    }

    /// The time, in UTC.
    #[must_use]
    pub fn time(self) -> OffsetDateTime {
        self.0
    }
}

/// An end and the time until when tokens may still carry the role, as results write them.
pub(crate) fn shown(end: Option<OffsetDateTime>) -> (Option<String>, Option<String>) {
    (end.map(rfc3339), end.map(|end| rfc3339(end.saturating_add(TOKEN_CACHE))))
}

/// A time as results write it (RFC 3339).
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests;
