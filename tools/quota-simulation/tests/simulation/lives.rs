//! Instances that come, go, and do nothing.

use std::time::Duration;

use quota_simulation::{Call, Life, MODELS, Scenario, run};
use shared_quota::priority::Priority;

use crate::scenarios::{flow, quiet, quota, seconds};

#[test]
fn the_share_of_a_killed_instance_is_used_by_the_others_within_30_seconds() {
    for model in MODELS {
        let mut scenario = quiet(3, model);
        for instance in 0..3 {
            scenario.calls.extend(flow(instance, 0.05, (0.0, 90.0)));
        }
        if let Some(life) = scenario.instances.first_mut() {
            life.killed = Some(seconds(31.0));
        }
        let outcome = run(&Scenario { end: seconds(90.0), ..scenario });
        let used = |from: f64, until: f64| {
            let others = 1..3;
            let used =
                others.map(|other| outcome.accepted_by(other, seconds(from), seconds(until)));
            used.sum::<usize>() as f64 / (until - from)
        };
        assert!(used(10.0, 31.0) < 15.0, "{model:?}: {}", used(10.0, 31.0));
        assert!(used(61.0, 90.0) > 19.0, "{model:?}: {}", used(61.0, 90.0));
        assert_eq!(outcome.refused, 0, "{model:?}");
    }
}

#[test]
fn a_new_instance_has_its_share_within_10_seconds() {
    let [_, model, _] = MODELS;
    for start in (0..20).map(|offset| 41.0 + 0.5 * f64::from(offset)) {
        let lives = [0.0, start].map(|start| Life::from(seconds(start))).to_vec();
        let queued = Scenario { instances: lives.clone(), messages: 3000, ..quiet(0, model) };
        let mut asked = Scenario { instances: lives, ..quiet(0, model) };
        asked.calls.extend(flow(0, 0.04, (0.0, 90.0)));
        asked.calls.extend(flow(1, 0.04, (start, 90.0)));
        for scenario in [queued, asked] {
            let outcome = run(&Scenario { end: seconds(90.0), ..scenario });
            let has_its_share = |after: u32| {
                let from = start + f64::from(after);
                outcome.accepted_by(1, seconds(from), seconds(from + 10.0)) >= 90
            };
            assert!((0..=10).any(has_its_share), "started at {start}");
            assert_eq!(outcome.refused, 0, "started at {start}");
        }
    }
}

#[test]
fn an_instance_that_starts_after_a_flood_of_another_one_sends_at_once() {
    for model in MODELS {
        for until in [Some(seconds(3.0)), None] {
            let mut scenario = quiet(2, model);
            let call = |at, instance, writes| Call {
                at: seconds(at),
                instance,
                writes,
                priority: Priority::Normal,
            };
            scenario.calls = vec![call(0.5, 0, 200), call(25.0, 1, 1)];
            scenario.instances = vec![
                Life { killed: until, ..Life::from(Duration::ZERO) },
                Life::from(seconds(24.0)),
            ];
            let outcome = run(&scenario);
            let sent = outcome.accepted_by(1, seconds(25.0), seconds(25.2));
            assert_eq!(sent, 1, "{model:?}, killed at {until:?}");
        }
    }
}

#[test]
fn an_instance_with_a_few_writes_now_and_then_sends_each_at_once() {
    let [model, ..] = MODELS;
    for interval in [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 15.0] {
        for instances in [1, 2] {
            let mut scenario = quiet(instances, model);
            for instance in 0..instances {
                let start = 1.0 + 0.13 * instance as f64;
                let until = start + interval * 30.0;
                scenario.calls.extend(flow(instance, interval, (start, until)));
            }
            let until = seconds(2.0 + interval * 30.0);
            let outcome =
                run(&Scenario { end: until, quota: quota(3000, 150), ..scenario.clone() });
            let late = |call: &&Call| {
                let soon = call.at + Duration::from_millis(450);
                outcome.accepted_by(call.instance, call.at, soon) == 0
            };
            assert_eq!(scenario.calls.iter().filter(late).count(), 0, "every {interval} s");
        }
    }
}

#[test]
fn no_instance_makes_more_than_one_transaction_a_second() {
    for model in MODELS {
        let mut scenario = quiet(8, model);
        for instance in 0..8 {
            scenario.calls.extend(flow(instance, 0.2, (0.0, 120.0)));
        }
        let outcome = run(&Scenario { end: seconds(120.0), ..scenario });
        for transactions in &outcome.transactions {
            for first in transactions {
                let later = transactions.iter().filter(|at| *at >= first);
                let count = later.filter(|at| **at - *first < seconds(20.0)).count();
                assert!(count <= 20, "{model:?}: {count} in 20 s");
            }
        }
    }
}

#[test]
fn an_instance_without_writes_leaves_storage_alone() {
    let [model, ..] = MODELS;
    let call = Call { at: seconds(1.0), instance: 0, writes: 3, priority: Priority::Normal };
    let scenario = Scenario { calls: vec![call], end: seconds(3600.0), ..quiet(2, model) };
    let outcome = run(&scenario);
    let [busy, idle] = outcome.transactions.as_slice() else { panic!("two instances") };
    assert_eq!(idle.len(), 0);
    assert!(busy.len() <= 4 && busy.iter().all(|at| *at < seconds(4.0)), "{busy:?}");
}

#[test]
fn low_priority_leaves_half_of_the_quota_of_all_instances_to_later_writes() {
    for model in MODELS {
        let mut scenario = quiet(4, model);
        let low =
            |instance| Call { at: seconds(0.5), instance, writes: 200, priority: Priority::Low };
        scenario.calls = (0..3).map(low).collect();
        let call = Call { at: seconds(6.0), instance: 3, writes: 90, priority: Priority::Normal };
        scenario.calls.push(call);
        let outcome = run(&Scenario { end: seconds(9.0), ..scenario });
        let normal = outcome.accepted_by(3, seconds(6.0), seconds(9.0));
        assert!(normal >= 80, "{model:?}: {normal}");
        let low = outcome.accepted.len() - normal;
        assert!((50..=110).contains(&low), "{model:?}: {low}");
    }
}
