//! What each rule lacks to allow a request, for authors of policies.

use std::fmt;

use super::{
    question::Question,
    rule::{RoleMatch, Rule},
};
use crate::privileged::{self, PrivilegeReason};

/// A rule and what it lacks to allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearRule {
    /// The rule's name.
    pub rule: String,
    /// What the rule lacks. Empty if it allows the request.
    pub gaps: Vec<Gap>,
}

/// One thing that a rule lacks to allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// `requesters` does not contain this requester.
    Requester(String),
    /// `actions` does not contain this action.
    Action(&'static str),
    /// `api` is not the API with this appId.
    Api(String),
    /// `principals` does not cover this ARM id or object id.
    Principal(String),
    /// `roles` does not name this role.
    Role(String),
    /// `roles` names this privileged role only by a prefix.
    NotExactly(String, PrivilegeReason),
    /// The rule does not say `"privileged": true`, and this role is privileged.
    NotMarked(String, PrivilegeReason),
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requester(requester) => write!(formatter, "\"requesters\" lacks {requester}"),
            Self::Action(action) => write!(formatter, "\"actions\" lacks {action}"),
            Self::Api(app_id) => write!(formatter, "\"api\" is not {app_id}"),
            Self::Principal(place) => write!(formatter, "\"principals\" does not cover {place}"),
            Self::Role(role) => write!(formatter, "\"roles\" does not name {role}"),
            Self::NotExactly(role, why) => write!(
                formatter,
                "\"roles\" does not name {role} exactly, and the role is privileged ({why})"
            ),
            Self::NotMarked(role, why) => write!(
                formatter,
                "it does not say \"privileged\": true, and {role} is privileged ({why})"
            ),
        }
    }
}

/// All rules with what each lacks to allow a request, nearest first.
pub(super) fn nearest_rules(rules: &[Rule], question: &Question<'_>) -> Vec<NearRule> {
    let near = |rule: &Rule| NearRule { rule: rule.grant.rule.clone(), gaps: gaps(rule, question) };
    let mut near: Vec<NearRule> = rules.iter().map(near).collect();
    near.sort_by_key(|rule| rule.gaps.len());
    near
}

fn gaps(rule: &Rule, question: &Question<'_>) -> Vec<Gap> {
    let Question { requester, action, principal, api, .. } = *question;
    let mut gaps = Vec::new();
    if !rule.requesters.contains(requester) {
        gaps.push(Gap::Requester(requester.to_string()));
    }
    if !rule.actions.contains(&action.into()) {
        gaps.push(Gap::Action(action.verb()));
    }
    if !rule.grant.covers(principal) {
        gaps.push(Gap::Principal(principal.resource_or_object_id()));
    }
    if !rule.grant.api.is(api) {
        gaps.push(Gap::Api(api.app_id.to_string()));
    }
    gaps.extend(role_gaps(rule, question));
    gaps
}

fn role_gaps(rule: &Rule, question: &Question<'_>) -> Vec<Gap> {
    let Question { principal, api, role, own, .. } = *question;
    let role_match = rule.grant.role_match(role, api, own.tenant_id);
    let name = role.value_or_id();
    if role_match == RoleMatch::None {
        return vec![Gap::Role(name)];
    }
    let Some(why) = privileged::of_assignment(principal, api, role) else { return Vec::new() };
    let inexact = (role_match == RoleMatch::Prefix).then(|| Gap::NotExactly(name.clone(), why));
    let unmarked = (!rule.grant.privileged).then_some(Gap::NotMarked(name, why));
    inexact.into_iter().chain(unmarked).collect()
}
