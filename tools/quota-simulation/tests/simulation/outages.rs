//! Storage does not answer.

use quota_simulation::{MODELS, Outage, Scenario, run};

use crate::scenarios::{flow, quiet, seconds};

fn outage(from: f64, until: f64, hangs: bool) -> Outage {
    Outage { from: seconds(from), until: seconds(until), hangs }
}

#[test]
fn without_storage_many_instances_keep_to_the_quota_and_each_goes_on() {
    for model in MODELS {
        for (from, until) in [(0.0, 60.0), (15.0, 60.0), (15.0, 32.0)] {
            for hangs in [false, true] {
                let mut scenario = quiet(8, model);
                for instance in 0..8 {
                    scenario.calls.extend(flow(instance, 0.25, (0.2, 60.0)));
                }
                let outages = vec![outage(from, until, hangs)];
                let outcome = run(&Scenario { outages, end: seconds(60.0), ..scenario });
                let what = format!("{model:?}, {from} to {until}, {hangs}");
                // The fallback of one instance may overlap with what others were promised before.
                assert!(outcome.refused_share() < 0.05, "{what}: {}", outcome.refused);
                for instance in 0..8 {
                    let during = outcome.accepted_by(instance, seconds(from), seconds(until));
                    assert!(during >= 5, "{what}: {during}");
                }
            }
        }
    }
}

#[test]
fn after_an_outage_the_whole_quota_is_used_again() {
    for model in MODELS {
        let mut scenario = quiet(2, model);
        for instance in 0..2 {
            scenario.calls.extend(flow(instance, 0.05, (0.0, 90.0)));
        }
        let outages = vec![outage(10.0, 50.0, false)];
        let outcome = run(&Scenario { outages, end: seconds(90.0), ..scenario });
        let used = |instance| outcome.accepted_by(instance, seconds(70.0), seconds(90.0));
        assert!(used(0) + used(1) > 380, "{model:?}: {} and {}", used(0), used(1));
        assert_eq!(outcome.refused, 0, "{model:?}");
    }
}
