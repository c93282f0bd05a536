//! The ideal time from the first request to the last accepted write, which no client can beat.

use std::time::Duration;

use tenant_emulator::{QuotaModel, WriteQuota};

/// The least time in which `grants` new grants can be made under a quota, when each answer takes
/// `latency` and at most `in_flight` messages are worked on at once.
///
/// The principal must be read before the first write, and the quota counts from that write's
/// arrival. Then:
///
/// - **Fixed window**: every window but the last is used up before it ends, so the last one opens
///   that many periods later. Then one write of each message in flight is waiting, and is answered
///   after one latency. Each further message needs a read and a write.
/// - **Token bucket**: the tokens that the full bucket lacks are added evenly, and the last write uses
///   the last one. Concurrency does not matter, because a few messages in flight use tokens as fast
///   as they are added.
/// - **Token bucket that charges refusals**: as the token bucket, because an ideal client is never
///   refused.
pub(crate) fn ideal(
    quota: WriteQuota,
    grants: usize,
    latency: Duration,
    in_flight: usize,
) -> Duration {
    let read = latency;
    let writes = usize::try_from(quota.writes).unwrap_or(usize::MAX).max(1);
    let waiting = match quota.model {
        QuotaModel::FixedWindow => {
            let windows_before = grants.saturating_sub(1) / writes;
            let in_the_last = grants - windows_before * writes;
            let rounds_of_others = in_the_last.saturating_sub(in_flight).div_ceil(in_flight.max(1));
            times(quota.period, windows_before) + times(2 * latency, rounds_of_others)
        }
        QuotaModel::TokenBucket | QuotaModel::TokenBucketChargingRefusals => {
            let refilled = grants.saturating_sub(writes);
            quota.period.mul_f64(refilled as f64 / writes as f64)
        }
    };
    read + waiting + latency
}

/// The time that refusals cost in the model that charges them. A client that does not know the quota is
/// refused at least once, with all its writes in flight.
pub(crate) fn cost(quota: WriteQuota, refusals: usize) -> Duration {
    match quota.model {
        QuotaModel::TokenBucketChargingRefusals => {
            quota.period.mul_f64(refusals as f64 / f64::from(quota.writes.max(1)))
        }
        QuotaModel::FixedWindow | QuotaModel::TokenBucket => Duration::ZERO,
    }
}

fn times(duration: Duration, count: usize) -> Duration {
    duration.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Duration = Duration::from_millis(60);

    fn ideal_of(model: QuotaModel, grants: usize, in_flight: usize) -> u128 {
        let quota = WriteQuota { writes: 200, period: Duration::from_secs(10), model };
        ideal(quota, grants, LATENCY, in_flight).as_millis()
    }

    #[test]
    fn one_grant_takes_a_read_and_a_write() {
        for model in crate::quota::scenario::MODELS {
            assert_eq!(ideal_of(model, 1, 24), 120, "{model:?}");
        }
    }

    #[test]
    fn the_last_window_opens_after_the_others_and_is_used_as_fast_as_messages_in_flight_allow() {
        // 24 of 200 writes are waiting, the other 176 follow in 8 rounds of a read and a write.
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 600, 24), 60 + 20_000 + 8 * 120 + 60);
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 600, 200), 60 + 20_000 + 60);
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 601, 24), 60 + 30_000 + 60);
    }

    #[test]
    fn the_last_write_waits_until_the_bucket_has_been_refilled_for_it() {
        assert_eq!(ideal_of(QuotaModel::TokenBucket, 600, 24), 60 + 20_000 + 60);
        assert_eq!(ideal_of(QuotaModel::TokenBucketChargingRefusals, 201, 24), 60 + 50 + 60);
    }
}
