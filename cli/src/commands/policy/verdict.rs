//! What the policy says about one role, for each kind of question.

use std::sync::Arc;

use app_roles::{
    code::Code,
    directory::{Api, AppRole, Principal},
    end::PlannedEnd,
    policy::{
        Decision, Denial, NearRule, OwnIdentity, Permit, Policy, ProposedAssignment, Question,
        Unapproved,
    },
    request::Action,
    requester::Requester,
};
use time::OffsetDateTime;

use crate::approvers;

/// A principal, an API and a role, and the broker's own identity.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) principal: Principal,
    pub(super) api: Arc<Api>,
    pub(super) role: AppRole,
    pub(super) own: OwnIdentity,
    /// A made-up id, and the name that was stated instead of it.
    pub(super) made_up: Option<(String, String)>,
}

impl Facts {
    /// A sentence about these facts, with the stated name in place of a made-up id.
    fn worded(&self, sentence: &str) -> String {
        match &self.made_up {
            Some((id, name)) => sentence.replace(id, name),
            None => sentence.to_owned(),
        }
    }

    /// What a rule lacks, in words.
    pub(super) fn gaps(&self, near: &NearRule) -> Vec<String> {
        near.gaps.iter().map(|gap| self.worded(&gap.to_string())).collect()
    }
}

/// A question to the policy about a role.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    /// Whether a requester may have it assigned or revoked.
    Change {
        requester: Requester,
        action: Action,
        /// When the assignment must end, if the request states it.
        end: Option<PlannedEnd>,
    },
    /// Whether a requester may see that the principal holds it.
    Reading { requester: Requester },
    /// Whether the principal always holds it.
    Baseline,
}

/// The answer of the broker: that of the policy, except that a request that can never be approved is denied.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may be written.
    Allowed(Permit),
    /// It may be written once it is approved.
    NeedsApproval(Unapproved),
    /// The rule of this name shows it.
    Shown(String),
    /// It is denied.
    Denied {
        /// The reason for programs.
        code: Code,
        /// The reason for people.
        message: String,
    },
}

impl Verdict {
    /// Asks the policy about facts: the second gate.
    pub(super) fn of(policy: &Policy, ask: &Ask, facts: &Facts, now: OffsetDateTime) -> Self {
        let verdict = match (ask, question(ask, facts, now)) {
            (_, Some(question)) => policy.decide(&question).map(Self::from),
            (Ask::Reading { requester }, None) => reading(policy, requester, facts, now),
            (_, None) => policy.decide_baseline(&assignment(facts, now)).map(Self::Allowed),
        };
        verdict.unwrap_or_else(|denial| Self::Denied {
            code: denial.code(),
            message: facts.worded(&denial.to_string()),
        })
    }

    /// The rule that allows it. `None` for a denial.
    pub(super) fn rule(&self) -> Option<&str> {
        match self {
            Self::Allowed(permit) => Some(permit.rule()),
            Self::NeedsApproval(unapproved) => Some(unapproved.permit().rule()),
            Self::Shown(rule) => Some(rule),
            Self::Denied { .. } => None,
        }
    }

    /// What may be written, now or once it is approved.
    pub(super) fn permit(&self) -> Option<&Permit> {
        match self {
            Self::Allowed(permit) => Some(permit),
            Self::NeedsApproval(unapproved) => Some(unapproved.permit()),
            Self::Shown(_) | Self::Denied { .. } => None,
        }
    }

    /// The word for programs.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Allowed(_) | Self::Shown(_) => "allowed",
            Self::NeedsApproval(_) => "needsApproval",
            Self::Denied { .. } => "denied",
        }
    }
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed(permit) => Self::Allowed(permit),
            Decision::NeedsApproval(unapproved) => match approvers::too_few(&unapproved) {
                Some(message) => Self::Denied { code: Code::NoApprover, message },
                None => Self::NeedsApproval(unapproved),
            },
        }
    }
}

impl From<&Denial> for Verdict {
    fn from(denial: &Denial) -> Self {
        Self::Denied { code: denial.code(), message: denial.to_string() }
    }
}

/// The rules with what each lacks to allow it, nearest first.
pub(super) fn near(
    policy: &Policy,
    ask: &Ask,
    facts: &Facts,
    now: OffsetDateTime,
) -> Vec<NearRule> {
    let (explanation, assignment) = (policy.explanation(), assignment(facts, now));
    match (ask, question(ask, facts, now)) {
        (_, Some(question)) => explanation.of_change(&question),
        (Ask::Reading { requester }, None) => explanation.of_reading(requester, &assignment),
        (_, None) => explanation.of_baseline(&assignment),
    }
}

/// The answer to a question about reading. A role that is not shown is simply left out, so no code gives a
/// reason.
fn reading(
    policy: &Policy,
    requester: &Requester,
    facts: &Facts,
    now: OffsetDateTime,
) -> Result<Verdict, Denial> {
    let Facts { principal, api, role, own, .. } = facts;
    let visible = policy.visible_roles(requester, (principal, api), *own, now)?;
    let name = || role.value.clone().unwrap_or_else(|| role.id.to_string());
    let hidden = || Denial::Role { requester: requester.clone(), role: name() };
    visible.rule_for(role).map(|rule| Verdict::Shown(rule.to_owned())).ok_or_else(hidden)
}

fn assignment(facts: &Facts, now: OffsetDateTime) -> ProposedAssignment<'_> {
    let Facts { principal, api, role, own, .. } = facts;
    ProposedAssignment { principal, api, role, own: *own, now }
}

fn question<'a>(ask: &'a Ask, facts: &'a Facts, now: OffsetDateTime) -> Option<Question<'a>> {
    let Ask::Change { requester, action, end } = ask else { return None };
    let Facts { principal, api, role, own, .. } = facts;
    let (action, own, end) = (*action, *own, *end);
    Some(Question { requester, action, principal, api, role, own, end, now })
}
