//! `docs/logging.md` names exactly the events that the handler logs.

use std::{collections::BTreeSet, path::Path};

use crate::{repository::source_files::rust_files, world::ROOT};

/// The text before the name of an event in the code.
const EVENT: &str = "event = \"";

/// The names of all events in the code.
fn logged() -> BTreeSet<String> {
    let mut events = BTreeSet::new();
    for file in rust_files() {
        let text = std::fs::read_to_string(file).unwrap();
        let names = text.split(EVENT).skip(1).map(|rest| rest.split('"').next().unwrap());
        events.extend(names.map(str::to_owned));
    }
    events
}

/// The names in the first column of the event tables of the page.
fn documented() -> BTreeSet<String> {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/logging.md")).unwrap();
    let events = page.split("## Every event").nth(1).unwrap();
    let rows = events.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

#[test]
fn every_event_is_documented_and_every_documented_event_is_logged() {
    assert!(logged().len() > 20, "{:?}", logged());
    let (logged, documented) = (logged(), documented());
    let missing: Vec<_> = logged.difference(&documented).collect();
    assert!(missing.is_empty(), "not in docs/logging.md: {missing:?}");
    let stale: Vec<_> = documented.difference(&logged).collect();
    assert!(stale.is_empty(), "only in docs/logging.md: {stale:?}");
}

#[test]
fn every_log_line_has_an_event() {
    let levels =
        ["error!(", "warn!(", "info!(", "debug!("].map(|level| format!("tracing::{level}"));
    for file in rust_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        for level in &levels {
            for line in text.split(level.as_str()).skip(1) {
                let beginning =
                    line.trim_start().trim_start_matches("target: RECORD,").trim_start();
                assert!(beginning.starts_with(EVENT), "{}: {}", file.display(), &line[..40]);
            }
        }
    }
}
