//! `infra/queries/open-ends.kql` finds in the log which assignments should still end.

use std::path::Path;

use serde_json::json;

use crate::{
    repository::alerts::{
        log::Log,
        times::{DAY, HOUR, MINUTE, THEN},
    },
    world::ROOT,
};

/// Adds the lines about the end of one role, a minute apart.
fn words(log: &mut Log, principal: &str, events: &[(&str, &str)]) {
    for (minute, (event, end)) in (0..).zip(events) {
        let fields = json!({ "principal_id": principal, "resource_id": "a", "app_role_id": "r",
            "end_date_time": end, "requester": "queue:orders" });
        log.line(THEN + minute * MINUTE, ("INFO", event), &fields);
    }
}

#[test]
fn the_last_word_about_a_role_says_whether_its_end_should_still_come() {
    let (first, later) = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let mut log = Log::default();
    words(&mut log, "extended", &[("end.set", first), ("end.set", later)]);
    words(&mut log, "open", &[("end.set", first)]);
    words(&mut log, "asked again", &[("end.set", first), ("end.done", first), ("end.set", later)]);
    for event in ["end.done", "end.dropped", "end.not_held", "end.not_ours"] {
        words(&mut log, event, &[("end.set", first), (event, first)]);
    }
    // A late end is still open.
    words(&mut log, "late", &[("end.set", first), ("end.late", first)]);
    let file = Path::new(ROOT).join("infra/queries/open-ends.kql");
    let now = THEN + HOUR;
    let rows = log.run(&std::fs::read_to_string(file).unwrap(), now, DAY);
    let mut shown: Vec<_> = rows
        .iter()
        .map(|row| ["Principal", "End"].map(|name| row[name].as_str().unwrap()))
        .collect();
    shown.sort_unstable();
    let expected = [["asked again", later], ["extended", later], ["late", first], ["open", first]];
    assert_eq!(shown, expected);
}
