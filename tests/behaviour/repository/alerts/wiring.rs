//! What every rule of the template must satisfy.

use std::collections::BTreeSet;

use crate::repository::alerts::{
    rule::rules,
    times::{DAY, HOUR, LATEST, MINUTE},
};

/// The frequencies, windows and quiet times that Azure accepts, in seconds ("Scheduled Query Rules", as the
/// provider of Terraform lists them).
const FREQUENCIES: [i64; 12] = [
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    45 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    4 * HOUR,
    5 * HOUR,
    6 * HOUR,
];

#[test]
fn every_rule_has_times_that_azure_accepts() {
    for rule in rules() {
        assert!(FREQUENCIES.contains(&rule.every), "{rule:?}");
        for time in [Some(rule.window), rule.quiet].into_iter().flatten() {
            assert!(FREQUENCIES.contains(&time) || [DAY, 2 * DAY].contains(&time), "{rule:?}");
        }
    }
}

/// A row that arrives late, or while the alert is quiet, is read by a later evaluation.
#[test]
fn no_row_falls_between_two_windows() {
    for rule in rules() {
        let unseen = rule.quiet.unwrap_or(0) + rule.every + LATEST;
        assert!(rule.window >= unseen, "{rule:?}");
    }
}

#[test]
fn an_urgent_alert_is_evaluated_every_few_minutes() {
    let rules = rules();
    for rule in &rules {
        let longest = if rule.severity <= 1 { 15 * MINUTE } else { HOUR };
        assert!(rule.every <= longest, "{rule:?}");
    }
    let names: BTreeSet<_> = rules.iter().map(|rule| &rule.name).collect();
    assert_eq!(names.len(), rules.len());
}
