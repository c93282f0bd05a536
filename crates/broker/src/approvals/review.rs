//! What a request means at this moment, and what the policy says about it.

use std::collections::BTreeSet;

use app_roles::{
    approval::{ApprovalSubject, SubjectRole, subject_end},
    ids::{AppRoleId, ObjectId},
    names::{ApiName, PrincipalName, RoleName},
    outcome::RoleOutcome,
    policy::{ApproverObstacle, Decision},
    privileged,
    request::Request,
};
use record::approvals::{Shown, ShownRole};

use super::{parts::ApprovalParts, proof::Proof};
use crate::{
    ask::Ask,
    decide::{Decided, Permitted, decide},
    directory::Target,
    stop::Stop,
};

/// A request as Microsoft Graph and the policy judge it at this moment.
pub(super) struct Review {
    pub(super) target: Target,
    pub(super) decided: Vec<Decided>,
    pub(super) subject: ApprovalSubject,
}

impl ApprovalParts {
    /// Judges a request again by the path of every request: both gates, on what Microsoft Graph says now.
    pub(super) async fn review(&self, ask: &Ask, request: &Request) -> Result<Review, Stop> {
        self.readable_policy().map_err(Stop::Again)?;
        let now = ask.started.at;
        request.check_age(ask.sent, now).map_err(|expired| Stop::expired(&expired))?;
        let end = request.planned_end(now).map_err(Stop::unusable_end)?;
        let admitted = self.policy.admit(&ask.requester, request, now);
        admitted.map_err(|denial| Stop::denied(&denial))?;
        let target = self.directory.resolve(ask, request).await?;
        let decided = decide(&self.policy, ask, (request, end), &target)?;
        let subject = self.subject(ask, request, (&target, &decided));
        Ok(Review { target, decided, subject })
    }

    /// What approvers approve.
    pub(super) fn subject(
        &self,
        ask: &Ask,
        request: &Request,
        (target, decided): (&Target, &[Decided]),
    ) -> ApprovalSubject {
        let role = |Decided { decision, .. }: &Decided| {
            let permit = decision.permit();
            SubjectRole {
                id: permit.role(),
                rule: permit.rule().to_owned(),
                end: subject_end(request.end, permit.limit()),
            }
        };
        ApprovalSubject {
            action: request.action,
            principal_id: target.principal.object_id,
            api_id: target.api.object_id,
            requester: ask.requester.to_string(),
            policy_sha256: self.policy.sha256().map(str::to_owned),
            roles: decided.iter().map(role).collect(),
        }
    }
}

impl Review {
    /// What approvers are shown besides ids.
    pub(super) fn shown(&self) -> Shown {
        shown(&self.target, &self.decided)
    }

    /// Why the approver's decision would not count. `None` if it counts for at least one role.
    pub(super) fn obstacle(&self, approver: ObjectId) -> Option<ApproverObstacle> {
        let mut found = Some(ApproverObstacle::NotNamed);
        for one in &self.decided {
            let Decision::NeedsApproval(unapproved) = &one.decision else { continue };
            match unapproved.obstacle(approver) {
                None => return None,
                Some(ApproverObstacle::NotNamed) => {}
                Some(obstacle) => found = Some(obstacle),
            }
        }
        found
    }
}

impl Review {
    /// Whether a role needs an approval.
    pub(super) fn needs_approval(&self) -> bool {
        self.decided.iter().any(|one| matches!(one.decision, Decision::NeedsApproval(_)))
    }

    /// Whether the record proves what the policy requires. The row alone proves nothing: even if no
    /// approval is needed, the request must be on record.
    pub(super) fn is_proven_by(&self, proof: &Proof) -> bool {
        if self.needs_approval() { self.is_approved_by(&proof.approvers) } else { proof.is_asked }
    }

    /// Whether enough of these approvals count for every role that needs them.
    pub(super) fn is_approved_by(&self, approvers: &BTreeSet<ObjectId>) -> bool {
        self.decided.iter().all(|one| match &one.decision {
            Decision::Allowed(_) => true,
            Decision::NeedsApproval(unapproved) => unapproved.is_approved_by(approvers),
        })
    }

    /// The permits for all roles. A role without enough approvals gets none.
    pub(super) fn permitted(
        decided: Vec<Decided>,
        approvers: &BTreeSet<ObjectId>,
    ) -> Vec<Permitted> {
        let permitted = decided.into_iter().filter_map(|Decided { decision, outcome }| {
            let permit = match decision {
                Decision::Allowed(permit) => permit,
                Decision::NeedsApproval(unapproved) => unapproved.approve(approvers).ok()?,
            };
            let approved_by = permit.approved_by().map(str::to_owned);
            Some(Permitted { permit, outcome: RoleOutcome { approved_by, ..outcome } })
        });
        permitted.collect()
    }
}

/// What approvers are shown besides ids.
pub(super) fn shown(target: &Target, decided: &[Decided]) -> Shown {
    let Target { principal, api, .. } = target;
    let role = |Decided { decision, outcome }: &Decided| {
        let id = decision.permit().role();
        let known = api.roles.iter().find(|role| role.id == id);
        let why = known.and_then(|role| privileged::of_assignment(principal, api, role));
        ShownRole { value: outcome.value.clone(), privileged: why.map(|why| why.to_string()) }
    };
    Shown {
        principal: principal.display_name.clone(),
        principal_resource_id: principal.resource_id.as_ref().map(ToString::to_string),
        api: api.display_name.clone(),
        api_app_id: api.app_id,
        roles: decided.iter().map(role).collect(),
    }
}

/// The request with ids in place of names, so that its meaning cannot change while it waits.
pub(super) fn with_ids(request: &Request, target: &Target, decided: &[Decided]) -> Request {
    let role = |one: &Decided| match one.decision.permit().role() {
        AppRoleId::DEFAULT_ACCESS => RoleName::DefaultAccess,
        id => RoleName::Id(id),
    };
    Request {
        principal: PrincipalName::ObjectId(target.principal.object_id),
        api: ApiName::ObjectId(target.api.object_id),
        roles: decided.iter().map(role).collect(),
        ..request.clone()
    }
}
