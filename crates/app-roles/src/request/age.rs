//! The age of a request.

use time::{Duration, OffsetDateTime};

/// Largest age of a request. An older one was made in a situation that may have changed.
pub const MAX_REQUEST_AGE: Duration = Duration::hours(24);

/// When a request was sent, as far as the trigger knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentTime {
    /// At this time.
    At(OffsetDateTime),
    /// The trigger does not state it. A call over HTTP is made when it arrives.
    NotStated,
    /// The trigger states it in a form that the broker cannot read.
    Unreadable,
}

impl SentTime {
    /// The time, if it is known.
    #[must_use]
    pub fn time(self) -> Option<OffsetDateTime> {
        match self {
            Self::At(time) => Some(time),
            Self::NotStated | Self::Unreadable => None,
        }
    }

    /// The earlier of two times of one request. If either is unreadable, so is the result.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(one), Self::At(other)) => Self::At(one.min(other)),
            (Self::Unreadable, _) | (_, Self::Unreadable) => Self::Unreadable,
            (stated, Self::NotStated) | (Self::NotStated, stated) => stated,
        }
    }

    /// Checks that the request is not older than [`MAX_REQUEST_AGE`].
    pub(super) fn check(self, now: OffsetDateTime) -> Result<(), Expired> {
        match self {
            Self::At(sent) if now - sent > MAX_REQUEST_AGE => Err(Expired::TooOld),
            // No clock differs by that much, so the time was misread.
            Self::At(sent) if sent - now > MAX_REQUEST_AGE => Err(Expired::UnknownAge),
            Self::At(_) | Self::NotStated => Ok(()),
            Self::Unreadable => Err(Expired::UnknownAge),
        }
    }
}

/// The reason why a request is too old, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Expired {
    /// The request's own limit has passed.
    #[error("the request's notAfter has passed")]
    NotAfter,
    /// The request is older than [`MAX_REQUEST_AGE`].
    #[error("the request is older than 24 hours; send it again if it is still needed")]
    TooOld,
    /// The time when the request was sent cannot be read, so its age is unknown.
    #[error(
        "the time when the request was sent cannot be read, so it may be older than 24 hours; nothing \
         was changed"
    )]
    UnknownAge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_two_times_is_unknown_if_one_of_them_cannot_be_read() {
        let now = time::macros::datetime!(2026-11-26 10:00 UTC);
        let (early, late) = (SentTime::At(now - Duration::HOUR), SentTime::At(now));
        for (one, other, earlier) in [
            (early, late, early),
            (late, SentTime::NotStated, late),
            (SentTime::NotStated, SentTime::NotStated, SentTime::NotStated),
            (SentTime::Unreadable, late, SentTime::Unreadable),
            (SentTime::Unreadable, SentTime::NotStated, SentTime::Unreadable),
        ] {
            assert_eq!((one.earlier(other), other.earlier(one)), (earlier, earlier));
        }
    }
}
