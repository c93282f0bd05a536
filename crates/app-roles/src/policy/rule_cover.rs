//! Rules that have no effect of their own, because another rule allows the same or more.
//!
//! Finds only what is certain without a look-up: an id and a value count as two roles, although they may
//! name the same one.

use std::collections::{BTreeSet, HashMap};

use time::OffsetDateTime;

use super::{
    approval::ApprovalTerms,
    expiry::LastDay,
    pattern::ApiPattern,
    rule::{BaselineRule, Grant, Rule},
    rule_index::{RuleIndex, RuleNames},
    warning::Finding,
    warning_code::WarningCode,
};
use crate::{ids::ObjectId, privileged};

/// The rules of `allow` without an effect of their own, by their index.
pub(super) fn of_allow(rules: &[Rule], now: OffsetDateTime) -> HashMap<usize, Finding> {
    let parts = rules.iter().map(|rule| {
        let requesters = rule.requesters.iter().map(ToString::to_string).collect();
        let actions = rule.actions.iter().map(|action| action.verb()).collect();
        Compared::new(requesters, actions, &rule.grant)
    });
    without_effect(&parts.collect::<Vec<_>>(), now)
}

/// The rules of the baseline without an effect of their own, by their index.
pub(super) fn of_baseline(rules: &[BaselineRule], now: OffsetDateTime) -> HashMap<usize, Finding> {
    let parts =
        rules.iter().map(|rule| Compared::new(BTreeSet::new(), BTreeSet::new(), &rule.grant));
    without_effect(&parts.collect::<Vec<_>>(), now)
}

/// A rule, as it is compared with others.
struct Compared<'a> {
    requesters: BTreeSet<String>,
    actions: BTreeSet<&'static str>,
    grant: &'a Grant,
    names: RuleNames,
}

fn without_effect(rules: &[Compared<'_>], now: OffsetDateTime) -> HashMap<usize, Finding> {
    // A rule that has expired has a warning of its own.
    let in_force = || rules.iter().enumerate().filter(|(_, rule)| rule.grant.is_in_force(now));
    let mut by_api: HashMap<String, RuleIndex<'_>> = HashMap::new();
    for (index, rule) in in_force() {
        by_api.entry(key_of_api(&rule.grant.api)).or_default().add(index, &rule.names);
    }
    let mut found = HashMap::new();
    for (index, rule) in in_force() {
        let Some(same_api) = by_api.get(&key_of_api(&rule.grant.api)) else { continue };
        let candidates = same_api.candidates(&rule.names).into_iter();
        let covering = candidates.filter_map(|other| Some((other, rules.get(other)?))).find(
            // Of rules that cover each other, the first counts.
            |(other, covering)| {
                *other != index
                    && covering.covers(rule)
                    && (*other < index || !rule.covers(covering))
            },
        );
        found.extend(covering.map(|(_, covering)| (index, finding(rule, covering))));
    }
    found
}

fn finding(rule: &Compared<'_>, covering: &Compared<'_>) -> Finding {
    let name = &covering.grant.rule;
    if rule.covers(covering) {
        let sentence = format!("it has the same effect as rule {name:?}; remove one of them");
        return Finding::new(WarningCode::EqualRule, "", sentence);
    }
    let without_approval = if rule.grant.approval.is_some() && covering.grant.approval.is_none() {
        ", without an approval"
    } else {
        ""
    };
    let sentence = format!(
        "it has no effect of its own: all that it allows, rule {name:?} allows as \
         well{without_approval}"
    );
    Finding::new(WarningCode::CoveredRule, "", sentence)
}

/// The API in a form that is equal for all spellings.
fn key_of_api(api: &ApiPattern) -> String {
    match api {
        ApiPattern::AppId(app_id) => app_id.to_string(),
        ApiPattern::IdentifierUri(uri) => match privileged::microsofts_api(uri.as_str()) {
            Some(app_id) => app_id.to_string(),
            None => uri.as_str().to_ascii_lowercase(),
        },
    }
}

impl<'a> Compared<'a> {
    fn new(
        requesters: BTreeSet<String>,
        actions: BTreeSet<&'static str>,
        grant: &'a Grant,
    ) -> Self {
        let names = RuleNames::new(requesters.iter(), grant);
        Self { requesters, actions, grant, names }
    }

    /// Whether this rule allows everything that another rule for the same API allows, on the same or better
    /// terms.
    fn covers(&self, other: &Self) -> bool {
        let (grant, of_other) = (self.grant, other.grant);
        self.requesters.is_superset(&other.requesters)
            && self.actions.is_superset(&other.actions)
            && (grant.privileged || !of_other.privileged)
            && is_at_least(grant.max_duration, of_other.max_duration)
            && is_at_least(grant.max_writes_per_hour, of_other.max_writes_per_hour)
            && is_at_least::<LastDay>(grant.notes.expires, of_other.notes.expires)
            && is_as_easy(grant.approval.as_ref(), of_other.approval.as_ref())
            && of_other.roles.iter().all(|role| grant.roles.contains(role))
            && of_other
                .principals
                .iter()
                .all(|one| grant.principals.iter().any(|pattern| pattern.contains(one)))
    }
}

/// Whether a limit allows at least as much as another. `None` is no limit.
fn is_at_least<T: PartialOrd>(limit: Option<T>, other: Option<T>) -> bool {
    match (limit, other) {
        (None, _) => true,
        (Some(limit), Some(other)) => limit >= other,
        (Some(_), None) => false,
    }
}

/// Whether this needs no approval, or the same one.
fn is_as_easy(terms: Option<&ApprovalTerms>, other: Option<&ApprovalTerms>) -> bool {
    let by = |terms: &ApprovalTerms| terms.by().iter().copied().collect::<BTreeSet<ObjectId>>();
    match (terms, other) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(terms), Some(other)) => {
            terms.count() == other.count()
                && terms.within() == other.within()
                && by(terms) == by(other)
        }
    }
}
