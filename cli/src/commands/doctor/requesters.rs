//! The check that the policy and the function folders name the same requesters.

use std::collections::BTreeMap;

use app_roles::{policy::Policy, requester::Requester};
use function_folders::{app::use_cases, function_json::FunctionFolders, use_case::UseCase};

use super::finding::Finding;
use crate::served_requesters::{served, unserved};

const CHECK: &str = "requesters";

/// Finds requesters of the policy without a function, and queues of requests that no rule names. Folders
/// with a fault are another finding.
pub(super) fn check(policy: &Policy, folders: &FunctionFolders) -> Vec<Finding> {
    let Ok(served) = served(folders.clone()) else { return Vec::new() };
    let references = policy.references();
    // Reports only the first rule that names a requester.
    let mut named = BTreeMap::new();
    for rule in &references {
        for requester in &rule.requesters {
            named.entry(requester.to_string()).or_insert((requester, rule.rule.as_str()));
        }
    }
    let alone = named.values().filter_map(|(requester, rule)| {
        let (sentence, advice) = unserved(requester, &served)?;
        let found = format!("rule {rule:?} names {requester}, and {sentence}");
        Some(Finding::bad(CHECK, found).advice(advice))
    });
    let unnamed = request_queues(folders)
        .into_iter()
        .filter(|(_, requester)| !named.contains_key(&requester.to_string()));
    let unnamed = unnamed.map(|(function, requester)| {
        let found = format!("{function} takes requests from {requester}, and no rule names it");
        Finding::warning(CHECK, found).advice(
            "every request of it is denied: name it in a rule, or remove the function folder",
        )
    });
    let findings: Vec<_> = alone.chain(unnamed).collect();
    match findings.as_slice() {
        [] => vec![Finding::ok(CHECK, "each queue of the policy has its function")],
        _ => findings,
    }
}

/// The functions that take requests from queues, with the requesters that the queues prove.
fn request_queues(folders: &FunctionFolders) -> Vec<(String, Requester)> {
    let all = use_cases(folders.clone()).into_iter();
    all.filter_map(|(function, use_case)| match use_case {
        Ok(UseCase::RequestQueue { requester }) => Some((function, requester)),
        _ => None,
    })
    .collect()
}
