//! Entries that are in a list twice.

use std::collections::HashSet;

use super::{
    protected::Protected,
    rule::{Grant, Rule},
    warning::{Finding, PolicyWarning},
    warning_code::WarningCode,
};

const TWICE: &str = "is in the list twice; remove one of them";

/// The repeated entries of the lists of a rule. A rule of the baseline has no requesters and actions.
pub(super) fn repeated_in_rule(grant: &Grant, rule: Option<&Rule>) -> Vec<Finding> {
    let principals = grant.principals.iter().map(ToString::to_string);
    let roles = grant.roles.iter().map(ToString::to_string);
    let requesters = rule.into_iter().flat_map(|rule| &rule.requesters).map(ToString::to_string);
    let actions = rule.into_iter().flat_map(|rule| &rule.actions);
    let actions = actions.map(|action| action.verb().to_owned());
    let lists = repeated("requesters", requesters)
        .chain(repeated("principals", principals))
        .chain(repeated("roles", roles))
        .chain(repeated("actions", actions));
    let findings = lists.map(|(place, entry)| {
        let sentence = format!("{entry} {TWICE}");
        Finding::new(WarningCode::RepeatedEntry, format!(".{place}"), sentence)
    });
    findings.collect()
}

/// The repeated entries of `protected`.
pub(super) fn repeated_protected(protected: &[Protected]) -> Vec<PolicyWarning> {
    let warnings = repeated("protected", protected.iter().map(ToString::to_string));
    let warnings = warnings.map(|(place, entry)| {
        let sentence = format!("{entry} {TWICE}");
        PolicyWarning::new(WarningCode::RepeatedEntry, None, place, sentence)
    });
    warnings.collect()
}

/// The places and texts of the entries that are equal to an earlier one.
fn repeated(
    list: &str,
    entries: impl Iterator<Item = String>,
) -> impl Iterator<Item = (String, String)> {
    let mut known = HashSet::new();
    entries.enumerate().filter_map(move |(index, entry)| {
        (!known.insert(entry.clone())).then(|| (format!("{list}[{index}]"), entry))
    })
}
