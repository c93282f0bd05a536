//! What no client can beat: the time from the first request to the last accepted write.

use std::time::Duration;

use tenant_emulator::{QuotaModel, WriteQuota};

/// The least time in which `grants` new grants can be made under a quota, when each answer takes
/// `latency` and at most `in_flight` messages are worked on at once.
///
/// The principal must be read before the first write, and the quota counts from that write's
/// arrival. Then:
///
/// - **Fixed window**: every window but the last is used up before it ends, so the last one opens
///   that many periods later. When it opens, as many writes as there are messages in flight have
///   only been waiting for it, and are answered after one latency. Each message that follows takes
///   the place of one that is done, and needs a read and a write.
/// - **Token bucket**: what the full bucket does not hold comes in evenly, and the last write goes
///   out with the last token. Concurrency does not matter: a few messages in flight use tokens as
///   fast as they come in.
/// - **Token bucket that charges refusals**: the same. Who is never refused is never charged.
pub(super) fn ideal(
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

/// What refusals cost, where they are charged for. A client that has to find the quota out is refused
/// at least once, with as many writes as it has under way.
pub(super) fn cost(quota: WriteQuota, refusals: usize) -> Duration {
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
    fn a_grant_alone_takes_a_read_and_a_write() {
        for model in super::super::MODELS {
            assert_eq!(ideal_of(model, 1, 24), 120, "{model:?}");
        }
    }

    #[test]
    fn the_last_window_opens_after_those_before_it_and_is_used_as_fast_as_messages_allow() {
        // 24 of 200 wait for it, the other 176 come in 8 rounds of a read and a write.
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 600, 24), 60 + 20_000 + 8 * 120 + 60);
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 600, 200), 60 + 20_000 + 60);
        assert_eq!(ideal_of(QuotaModel::FixedWindow, 601, 24), 60 + 30_000 + 60);
    }

    #[test]
    fn a_bucket_gives_its_last_token_when_the_rest_has_come_in() {
        assert_eq!(ideal_of(QuotaModel::TokenBucket, 600, 24), 60 + 20_000 + 60);
        assert_eq!(ideal_of(QuotaModel::TokenBucketChargingRefusals, 201, 24), 60 + 50 + 60);
    }
}
