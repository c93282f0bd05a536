//! The order of rules with approval. If several apply, the first one asks its approvers.

use super::{
    super::rule::RuleAction,
    access::{Access, Accesses, Use},
    containment::{may_share_principals, may_share_roles},
    known_apis::shown,
    terms::has_same_approval,
};

/// Two rules with different approvals that can apply to the same request and whose order has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproverOrder {
    /// The requester as the policy names it.
    pub requester: String,
    /// The verb of the action.
    pub action: &'static str,
    /// The API: its alias, if it has one, or else as a rule names it.
    pub api: String,
    /// The rule, of those of the new policy, that comes first now.
    pub first: String,
    /// The rule of the new policy that came first.
    pub second: String,
}

/// The pairs of rules whose order may have changed which approvers are asked, each once.
pub(super) fn reordered(old: &Accesses<'_>, new: &Accesses<'_>) -> Vec<ApproverOrder> {
    let mut found = Vec::new();
    let mut uses: Vec<&Use<'_>> = Vec::new();
    for access in new.all.iter().filter(|access| access.terms.approval.is_some()) {
        if !uses.contains(&&access.usage) {
            uses.push(&access.usage);
        }
    }
    for usage in uses {
        let [before, now] = [old, new].map(|accesses| runs(accesses, usage));
        if is_same_sequence(&before, &now) {
            continue;
        }
        for (first, second) in competing(&now) {
            let is_reverse = |(one, other): (&Access<'_>, &Access<'_>)| {
                has_same_approval(&one.terms, &second.terms)
                    && has_same_approval(&other.terms, &first.terms)
                    && may_share(one, first)
                    && may_share(one, second)
                    && may_share(other, first)
                    && may_share(other, second)
            };
            if competing(&before).into_iter().any(is_reverse) {
                let order = order(usage, first, second);
                if !found.contains(&order) {
                    found.push(order);
                }
            }
        }
    }
    found
}

fn order(usage: &Use<'_>, first: &Access<'_>, second: &Access<'_>) -> ApproverOrder {
    ApproverOrder {
        requester: usage.requester.map(ToString::to_string).unwrap_or_default(),
        action: usage.action.map(RuleAction::verb).unwrap_or_default(),
        api: shown(&first.grant.api),
        first: first.grant.rule.clone(),
        second: second.grant.rule.clone(),
    }
}

/// The accesses with approval, in runs with the same approval.
fn runs<'a, 'b>(accesses: &'b Accesses<'a>, usage: &Use<'_>) -> Vec<Vec<&'b Access<'a>>> {
    let mut runs: Vec<Vec<&Access<'_>>> = Vec::new();
    for access in accesses.of_use(usage).filter(|access| access.terms.approval.is_some()) {
        match runs.last_mut() {
            Some(run)
                if run.first().is_some_and(|one| has_same_approval(&one.terms, &access.terms)) =>
            {
                run.push(access);
            }
            _ => runs.push(vec![access]),
        }
    }
    runs
}

/// Whether two sequences of runs allow the same, one run after the other.
fn is_same_sequence(before: &[Vec<&Access<'_>>], now: &[Vec<&Access<'_>>]) -> bool {
    let includes = |outer: &[&Access<'_>], inner: &[&Access<'_>]| {
        inner.iter().all(|inner| {
            outer.iter().any(|outer| outer.contains(inner) && inner.terms.is_within(&outer.terms))
        })
    };
    before.len() == now.len()
        && before.iter().zip(now).all(|(old, new)| includes(old, new) && includes(new, old))
}

/// The pairs with different approvals that may apply to one request, in their order.
fn competing<'a, 'b>(runs: &[Vec<&'b Access<'a>>]) -> Vec<(&'b Access<'a>, &'b Access<'a>)> {
    let all: Vec<&'b Access<'a>> = runs.iter().flatten().copied().collect();
    let mut pairs = Vec::new();
    for (index, first) in all.iter().enumerate() {
        for second in all.iter().skip(index + 1) {
            if !has_same_approval(&first.terms, &second.terms) && may_share(first, second) {
                pairs.push((*first, *second));
            }
        }
    }
    pairs
}

fn may_share(one: &Access<'_>, other: &Access<'_>) -> bool {
    one.layer == other.layer
        && may_share_principals(one.principal, other.principal)
        && may_share_roles(&one.role, &other.role)
}
