//! The second gate: the decision on one role, from what Graph states about principal, API and role.

use super::{
    choice,
    decision::{Decision, Unapproved},
    denial::Denial,
    matching_rule::{self, Mismatch},
    permit::{Basis, Permit},
    protected,
    question::{ProposedAssignment, Question},
    rule::{Grant, RuleAction},
    rules::RulesInForce,
};
use crate::request::Action;

/// Decides on the change that a request asks for. It is allowed if a rule for its requester allows it,
/// and the rule may say that it must be approved first.
pub(super) fn decide(rules: RulesInForce<'_>, question: &Question<'_>) -> Result<Decision, Denial> {
    let Question { requester, action, principal, api, role, own, .. } = *question;
    protected::check(rules.protected(), principal, api, own)?;
    let admitting = rules.allow().filter(|rule| rule.admits(requester, action.into()));
    let candidates: Vec<&Grant> = admitting.map(|rule| &rule.grant).collect();
    if candidates.is_empty() {
        return Err(Denial::Requester(requester.clone(), action.verb()));
    }
    let granting = matching_rule::all(candidates, &question.assignment())
        .map_err(|mismatch| denial(mismatch, question))?;
    let (rule, end) = match action {
        Action::Assign => choice::choose(&granting, question.end, question.now)?,
        Action::Revoke => (choice::choose_for_removal(&granting), None),
    };
    let basis = Basis::on_request(rule, principal, end);
    let permit = Permit::new(action, principal, (api, role), basis);
    Ok(match &rule.approval {
        None => Decision::Allowed(permit),
        Some(terms) => Decision::NeedsApproval(Unapproved::new(permit, terms, requester, own)),
    })
}

fn denial(mismatch: Mismatch<'_>, question: &Question<'_>) -> Denial {
    let Question { requester, principal, api, role, .. } = *question;
    match mismatch {
        Mismatch::Api => Denial::api(requester, api),
        Mismatch::Principal => Denial::principal(requester, principal),
        Mismatch::Role => Denial::Role { requester: requester.clone(), role: role.value_or_id() },
        Mismatch::Privileged { why, rule } => Denial::privileged(role, why, rule),
    }
}

/// Permits an assignment that the baseline grants without a request.
pub(super) fn decide_baseline(
    rules: RulesInForce<'_>,
    question: &ProposedAssignment<'_>,
) -> Result<Permit, Denial> {
    let ProposedAssignment { principal, api, role, own, .. } = *question;
    protected::check(rules.protected(), principal, api, own)?;
    match matching_rule::find(rules.baseline_grants().collect(), question) {
        Ok(rule) => {
            let basis = Basis::baseline(rule, principal);
            Ok(Permit::new(Action::Assign, principal, (api, role), basis))
        }
        Err(Mismatch::Privileged { why, rule }) => Err(Denial::privileged(role, why, rule)),
        Err(Mismatch::Api | Mismatch::Principal | Mismatch::Role) => Err(Denial::NotInBaseline {
            principal: principal.resource_or_object_id(),
            role: role.value_or_id(),
        }),
    }
}

/// Whether the baseline grants the assignment, or a rule lets any requester create it. Protection
/// does not count: it keeps the broker from changes and says nothing about who may hold the role.
pub(super) fn is_expected(rules: RulesInForce<'_>, assignment: &ProposedAssignment<'_>) -> bool {
    let assigning = rules.allow().filter(|rule| rule.actions.contains(&RuleAction::Assign));
    let candidates = assigning.map(|rule| &rule.grant).chain(rules.baseline_grants());
    matching_rule::find(candidates.collect(), assignment).is_ok()
}
