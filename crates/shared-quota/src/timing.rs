//! How long allowances last, and how often instances exchange rows.

use std::time::Duration;

/// How long an instance uses the allowances of a row after it began to store it. A killed instance uses
/// none of them later than that.
pub const LEASE: Duration = Duration::from_secs(10);

/// How often an instance that sends writes renews its row.
pub(crate) const RENEWAL: Duration = Duration::from_secs(4);

/// How long an instance without writes keeps its allowances. Then it gives them back, and stores nothing
/// until the next write.
pub(crate) const IDLE: Duration = Duration::from_millis(150);

/// [`IDLE`] of an instance that soon needed again what it had given back: its writes come now and then, and
/// each would cost an exchange.
pub(crate) const LONG_IDLE: Duration = Duration::from_secs(7);

/// As many writes as arrived within this time are expected until the next exchange.
pub(crate) const FORESIGHT: Duration = Duration::from_secs(3);

/// The wait after an exchange while others hold allowances that they may give back or must share.
pub(crate) const FIRST_SPACING: Duration = Duration::from_millis(400);

/// The wait after an exchange that settled everything, and the longest wait after failures.
pub(crate) const LONGEST_SPACING: Duration = Duration::from_secs(4);

/// An instance that can make fewer transactions than this at once waits [`FIRST_SPACING`] between exchanges.
pub(crate) const SCARCE: u8 = 5;

/// The shortest time between the starts of two exchanges.
pub(crate) const SHORTEST_SPACING: Duration = Duration::from_millis(20);

/// How long the response to a write may take: a write without one is counted from this time on. Graph
/// counts a write before it responds.
pub(crate) const IN_FLIGHT: Duration = Duration::from_millis(250);

/// The number of instances that may share the quota without storage: each falls back to that part of it.
///
/// It is the number of instances that the templates allow (`maximumInstanceCount`).
pub const FALLBACK_INSTANCES: u32 = 40;

/// The part of the quota that an instance may hold beyond its need while the quota is not used up.
/// [`HEADROOM`] limits it further.
pub(crate) const HEADROOM_PART: u32 = 16;

/// An instance may hold, beyond its need, as much as the quota allows in this time. More would be lost with
/// a killed instance, because what it holds counts as sent for the whole period.
pub(crate) const HEADROOM: Duration = Duration::from_secs(2);

/// How much faster than since its last row an instance may send until its next one, while the quota is not
/// used up.
pub(crate) const STEADY_GROWTH: u32 = 2;

/// [`STEADY_GROWTH`] of an instance that has used all that it held.
pub(crate) const GROWTH: u32 = 4;

/// An instance keeps what it holds and needs within this time, even if its fair part has become smaller: the
/// others could not ask for it in time. Later allowances are given up for a fair division.
pub(crate) const KEPT: Duration = Duration::from_secs(2);

/// How long an instance waits for allowances that become valid before it asks for more.
pub(crate) const SETTLING: Duration = Duration::from_secs(1);

/// How old the rows may be that a claim is based on.
pub(crate) const FRESH: Duration = Duration::from_millis(50);

/// The age at which a row is deleted, in addition to the period. Its instance has stored nothing for that
/// long.
pub(crate) const OUTDATED: Duration = Duration::from_secs(600);

/// The most rows that are deleted at once: the changes of one transaction ("Performing entity group
/// transactions").
pub(crate) const MOST_DELETED: usize = 100;
