//! Azure Resource Manager confirms to which resource an identity belongs, before a write that relies on it.
//!
//! Microsoft Graph states the resource of a managed identity in `alternativeNames`, which its
//! documentation lists among the properties that can be updated ("Update servicePrincipal"). An
//! administrator of applications who writes it could otherwise move an identity into the scope of a rule.

use std::sync::Arc;

use app_roles::{
    arm::ArmScope,
    ids::ObjectId,
    outcome::{Code, RoleOutcome, Status},
    policy::ConfirmationNeed,
    request::Action,
};
use azure_rest::{
    arm::{Arm, Identity, NEEDED_ROLE},
    call_error::CallError,
};
use memory_cache::TimedCache;

use crate::{
    ask::Ask,
    decide::{Permitted, not_attempted},
    directory::Target,
    stop::{Again, Stop},
    timing::Timing,
};

/// The number of confirmations that are remembered: far more than the identities that are written to within
/// minutes.
const CAPACITY: usize = 4096;

/// Which writes need a confirmation by Azure Resource Manager: the setting `ARM_CONFIRMATION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArmConfirmation {
    /// `required`: every write that a scope allows.
    #[default]
    Required,
    /// `privileged`: writes by privileged rules and by the baseline. For operators who cannot let the
    /// broker read resources.
    Privileged,
}

impl ArmConfirmation {
    /// Reads the value of the setting.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "required" => Some(Self::Required),
            "privileged" => Some(Self::Privileged),
            _ => None,
        }
    }

    fn is_needed(self, need: ConfirmationNeed) -> bool {
        match need {
            ConfirmationNeed::Never => false,
            ConfirmationNeed::ByDefault => self == Self::Required,
            ConfirmationNeed::Always => true,
        }
    }
}

/// Asks Azure Resource Manager whether a principal is the identity of its resource.
pub(crate) struct Confirmation {
    arm: Arc<Arm>,
    setting: ArmConfirmation,
    timing: Timing,
    /// By resource and object id.
    confirmed: TimedCache<(String, ObjectId), (), Unconfirmed>,
}

/// Why an identity is not confirmed.
#[derive(Clone)]
struct Unconfirmed {
    /// The reason for the log.
    reason: String,
    /// The reason for the requester.
    message: &'static str,
    verdict: Verdict,
}

/// What follows from a missing confirmation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The principal is not the identity of its resource.
    Denied,
    /// Azure Resource Manager cannot answer for this resource.
    Failed,
    /// A later delivery may get a confirmation.
    Again,
}

impl Confirmation {
    pub(crate) fn new(arm: Arc<Arm>, setting: ArmConfirmation, timing: Timing) -> Self {
        Self { arm, setting, timing, confirmed: TimedCache::new(CAPACITY) }
    }

    /// Remembers that Azure Resource Manager has just named this identity.
    pub(crate) fn remember(&self, resource: &ArmScope, identity: ObjectId) {
        self.confirmed.insert((resource.key().to_owned(), identity), ());
    }

    /// Lets permitted writes pass if none relies on where the principal's resource is, or if Azure Resource
    /// Manager confirms it. Otherwise none of them passes.
    pub(crate) async fn confirm(
        &self,
        ask: &Ask,
        target: &Target,
        permitted: Vec<Permitted>,
    ) -> Result<Vec<Permitted>, Stop> {
        if !permitted.iter().any(|one| self.is_needed(one, target)) {
            return Ok(permitted);
        }
        let Some(resource) = &target.principal.resource_id else {
            // A scope covers no principal without a resource.
            return Ok(permitted);
        };
        let object_id = target.principal.object_id;
        let Err(unconfirmed) = self.ask_arm(ask, resource, object_id).await else {
            return Ok(permitted);
        };
        tracing::warn!(
            event = "identity.not_confirmed",
            principal_id = %object_id,
            resource = %resource,
            "nothing is written by a rule for a scope: {}",
            unconfirmed.reason
        );
        let refused = permitted.into_iter().map(|one| match self.is_needed(&one, target) {
            true => unconfirmed.outcome(one.outcome),
            false => not_attempted(one.outcome),
        });
        let answer = target.answer(refused.collect());
        Err(match unconfirmed.verdict {
            Verdict::Denied | Verdict::Failed => Stop::Final(answer),
            Verdict::Again => Stop::Again(Again::after(vec![answer])),
        })
    }

    /// Whether a write relies on where the resource is. A revocation does not if nothing is assigned.
    fn is_needed(&self, Permitted { permit, .. }: &Permitted, target: &Target) -> bool {
        let is_held = || target.held_assignment(permit).is_some();
        self.setting.is_needed(permit.confirmation_need())
            && (permit.action() == Action::Assign || is_held())
    }

    async fn ask_arm(
        &self,
        ask: &Ask,
        resource: &ArmScope,
        object_id: ObjectId,
    ) -> Result<(), Unconfirmed> {
        let key = (resource.key().to_owned(), object_id);
        let fetch = async || {
            let identity = self.arm.identity(resource, ask.deadline).await;
            judge(&identity.map_err(|error| Unconfirmed::no_answer(&error))?, object_id)
        };
        self.confirmed.get_or_try_fetch(&key, self.timing.confirmed, fetch).await
    }
}

/// Whether an identity is the one with this object id.
fn judge(identity: &Identity, expected: ObjectId) -> Result<(), Unconfirmed> {
    match identity {
        Identity::Of { object_id, .. } if *object_id == expected => Ok(()),
        Identity::Of { object_id, .. } => Err(Unconfirmed {
            reason: format!(
                "Azure Resource Manager says that the identity of the resource is {object_id}. If the \
                 resource was not created again just now, find out who changed the alternativeNames \
                 of the service principal"
            ),
            message: "Azure Resource Manager says that the principal's resource has another identity",
            verdict: Verdict::Denied,
        }),
        Identity::None => Err(Unconfirmed::again(
            "Azure Resource Manager knows no identity of the resource".to_owned(),
            "Azure Resource Manager knows no identity of the principal's resource (yet)",
        )),
        Identity::Forbidden => Err(Unconfirmed::again(
            format!(
                "the broker may not read the resource: assign the Azure role {NEEDED_ROLE} to its \
                 identity, or set ARM_CONFIRMATION to privileged"
            ),
            "the broker may not read the principal's resource in Azure Resource Manager; its operators \
             find the reason in its log",
        )),
        Identity::Unanswered(detail) => Err(Unconfirmed {
            reason: detail.clone(),
            message: "Azure Resource Manager does not say which identity the principal's resource has; a \
                      rule that names the object id of the principal needs no confirmation",
            verdict: Verdict::Failed,
        }),
    }
}

impl Unconfirmed {
    fn no_answer(error: &CallError) -> Self {
        let reason = error.to_string();
        if error.may_pass() {
            return Self::again(
                reason,
                "Azure Resource Manager did not confirm that the principal is the identity of its \
                 resource, because it did not answer; send the request again later",
            );
        }
        let message = "Azure Resource Manager's answer about the principal's resource could not be read; \
                       the broker's operators find the reason in its log";
        Self { reason, message, verdict: Verdict::Failed }
    }

    fn again(reason: String, message: &'static str) -> Self {
        Self { reason, message, verdict: Verdict::Again }
    }

    fn outcome(&self, known: RoleOutcome) -> RoleOutcome {
        let status = match self.verdict {
            Verdict::Denied => Status::Denied,
            Verdict::Failed | Verdict::Again => Status::Failed,
        };
        let outcome = RoleOutcome { status, ..known };
        outcome.with_code(Code::IdentityNotConfirmed).with_message(self.message)
    }
}
