//! Times of the alerts' tests, in seconds.

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The longest time that rows take to arrive.
pub(crate) const LATEST: i64 = 10 * MINUTE;

/// The time of faults.
pub(crate) const THEN: i64 = 1_000 * DAY;
