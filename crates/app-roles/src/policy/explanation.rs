//! What each rule lacks to allow a request, for authors of policies.

use std::fmt;

use time::OffsetDateTime;

use super::{
    choice, coverage,
    expiry::LastDay,
    question::{ProposedAssignment, Question},
    rule::{Grant, RoleMatch, Rule, RuleAction},
    rules::Rules,
    summary::RuleSummary,
};
use crate::{
    duration::AssignmentDuration,
    end::PlannedEnd,
    privileged::{self, PrivilegeReason},
    request::Action,
    requester::Requester,
};

/// A rule and what it lacks to allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearRule {
    /// The rule.
    pub summary: RuleSummary,
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
    /// `maxDuration` is this, and the request's end is later.
    MaxDuration(AssignmentDuration),
    /// `expires` is this day, which is over.
    Expired(LastDay),
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
            Self::MaxDuration(longest) => write!(formatter, "\"maxDuration\" is only {longest}"),
            Self::Expired(last) => write!(formatter, "\"expires\" is {last}, which has passed"),
        }
    }
}

/// What each rule lacks to allow something, nearest first. Protection is left out, because no rule can
/// override it.
#[derive(Debug, Clone, Copy)]
pub struct Explanation<'a>(&'a Rules);

impl<'a> Explanation<'a> {
    pub(super) fn of(rules: &'a Rules) -> Self {
        Self(rules)
    }

    /// The requesters of all rules of `allow`, each once, in the order of the file.
    #[must_use]
    pub fn requesters(self) -> Vec<Requester> {
        coverage::requesters(self.0)
    }

    /// The rules of `allow` with what each lacks to allow a change.
    #[must_use]
    pub fn of_change(self, question: &Question<'_>) -> Vec<NearRule> {
        let Question { requester, action, end, now, .. } = *question;
        let assignment = question.assignment();
        let end = end.filter(|_| action == Action::Assign);
        nearest_first(self.0.allow.iter().map(|rule| {
            let mut near = NearRule::of(&rule.grant, use_gaps(rule, requester, action.into()));
            near.gaps.extend(place_gaps(&rule.grant, &assignment));
            near.gaps.extend(role_gaps(&rule.grant, &assignment));
            near.gaps.extend(expiry_gap(&rule.grant, now));
            near.gaps.extend(end.and_then(|end| end_gap(&rule.grant, end, now)));
            near
        }))
    }

    /// The rules of `allow` with what each lacks to show to the requester that the principal holds the
    /// role.
    #[must_use]
    pub fn of_reading(
        self,
        requester: &Requester,
        assignment: &ProposedAssignment<'_>,
    ) -> Vec<NearRule> {
        nearest_first(self.0.allow.iter().map(|rule| {
            let mut near = NearRule::of(&rule.grant, use_gaps(rule, requester, RuleAction::Read));
            near.gaps.extend(place_gaps(&rule.grant, assignment));
            // Reading grants nothing, so a rule shows privileged roles without the mark.
            near.gaps.extend(name_gap(&rule.grant, assignment));
            near.gaps.extend(expiry_gap(&rule.grant, assignment.now));
            near
        }))
    }

    /// The rules of the baseline with what each lacks to assign the role.
    #[must_use]
    pub fn of_baseline(self, assignment: &ProposedAssignment<'_>) -> Vec<NearRule> {
        nearest_first(self.0.baseline_grants().map(|grant| {
            let mut near = NearRule::of(grant, place_gaps(grant, assignment));
            near.gaps.extend(role_gaps(grant, assignment));
            near.gaps.extend(expiry_gap(grant, assignment.now));
            near
        }))
    }
}

impl NearRule {
    fn of(grant: &Grant, gaps: Vec<Gap>) -> Self {
        Self { summary: RuleSummary::of(grant), gaps }
    }
}

fn nearest_first(near: impl Iterator<Item = NearRule>) -> Vec<NearRule> {
    let mut near: Vec<NearRule> = near.collect();
    near.sort_by_key(|rule| rule.gaps.len());
    near
}

/// What a rule lacks to let a requester use an action.
fn use_gaps(rule: &Rule, requester: &Requester, action: RuleAction) -> Vec<Gap> {
    let is_named = rule.requesters.contains(requester);
    let requester = (!is_named).then(|| Gap::Requester(requester.to_string()));
    let action = (!rule.actions.contains(&action)).then(|| Gap::Action(action.verb()));
    requester.into_iter().chain(action).collect()
}

/// What a rule lacks to cover a principal and an API.
fn place_gaps(grant: &Grant, assignment: &ProposedAssignment<'_>) -> Vec<Gap> {
    let ProposedAssignment { principal, api, .. } = *assignment;
    let is_covered = grant.covers(principal);
    let principal = (!is_covered).then(|| Gap::Principal(principal.resource_or_object_id()));
    let api = (!grant.api.is(api)).then(|| Gap::Api(api.app_id.to_string()));
    principal.into_iter().chain(api).collect()
}

fn expiry_gap(grant: &Grant, now: OffsetDateTime) -> Option<Gap> {
    grant.notes.expires.filter(|last| last.is_over(now)).map(Gap::Expired)
}

fn end_gap(grant: &Grant, end: PlannedEnd, now: OffsetDateTime) -> Option<Gap> {
    grant.max_duration.filter(|_| !choice::allows(grant, end, now)).map(Gap::MaxDuration)
}

fn name_gap(grant: &Grant, assignment: &ProposedAssignment<'_>) -> Option<Gap> {
    let ProposedAssignment { api, role, own, .. } = *assignment;
    let is_named = grant.role_match(role, api, own.tenant_id) != RoleMatch::None;
    (!is_named).then(|| Gap::Role(role.value_or_id()))
}

fn role_gaps(grant: &Grant, assignment: &ProposedAssignment<'_>) -> Vec<Gap> {
    let ProposedAssignment { principal, api, role, own, .. } = *assignment;
    if let Some(gap) = name_gap(grant, assignment) {
        return vec![gap];
    }
    let Some(why) = privileged::of_assignment(principal, api, role) else { return Vec::new() };
    let name = role.value_or_id();
    let is_prefix = grant.role_match(role, api, own.tenant_id) == RoleMatch::Prefix;
    let inexact = is_prefix.then(|| Gap::NotExactly(name.clone(), why));
    let unmarked = (!grant.privileged).then_some(Gap::NotMarked(name, why));
    inexact.into_iter().chain(unmarked).collect()
}
