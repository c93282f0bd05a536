//! However instances live, and whatever storage does to all of them, they never exceed the quota together.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*};
use quota_simulation::{Call, Life, MODELS, Outage, Scenario, run};
use shared_quota::{priority::Priority, timing::FALLBACK_INSTANCES};

use crate::scenarios::{quiet, quota};

const LENGTH: u64 = 60_000;

fn milliseconds(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn life() -> impl Strategy<Value = Life> {
    let start = prop_oneof![Just(Duration::ZERO), milliseconds(0..LENGTH / 2)];
    let clock = milliseconds(0..86_400_000);
    (start, option::of(milliseconds(0..LENGTH)), clock).prop_map(|(start, lived, clock)| Life {
        start,
        killed: lived.map(|lived| start + lived),
        clock,
    })
}

fn call() -> impl Strategy<Value = Call> {
    let writes = prop_oneof![1_u32..4, 20_u32..200];
    let priority = prop_oneof![4 => Just(Priority::Normal), 1 => Just(Priority::Low)];
    (milliseconds(0..LENGTH), 0_usize..8, writes, priority)
        .prop_map(|(at, instance, writes, priority)| Call { at, instance, writes, priority })
}

fn outage() -> impl Strategy<Value = Outage> {
    (milliseconds(0..LENGTH), milliseconds(0..20_000), any::<bool>())
        .prop_map(|(from, length, hangs)| Outage { from, until: from + length, hangs })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let quotas = prop_oneof![Just((200, 10)), Just((300, 15)), (40_u32..300, 5_u64..150)];
    let messages = prop_oneof![Just(0_u32), 1_u32..900];
    let latencies = (milliseconds(5..200), milliseconds(1..400));
    let model = prop::sample::select(MODELS.to_vec());
    (quotas, messages, latencies, model, vec(life(), 1..8), vec(call(), 1..60)).prop_map(
        |((writes, period), messages, (latency, storage_latency), model, instances, calls)| {
            Scenario {
                quota: quota(writes, period),
                instances,
                calls,
                messages,
                latency,
                storage_latency,
                end: Duration::from_millis(LENGTH + 60_000),
                ..quiet(0, model)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_instances_never_exceed_the_quota_together(scenario in scenario()) {
        let outcome = run(&scenario);
        let most = outcome.most_in_a_period;
        prop_assert!(most <= scenario.quota.writes as usize, "{} writes in a period", most);
        prop_assert_eq!(outcome.refused, 0);
    }

    #[test]
    fn without_storage_each_exceeds_it_by_its_fallback_at_most(
        scenario in scenario(),
        outages in vec(outage(), 1..3),
    ) {
        let scenario = Scenario { outages, ..scenario };
        let fallback = (scenario.quota.writes / FALLBACK_INSTANCES).max(1);
        let instances = u32::try_from(scenario.instances.len()).unwrap();
        let bound = scenario.quota.writes + instances * fallback;
        let most = run(&scenario).most_in_a_period;
        prop_assert!(most <= bound as usize, "{} writes in a period", most);
    }
}
