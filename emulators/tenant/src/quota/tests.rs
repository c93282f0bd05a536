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
    (0..writes).filter(|_| meter.charge(now).refused_for.is_none()).count()
}

/// The time and the decision of each write. `gaps` are the intervals between writes.
fn decisions(writes: u32, model: QuotaModel, gaps: &[u64]) -> Vec<(Duration, bool)> {
    let (mut meter, start) = (meter(writes, model), Instant::now());
    let mut since_start = Duration::ZERO;
    let decide = |gap: &u64| {
        since_start += Duration::from_micros(*gap);
        (since_start, meter.charge(start + since_start).refused_for.is_none())
    };
    gaps.iter().map(decide).collect()
}

/// The times of accepted writes.
fn accepted_times(writes: u32, model: QuotaModel, gaps: &[u64]) -> Vec<Duration> {
    let decided = decisions(writes, model, gaps).into_iter();
    decided.filter_map(|(moment, accepted)| accepted.then_some(moment)).collect()
}

/// Intervals in microseconds: mostly bursts, with a few pauses.
fn gaps() -> impl Strategy<Value = Vec<u64>> {
    vec(prop_oneof![4 => 0_u64..5_000, 1 => 0_u64..700_000], 1..200)
}

#[test]
fn as_many_writes_as_the_quota_has_are_accepted_at_once_and_no_more() {
    for model in MODELS {
        assert_eq!(accepted(&mut meter(5, model), 8, Instant::now()), 5, "{model:?}");
    }
}

#[test]
fn a_quota_without_writes_refuses_everything_for_a_period() {
    for model in MODELS {
        let (mut meter, start) = (meter(0, model), Instant::now());
        for moment in [start, start + PERIOD * 10] {
            assert_eq!(meter.charge(moment).refused_for, Some(PERIOD), "{model:?}");
        }
    }
}

#[test]
fn extreme_periods_do_not_panic() {
    for (model, period) in MODELS
        .into_iter()
        .flat_map(|model| [Duration::ZERO, Duration::MAX].map(|period| (model, period)))
    {
        let mut meter = WriteMeter::new(WriteQuota { writes: u32::MAX, period, model });
        let start = Instant::now();
        assert_eq!(meter.charge(start).refused_for, None);
        assert_eq!(meter.charge(start + PERIOD).refused_for, None);
    }
}

#[test]
fn a_new_window_has_room_for_all_its_writes() {
    let (mut meter, start) = (meter(3, QuotaModel::FixedWindow), Instant::now());
    assert_eq!(accepted(&mut meter, 3, start), 3);
    let shortly_before = start + PERIOD - Duration::from_millis(1);
    assert_eq!(meter.charge(shortly_before).refused_for, Some(Duration::from_millis(1)));
    assert_eq!(accepted(&mut meter, 9, start + PERIOD), 3);
}

#[test]
fn a_bucket_refills_evenly() {
    let (mut meter, start) = (meter(3, QuotaModel::TokenBucket), Instant::now());
    assert_eq!(accepted(&mut meter, 9, start), 3);
    assert_eq!(accepted(&mut meter, 9, start + PERIOD / 3), 1);
    assert_eq!(accepted(&mut meter, 9, start + PERIOD), 2);
    assert_eq!(accepted(&mut meter, 9, start + PERIOD * 9), 3);
}

#[test]
fn refused_writes_prolong_the_wait_only_if_they_are_charged() {
    let start = Instant::now();
    for (model, expected) in
        [(QuotaModel::TokenBucket, PERIOD / 3), (MODELS[2], PERIOD), (MODELS[0], PERIOD)]
    {
        let mut meter = meter(3, model);
        accepted(&mut meter, 4, start);
        assert_eq!(meter.charge(start).refused_for, Some(expected), "{model:?}");
    }
}

#[test]
fn the_used_share_exceeds_one_if_refused_writes_are_counted() {
    let start = Instant::now();
    for (model, used) in [(MODELS[0], 1.5), (MODELS[1], 1.0), (MODELS[2], 1.5)] {
        let mut meter = meter(4, model);
        let charges: Vec<_> = (0..6).map(|_| meter.charge(start).used).collect();
        assert!((charges[2] - 0.75).abs() < 1e-9, "{model:?}: {charges:?}");
        assert!((charges[5] - used).abs() < 1e-9, "{model:?}: {charges:?}");
    }
}

proptest! {
    #[test]
    fn a_window_accepts_the_first_writes_of_each_period_and_no_more(writes in 1_u32..12, gaps in gaps()) {
        let decided = decisions(writes, QuotaModel::FixedWindow, &gaps);
        let began = decided[0].0;
        let period_of = |moment: Duration| (moment - began).as_nanos() / PERIOD.as_nanos();
        for (index, (moment, accepted)) in decided.iter().enumerate() {
            let earlier = decided[..index].iter();
            let before = earlier.filter(|(other, _)| period_of(*other) == period_of(*moment)).count();
            prop_assert_eq!(*accepted, before < writes as usize);
        }
    }

    #[test]
    fn a_bucket_accepts_no_more_than_it_holds_and_is_refilled_with(writes in 1_u32..12, gaps in gaps()) {
        for model in [QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals] {
            let times = accepted_times(writes, model, &gaps);
            for (first, from) in times.iter().enumerate() {
                for (last, to) in times.iter().enumerate().skip(first) {
                    let count = (last - first + 1) as u128 * PERIOD.as_nanos();
                    let refilled = u128::from(writes) * (*to - *from).as_nanos();
                    prop_assert!(count <= u128::from(writes) * PERIOD.as_nanos() + refilled);
                }
            }
        }
    }

    #[test]
    fn charging_refusals_never_lets_more_through(writes in 1_u32..12, gaps in gaps()) {
        let free = decisions(writes, QuotaModel::TokenBucket, &gaps);
        let charged = decisions(writes, QuotaModel::TokenBucketChargingRefusals, &gaps);
        let mut balance = 0_i64;
        for ((_, free), (_, charged)) in free.iter().zip(&charged) {
            balance += i64::from(*free) - i64::from(*charged);
            prop_assert!(balance >= 0);
        }
    }

    #[test]
    fn a_write_is_accepted_exactly_after_the_told_wait(
        writes in 1_u32..12,
        gaps in gaps(),
        model in prop::sample::select(MODELS.to_vec()),
        early in any::<bool>(),
    ) {
        let (mut meter, mut now) = (meter(writes, model), Instant::now());
        for gap in gaps {
            now += Duration::from_micros(gap);
            if let Some(wait) = meter.charge(now).refused_for {
                now += wait - Duration::from_nanos(u64::from(early));
                prop_assert_eq!(meter.charge(now).refused_for.is_some(), early);
            }
        }
    }
}
