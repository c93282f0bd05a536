//! Finding warnings, and which of them the file acknowledges.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::{
    acknowledgement::Acknowledgement,
    repeated_entries::{repeated_in_rule, repeated_protected},
    rule_cover,
    rule_warnings::{of_grant, of_rule},
    rules::Rules,
    warning::{PolicyWarning, Survey},
    warning_code::WarningCode,
};

/// All warnings: those about the file, and those of the survey.
pub(super) fn warnings(rules: &Rules, now: OffsetDateTime, survey: Survey) -> Vec<PolicyWarning> {
    let mut found = repeated_protected(&rules.protected);
    let mut covers = rule_cover::of_allow(&rules.allow, now);
    for (index, rule) in rules.allow.iter().enumerate() {
        let findings = of_rule(rule, &rules.protected, now).into_iter();
        let findings =
            findings.chain(repeated_in_rule(&rule.grant, Some(rule))).chain(covers.remove(&index));
        let path = format!("allow[{index}]");
        found.extend(findings.map(|finding| finding.about(&rule.grant.rule, &path)));
    }
    let mut covers = rule_cover::of_baseline(&rules.baseline, now);
    for (index, grant) in rules.baseline_grants().enumerate() {
        let findings = of_grant(grant, &rules.protected, now).into_iter();
        let findings = findings.chain(repeated_in_rule(grant, None)).chain(covers.remove(&index));
        let path = format!("baseline[{index}]");
        found.extend(findings.map(|finding| finding.about(&grant.rule, &path)));
    }
    // A survey may find what the file itself shows.
    let known: HashSet<_> = found.iter().map(|one| (one.code, one.path.clone())).collect();
    let is_new = |one: &PolicyWarning| !known.contains(&(one.code, one.path.clone()));
    found.extend(survey.warnings.into_iter().filter(is_new));
    acknowledge(rules, found, &survey.examined)
}

/// Marks the warnings that the file acknowledges, and adds one for each acknowledgement without a warning.
fn acknowledge(
    rules: &Rules,
    mut found: Vec<PolicyWarning>,
    examined: &[WarningCode],
) -> Vec<PolicyWarning> {
    let lists = acknowledgements(rules);
    let by_rule: HashMap<_, _> = lists.iter().map(|list| (list.rule, list)).collect();
    for warning in &mut found {
        let list = by_rule.get(&warning.rule.as_deref());
        let mut entries = list.into_iter().flat_map(|list| list.entries);
        warning.acknowledged = entries.find(|entry| entry.warning == warning.code).cloned();
    }
    let mut unused = Vec::new();
    for List { rule, path, entries } in &lists {
        for (index, entry) in entries.iter().enumerate() {
            let code = entry.warning;
            let occurs = found.iter().any(|one| one.code == code && one.rule.as_deref() == *rule);
            let is_known = code.is_about_the_file_alone() || examined.contains(&code);
            if occurs || !is_known {
                continue;
            }
            unused.push(PolicyWarning::new(
                WarningCode::UnusedAcknowledgement,
                *rule,
                format!("{path}acknowledged[{index}]"),
                format!("the warning {code} does not occur here; remove its acknowledgement"),
            ));
        }
    }
    found.extend(unused);
    found
}

/// The acknowledgements of a rule, or of the file.
struct List<'a> {
    rule: Option<&'a str>,
    /// The path before the name of the field.
    path: String,
    entries: &'a [Acknowledgement],
}

fn acknowledgements(rules: &Rules) -> Vec<List<'_>> {
    let of_file = List { rule: None, path: String::new(), entries: &rules.acknowledged };
    let allow = rules.allow.iter().enumerate().map(|(index, rule)| List {
        rule: Some(&rule.grant.rule),
        path: format!("allow[{index}]."),
        entries: &rule.grant.acknowledged,
    });
    let baseline = rules.baseline_grants().enumerate().map(|(index, grant)| List {
        rule: Some(&grant.rule),
        path: format!("baseline[{index}]."),
        entries: &grant.acknowledged,
    });
    std::iter::once(of_file).chain(allow).chain(baseline).collect()
}
