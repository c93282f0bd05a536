//! Scenarios that several tests use.

use std::time::Duration;

use quota_simulation::{Call, Life, Model, Scenario};
use shared_quota::{priority::Priority, write_quota::WriteQuota};

/// Seconds.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Instances without messages, under 200 writes in 10 s.
pub(crate) fn quiet(instances: usize, model: Model) -> Scenario {
    let instances = vec![Life::from(Duration::ZERO); instances];
    Scenario { instances, messages: 0, ..Scenario::burst(0, model) }
}

/// Writes that are asked of an instance, one each `interval` seconds of a time.
pub(crate) fn flow(instance: usize, interval: f64, (from, until): (f64, f64)) -> Vec<Call> {
    let count = ((until - from) / interval).round() as u32;
    let call = |index: u32| Call {
        at: seconds(from + interval * f64::from(index)),
        instance,
        writes: 1,
        priority: Priority::Normal,
    };
    (0..count).map(call).collect()
}

/// A quota of this number of writes in this number of seconds.
pub(crate) fn quota(writes: u32, seconds: u64) -> WriteQuota {
    WriteQuota { writes, period: Duration::from_secs(seconds) }
}
