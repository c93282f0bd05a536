//! The log queries read events and fields that the handler writes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    repository::source_files::{find, rust_files},
    world::ROOT,
};

fn texts(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    find(&Path::new(ROOT).join(folder), extension, &mut found);
    assert!(!found.is_empty());
    let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
    found.into_iter().map(read).collect()
}

/// The whole source of the handler.
fn source() -> String {
    rust_files().into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Each text between `start` and `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> BTreeSet<&'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

/// Names that look like events: words with a dot between them, and `audit`.
fn events(query: &str) -> BTreeSet<&str> {
    let is_event = |text: &&str| {
        *text == "audit"
            || (text.contains('.')
                && text.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c)))
    };
    query.split('"').skip(1).step_by(2).filter(is_event).collect()
}

#[test]
fn every_event_that_a_query_looks_for_is_one_that_the_handler_logs() {
    let source = source();
    let mut looked_for = BTreeSet::new();
    for (file, query) in texts("infra/queries", "kql") {
        for event in events(&query) {
            let logged = source.contains(&format!("event = \"{event}\""));
            assert!(logged, "{}: nothing logs {event}", file.display());
            looked_for.insert(event.to_owned());
        }
    }
    for event in ["audit", "grant.intent", "request.given_up", "policy.closed", "graph.failed"] {
        assert!(looked_for.contains(event), "no query looks for {event}");
    }
}

/// Whether a line of source writes a field of a log line: `field = value` or `field`, before a comma.
fn is_field(line: &str, field: &str) -> bool {
    let mut parts: Vec<_> = line.trim().split(',').collect();
    // After the last comma is no whole field.
    parts.pop();
    parts.iter().any(|part| part.split(" = ").next().is_some_and(|name| name.trim() == field))
}

#[test]
fn every_field_that_a_query_reads_is_one_that_the_handler_writes() {
    let source = source();
    for (file, query) in texts("infra/queries", "kql") {
        for field in between(&query, "line.", ")") {
            // Every line has these three.
            let written = ["level", "event", "message"].contains(&field)
                || source.lines().any(|line| is_field(line, field));
            assert!(written, "{}: nothing writes {field}", file.display());
        }
    }
}

#[test]
fn an_alert_watches_the_property_by_which_a_scope_covers_an_identity() {
    let queries = texts("infra/queries/alerts", "kql");
    let is_it = |(file, _): &&(PathBuf, String)| file.ends_with("changed-resource-id.kql");
    let (_, query) = queries.iter().find(is_it).unwrap();
    for text in ["AuditLogs", "\"Update service principal\"", "contains \"AlternativeName\""] {
        assert!(query.contains(text), "{text}");
    }
    // The broker's identity is not the only one that can change it.
    assert!(!query.contains("BROKER_PRINCIPAL_ID"));
    let alerts = Path::new(ROOT).join("infra/modules/alerts.bicep");
    let alerts = std::fs::read_to_string(alerts).unwrap();
    let entra = alerts.split("var entraRules = [").nth(1).unwrap();
    assert!(entra.contains("changed-resource-id.kql"), "it needs Entra's audit log");
}

#[test]
fn every_query_starts_with_a_comment() {
    for (file, query) in texts("infra/queries", "kql") {
        assert!(query.starts_with("// "), "{}", file.display());
    }
}

#[test]
fn the_template_inserts_the_identity_that_a_query_needs() {
    let alerts =
        std::fs::read_to_string(Path::new(ROOT).join("infra/modules/alerts.bicep")).unwrap();
    for (file, query) in texts("infra/queries", "kql") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let replaced = alerts.contains(&format!(
            "replace(loadTextContent('../queries/alerts/{name}'), 'BROKER_PRINCIPAL_ID', brokerPrincipalId)"
        ));
        assert_eq!(query.contains("BROKER_PRINCIPAL_ID"), replaced, "{name}");
    }
}
