//! Looking at what a principal holds.

use std::sync::Arc;

use super::{
    Broker, Context, Decision,
    resolve::{Names, Resolved, Unresolved},
};
use crate::RECORD;
use app_roles::{
    assignment_list::HeldRole,
    directory::{Api, AppRole, Assignment},
    ids::{AppRoleId, ObjectId},
    names::{ApiName, PrincipalName},
    outcome::RoleOutcome,
    policy::{Denial, View},
    privileged,
    result::{ResultApi, ResultPrincipal},
};

/// What a principal holds on an API, as far as the requester may see it.
#[derive(Debug)]
pub struct Holdings {
    /// The principal.
    pub principal: ResultPrincipal,
    /// The API.
    pub api: ResultApi,
    /// The roles.
    pub roles: Vec<HeldRole>,
}

impl Broker {
    /// Looks up what a principal holds on an API. Where there is nothing to be seen, the decision says
    /// why, with one outcome that is about no role.
    pub async fn read(
        &self,
        context: Context<'_>,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<Holdings, Box<Decision>> {
        // The first gate: whom no rule names learns nothing about the tenant and costs it nothing.
        if let Err(denial) = self.policy.admit_reading(context.requester, principal, api) {
            self.record_reading(context, None, "denied");
            return Err(denied(&denial));
        }
        let names = Names { principal, api };
        let resolved = match self.resolve(context, names).await {
            Ok(resolved) => resolved,
            Err(unresolved) => {
                self.record_reading(context, None, "failed");
                return Err(unread(*unresolved));
            }
        };
        let read = self.read_resolved(context, names, &resolved).await;
        let status = if read.is_ok() { "read" } else { "refused" };
        self.record_reading(context, Some(&resolved), status);
        read
    }

    async fn read_resolved(
        &self,
        context: Context<'_>,
        names: Names<'_>,
        resolved: &Resolved,
    ) -> Result<Holdings, Box<Decision>> {
        let failed = |error| unread(Unresolved::by(error).knowing(resolved));
        let Resolved { own, principal, .. } = resolved;
        // The second gate, before the list is asked for.
        self.policy
            .view(context.requester, principal, &resolved.api, *own)
            .map_err(|denial| denied(&denial))?;
        let held =
            self.graph.assignments().list(principal, context.deadline).await.map_err(failed)?;
        let of_this_api = held.into_iter().filter(|one| one.api == resolved.api.object_id);
        let held: Vec<Assignment> = of_this_api.collect();
        let lacks_a_role = held.iter().any(|one| role(&resolved.api, one.role).is_none());
        let api: Arc<Api> = self
            .with_current_roles(names.api, &resolved.api, lacks_a_role, context.deadline)
            .await
            .map_err(failed)?;
        let view = self
            .policy
            .view(context.requester, principal, &api, *own)
            .map_err(|denial| denied(&denial))?;
        let roles = held.into_iter().filter_map(|assignment| shown(assignment, &api, &view));
        Ok(Holdings {
            principal: principal.into(),
            api: api.as_ref().into(),
            roles: roles.collect(),
        })
    }

    fn record_reading(&self, context: Context<'_>, resolved: Option<&Resolved>, status: &str) {
        let shown = |id: Option<ObjectId>| id.map(tracing::field::display);
        tracing::info!(
            target: RECORD,
            event = "audit",
            invocation_id = %context.invocation_id,
            requester = %context.requester,
            action = "read",
            principal_id = shown(resolved.map(|resolved| resolved.principal.object_id)),
            resource_id = shown(resolved.map(|resolved| resolved.api.object_id)),
            status,
            policy_sha256 = self.policy.sha256(),
            "looked at what a principal holds"
        );
    }
}

/// A role by its id, if the API defines it; default access always is.
fn role(api: &Api, id: AppRoleId) -> Option<AppRole> {
    let default = (id == AppRoleId::DEFAULT_ACCESS).then(|| AppRole::known_by_id(id));
    default.or_else(|| api.roles.iter().find(|role| role.id == id).cloned())
}

/// An assignment as the requester sees it, if a rule shows it.
fn shown(assignment: Assignment, api: &Api, view: &View<'_>) -> Option<HeldRole> {
    let id = assignment.role;
    let role = role(api, id).unwrap_or_else(|| AppRole::known_by_id(id));
    let rule = view.rule_for(&role)?;
    let privileged = privileged::why(api.app_id, api.owner, id, role.value.as_deref()).is_some();
    Some(HeldRole::new(&role, privileged, assignment, rule))
}

fn denied(denial: &Denial) -> Box<Decision> {
    tracing::warn!(event = "request.denied", "{denial}");
    Box::new(Decision { roles: vec![RoleOutcome::denied(denial)], ..Decision::default() })
}

fn unread(unresolved: Unresolved) -> Box<Decision> {
    let roles = vec![unresolved.outcome.clone()];
    Box::new(unresolved.decision(roles))
}
