//! How near each rule comes to allowing something, for people who write policies.

use std::fmt;

use super::{
    Policy, Question, name_of, place_of,
    rule::{Naming, Rule},
};
use crate::privileged::{self, Why};

/// A rule, and what it lacks to allow what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearRule {
    /// The rule's name.
    pub rule: String,
    /// What it lacks; nothing, where it would allow it.
    pub gaps: Vec<Gap>,
}

/// What a rule lacks. `Display` says what would have to stand in the rule, or must not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// Its requesters lack this one.
    Requester(String),
    /// Its actions lack this one.
    Action(&'static str),
    /// It is about another API than this appId.
    Api(String),
    /// None of its principals covers this ARM id or object id.
    Principal(String),
    /// None of its roles names this one.
    Role(String),
    /// It names this role by the beginning of its value only, and the role is privileged.
    NotExactly(String, Why),
    /// It lacks the mark that a privileged role takes.
    NotMarked(String, Why),
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requester(requester) => write!(formatter, "\"requesters\" lacks {requester}"),
            Self::Action(action) => write!(formatter, "\"actions\" lacks {action}"),
            Self::Api(app_id) => write!(formatter, "\"api\" is not {app_id}"),
            Self::Principal(place) => write!(formatter, "\"principals\" does not cover {place}"),
            Self::Role(role) => write!(formatter, "\"roles\" does not name {role}"),
            Self::NotExactly(role, why) => {
                write!(
                    formatter,
                    "\"roles\" does not name {role} exactly, which is privileged ({why})"
                )
            }
            Self::NotMarked(role, why) => write!(
                formatter,
                "it does not say \"privileged\": true, and {role} is privileged ({why})"
            ),
        }
    }
}

impl Policy {
    /// The rules of `allow` and what each lacks to allow what is asked, nearest first. What is
    /// protected, and the broker's own identity, no rule can allow: [`Policy::decide`] says so.
    #[must_use]
    pub fn nearest_rules(&self, question: &Question<'_>) -> Vec<NearRule> {
        let rules = self.rules.as_ref().map_or(&[][..], |rules| &rules.allow);
        let mut near: Vec<_> = rules
            .iter()
            .map(|rule| NearRule { rule: rule.name.clone(), gaps: rule.gaps(question) })
            .collect();
        near.sort_by_key(|rule| rule.gaps.len());
        near
    }
}

impl Rule {
    fn gaps(&self, question: &Question<'_>) -> Vec<Gap> {
        let Question { requester, action, principal, api, .. } = *question;
        let mut gaps = Vec::new();
        if !self.requesters.contains(requester) {
            gaps.push(Gap::Requester(requester.to_string()));
        }
        if !self.actions.contains(&action.into()) {
            gaps.push(Gap::Action(action.verb()));
        }
        if !self.grant.covers(principal) {
            gaps.push(Gap::Principal(place_of(principal)));
        }
        if !self.grant.api.is(api) {
            gaps.push(Gap::Api(api.app_id.to_string()));
        }
        gaps.extend(self.role_gaps(question));
        gaps
    }

    fn role_gaps(&self, question: &Question<'_>) -> Vec<Gap> {
        let Question { api, role, own, .. } = *question;
        let naming = self.grant.names(role, api, own.tenant_id);
        let name = name_of(role);
        if naming == Naming::No {
            return vec![Gap::Role(name)];
        }
        let Some(why) = privileged::why(api.app_id, api.owner, role.id, role.value.as_deref())
        else {
            return Vec::new();
        };
        let inexact = (naming == Naming::ByStart).then(|| Gap::NotExactly(name.clone(), why));
        let unmarked = (!self.grant.privileged).then_some(Gap::NotMarked(name, why));
        inexact.into_iter().chain(unmarked).collect()
    }
}
