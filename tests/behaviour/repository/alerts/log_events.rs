//! Every error of the handler raises an alert.

use std::collections::BTreeSet;

use serde_json::json;

use crate::repository::{
    alerts::{
        log::Log,
        rule::rules,
        times::{HOUR, THEN},
    },
    source_files::rust_files,
};

/// An error after which the request is delivered again, so that the alert `failing` counts it.
const RETURNS: &str = "graph.failed";

/// The events that the source logs as errors.
fn errors() -> BTreeSet<String> {
    let mut events = BTreeSet::new();
    for file in rust_files() {
        let text = std::fs::read_to_string(file).unwrap();
        for call in text.split("tracing::error!(").skip(1) {
            let event = call.split("event = \"").nth(1).unwrap().split('"').next().unwrap();
            events.insert(event.to_owned());
        }
    }
    events
}

/// The alerts that a line alone raises.
fn raised_by(level: &str, event: &str, again: bool) -> Vec<String> {
    let mut log = Log::default();
    log.healthy_app(THEN - HOUR, THEN + HOUR);
    log.line(THEN, (level, event), &json!({ "again": again }));
    let is_raised = |rule: &crate::repository::alerts::rule::Rule| {
        !rule.mails(&log, (THEN, THEN + HOUR)).is_empty()
    };
    rules().into_iter().filter(is_raised).map(|rule| rule.name).collect()
}

#[test]
fn every_event_that_is_an_error_raises_exactly_one_alert() {
    let errors = errors();
    assert!(errors.len() > 20, "{errors:?}");
    for event in errors.iter().filter(|event| *event != RETURNS) {
        assert_eq!(raised_by("ERROR", event, true).len(), 1, "{event}");
    }
    assert_eq!(raised_by("ERROR", RETURNS, true), Vec::<String>::new());
    assert_eq!(raised_by("ERROR", RETURNS, false), ["errors"]);
}

/// A new error needs no change of an alert.
#[test]
fn an_error_that_no_query_names_raises_an_alert() {
    assert_eq!(raised_by("ERROR", "something.new", true), ["errors"]);
    assert_eq!(raised_by("WARN", "something.new", true), Vec::<String>::new());
    assert_eq!(raised_by("INFO", "something.new", true), Vec::<String>::new());
}
