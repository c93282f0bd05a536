//! `docs/operations.md` has an entry for each alert, in the order in which a person needs them at night.

use std::{collections::BTreeSet, path::Path};

use crate::{repository::alerts::rule::rules, world::ROOT};

fn section() -> String {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/operations.md")).unwrap();
    let section = page.split("\n## Alerts\n").nth(1).unwrap();
    section.split("\n## ").next().unwrap().to_owned()
}

/// The name and the severity of each row of the table of alerts.
fn table(section: &str) -> Vec<(String, u8)> {
    let table = section.split("| alert | severity |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        Some((name, cells.next()?.parse().unwrap()))
    });
    rows.collect()
}

#[test]
fn the_table_has_every_alert_with_its_severity_and_the_worst_come_first() {
    let table = table(&section());
    assert!(table.is_sorted_by_key(|(_, severity)| *severity), "{table:?}");
    let documented: BTreeSet<_> = table.into_iter().collect();
    let declared: BTreeSet<_> =
        rules().into_iter().map(|rule| (rule.name, rule.severity)).collect();
    assert_eq!(documented, declared);
}

#[test]
fn every_alert_has_an_entry_in_the_order_of_the_table() {
    let section = section();
    let entries = section.lines().filter_map(|line| line.strip_prefix("### `"));
    let entries: Vec<_> = entries.map(|name| name.trim_end_matches('`').to_owned()).collect();
    let names: Vec<_> = table(&section).into_iter().map(|(name, _)| name).collect();
    assert_eq!(entries, names);
}

#[test]
fn every_query_belongs_to_the_alert_of_its_name() {
    let files = std::fs::read_dir(Path::new(ROOT).join("infra/queries/alerts")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().path()).collect();
    let rules = rules();
    assert_eq!(files.len(), rules.len());
    for rule in rules {
        let is_its_own = |file: &&std::path::PathBuf| file.file_stem().unwrap() == &*rule.name;
        let file = files.iter().find(is_its_own).unwrap();
        let first_line = std::fs::read_to_string(file).unwrap();
        assert!(rule.query.starts_with(first_line.lines().next().unwrap()), "{}", rule.name);
    }
}
