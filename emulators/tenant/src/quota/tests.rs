use proptest::{collection::vec, prelude::*};

use super::*;

const MODELS: [QuotaModel; 3] =
    [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals];

const PERIOD: Duration = Duration::from_millis(300);

fn meter(writes: u32, model: QuotaModel) -> WriteMeter {
    WriteMeter::new(WriteQuota { writes, period: PERIOD, model })
}

/// The number of accepted writes of `writes` simultaneous ones.
fn accepted(meter: &mut WriteMeter, writes: usize, now: Instant) -> usize {
    (0..writes).filter(|_| meter.charge(now).is_none()).count()
}

#[test]
fn a_quota_without_writes_refuses_everything_for_a_period_and_extreme_periods_do_not_panic() {
    let start = Instant::now();
    for model in MODELS {
        let mut none = meter(0, model);
        for moment in [start, start + PERIOD * 10] {
            assert_eq!(none.charge(moment), Some(PERIOD), "{model:?}");
        }
        for period in [Duration::ZERO, Duration::MAX] {
            let mut most = WriteMeter::new(WriteQuota { writes: u32::MAX, period, model });
            assert_eq!((most.charge(start), most.charge(start + PERIOD)), (None, None));
        }
    }
}

#[test]
fn a_window_is_refilled_at_its_end_and_a_bucket_evenly() {
    let start = Instant::now();
    // The number of accepted writes at the start, after a third of the period, and after all of it.
    for (model, expected) in [
        (QuotaModel::FixedWindow, [3, 0, 3]),
        (QuotaModel::TokenBucket, [3, 1, 2]),
        (QuotaModel::TokenBucketChargingRefusals, [3, 0, 0]),
    ] {
        let mut meter = meter(3, model);
        let moments = [start, start + PERIOD / 3, start + PERIOD];
        assert_eq!(moments.map(|moment| accepted(&mut meter, 9, moment)), expected, "{model:?}");
        assert_eq!(accepted(&mut meter, 9, start + PERIOD * 99), 3, "{model:?}");
    }
}

#[test]
fn refused_writes_prolong_the_wait_only_if_they_are_charged() {
    let start = Instant::now();
    for (model, expected) in
        [(QuotaModel::TokenBucket, PERIOD / 3), (MODELS[2], PERIOD), (MODELS[0], PERIOD)]
    {
        let mut meter = meter(3, model);
        accepted(&mut meter, 4, start);
        assert_eq!(meter.charge(start), Some(expected), "{model:?}");
    }
}

proptest! {
    #[test]
    fn a_write_is_accepted_exactly_after_the_told_wait(
        writes in 1_u32..12,
        gaps in vec(prop_oneof![4 => 0_u64..5_000, 1 => 0_u64..700_000], 1..200),
        model in prop::sample::select(MODELS.to_vec()),
        early in any::<bool>(),
    ) {
        let (mut meter, mut now) = (meter(writes, model), Instant::now());
        for gap in gaps {
            now += Duration::from_micros(gap);
            if let Some(wait) = meter.charge(now) {
                now += wait - Duration::from_nanos(u64::from(early));
                prop_assert_eq!(meter.charge(now).is_some(), early);
            }
        }
    }
}
