//! The broker's answer to a request, before it is recorded.

use app_roles::{
    approval::ApprovalSubject,
    directory::{Api, Principal},
    outcome::{Candidate, Code, RoleOutcome, Status},
    request::Request,
    result::{MAX_CANDIDATES, ResultApi, ResultPrincipal},
};
use record::{approvals::Shown, intent::IntentKey};

use crate::{approval_reference::ApprovalReference, end_step::EndStep};

/// The broker's answer to a request, before it is recorded.
///
/// A trigger cannot send it. Only the recorder turns it into a [`Recorded`], which a trigger can send.
///
/// [`Recorded`]: crate::recorded::Recorded
#[derive(Debug, Default)]
pub struct Answer {
    /// The principal, if it was found.
    pub principal: Option<ResultPrincipal>,
    /// The API, if it was found.
    pub api: Option<ResultApi>,
    /// The outcome of each role. A single outcome without a role applies to all roles of the request.
    pub roles: Vec<RoleOutcome>,
    /// The service principals that an ambiguous name may mean.
    pub candidates: Vec<Candidate>,
    /// The approval that the request waits for or has waited for.
    pub approval: Option<Box<ApprovalReference>>,
    /// The intents of writes whose outcome is certain. They are deleted once the outcome is recorded.
    pub(crate) intents: Vec<IntentKey>,
    /// What the invocation has learnt about ends of assignments. It is stored with the record.
    pub(crate) ends: Vec<EndStep>,
}

impl Answer {
    /// One outcome for all roles of the request.
    pub(crate) fn for_all(outcome: RoleOutcome) -> Self {
        Self { roles: vec![outcome], ..Self::default() }
    }

    /// Outcomes of roles of `api` for `principal`.
    #[must_use]
    pub fn about(principal: &Principal, api: &Api, roles: Vec<RoleOutcome>) -> Self {
        let (principal, api) = (Some(principal.into()), Some(api.into()));
        Self { principal, api, roles, ..Self::default() }
    }

    /// An answer about a request that waited for approval, with the names that the approvers were shown.
    pub(crate) fn about_ids(subject: &ApprovalSubject, shown: &Shown) -> Self {
        let principal = ResultPrincipal::known(
            subject.principal_id,
            &shown.principal,
            shown.principal_resource_id.as_deref(),
        );
        let api = ResultApi::known(subject.api_id, shown.api_app_id, &shown.api);
        Self { principal: Some(principal), api: Some(api), ..Self::default() }
    }

    /// The answer for an ambiguous name.
    pub(crate) fn ambiguous(outcome: RoleOutcome, candidates: &[Principal]) -> Self {
        let candidates = candidates.iter().take(MAX_CANDIDATES).map(Candidate::from).collect();
        Self { candidates, ..Self::for_all(outcome) }
    }

    /// Turns a single outcome for the whole request into one outcome for each role of `request`.
    pub(crate) fn for_each_role_of(mut self, request: &Request) -> Self {
        if let [outcome] = self.roles.as_slice()
            && outcome.requested.is_none()
        {
            self.roles = request
                .roles
                .iter()
                .map(|role| outcome.clone().with_requested_name(role))
                .collect();
        }
        self
    }

    /// The messages of the roles that failed or whose outcome is unknown; `None` if there are none.
    pub(crate) fn failures(answers: &[Self]) -> Option<String> {
        let failed = |role: &RoleOutcome| matches!(role.status, Status::Failed | Status::Unknown);
        Self::messages(answers, failed)
    }

    /// The messages of the roles that another attempt may write; `None` if there are none.
    pub(crate) fn obstacles(answers: &[Self]) -> Option<String> {
        let is_obstacle = |role: &RoleOutcome| match role.status {
            Status::Failed | Status::Unknown => true,
            Status::Denied => role.code == Some(Code::RateLimited),
            _ => false,
        };
        Self::messages(answers, is_obstacle)
    }

    fn messages(answers: &[Self], is_shown: impl Fn(&RoleOutcome) -> bool) -> Option<String> {
        let roles = answers.iter().flat_map(|answer| &answer.roles);
        let shown = roles.filter(|role| is_shown(role));
        let mut messages: Vec<_> =
            shown.map(|role| role.message.as_deref().unwrap_or("failed")).collect();
        messages.dedup();
        (!messages.is_empty()).then(|| messages.join("; "))
    }
}
