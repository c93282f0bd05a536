//! The first gate: a request is denied before any look-up if no rule could allow it.
//!
//! A requester that no rule admits costs the tenant nothing and learns nothing about it.

use super::{denial::Denial, rule::RuleAction, rules::RulesInForce};
use crate::{
    names::{ApiName, PrincipalName},
    requester::Requester,
};

/// What is known before the look-up: the requester, and the names in the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnresolvedQuestion<'a> {
    pub(super) requester: &'a Requester,
    pub(super) action: RuleAction,
    pub(super) principal: &'a PrincipalName,
    pub(super) api: &'a ApiName,
}

/// Denies the request unless some rule could allow it. A name that must be looked up first could mean
/// any principal or API.
pub(super) fn admit(
    rules: RulesInForce<'_>,
    question: UnresolvedQuestion<'_>,
) -> Result<(), Denial> {
    let UnresolvedQuestion { requester, action, principal, api } = question;
    let could_allow = rules
        .allow()
        .any(|rule| rule.admits(requester, action) && rule.could_apply(principal, api));
    if could_allow { Ok(()) } else { Err(Denial::Requester(requester.clone(), action.verb())) }
}
