//! How long allowances last, and how often instances exchange rows.

use std::time::Duration;

/// How long an instance uses the allowances of a row after it began to store it. A killed instance uses
/// none of them later than that.
pub const LEASE: Duration = Duration::from_secs(10);

/// How often an instance that sends writes renews its row.
pub(crate) const RENEWAL: Duration = Duration::from_secs(4);

/// How long an instance without writes keeps its allowances. Then it gives them back, and stores nothing
/// until the next write.
pub(crate) const IDLE: Duration = Duration::from_millis(300);

/// The arrivals of this time are a burst, which is not expected to be repeated.
pub(crate) const BURST: Duration = Duration::from_millis(500);

/// The arrivals of this time before are expected to be repeated until the next exchange.
pub(crate) const FORESIGHT: Duration = Duration::from_secs(3);

/// The wait after an exchange that brought nothing. It doubles each time.
pub(crate) const FIRST_SPACING: Duration = Duration::from_millis(400);

/// The longest wait after an exchange that brought nothing.
pub(crate) const LONGEST_SPACING: Duration = Duration::from_secs(4);

/// The shortest time between the starts of two exchanges.
pub(crate) const SHORTEST_SPACING: Duration = Duration::from_millis(20);

/// How long the response to a write may take: a write without one is counted from this time on. Graph
/// counts a write before it responds.
pub(crate) const IN_FLIGHT: Duration = Duration::from_millis(250);

/// The number of instances that may share the quota without storage: each falls back to that part of it.
///
/// It is the number of instances that the templates allow (`maximumInstanceCount`).
pub const FALLBACK_INSTANCES: u32 = 40;

/// The part of the quota that an instance holds beyond its need while the quota is not used up, unless
/// [`HEADROOM`] is less.
pub(crate) const HEADROOM_PART: u32 = 16;

/// The time whose part of the quota is enough to hold beyond the need. What an instance holds that is killed
/// counts as sent, for the quota's whole period.
pub(crate) const HEADROOM: Duration = Duration::from_secs(2);

/// How much faster than since its last row an instance may send until its next one, while the quota is not
/// used up.
pub(crate) const STEADY_GROWTH: u32 = 2;

/// [`STEADY_GROWTH`] of an instance that has used all that it held.
pub(crate) const GROWTH: u32 = 8;

/// How long an instance waits for allowances that become valid before it asks for more.
pub(crate) const SETTLING: Duration = Duration::from_secs(1);

/// How old the rows may be that a claim is based on.
pub(crate) const FRESH: Duration = Duration::from_millis(250);

/// How old a row is when it is deleted, besides the period. Its instance has stored nothing for that time.
pub(crate) const OUTDATED: Duration = Duration::from_secs(600);

/// The most rows that are deleted at once: the changes of one transaction ("Performing entity group
/// transactions").
pub(crate) const MOST_DELETED: usize = 100;
