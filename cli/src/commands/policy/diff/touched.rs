//! What a change of the policy touches in the tenant: assignments that a rule covered or covers, and roles
//! that the baseline will assign.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use app_roles::{
    directory::{Api, AppRole, PrincipalKind},
    names::{ApiName, RoleName},
    policy::{KnownApis, OwnIdentity, Policy, ProposedAssignment},
};
use serde::Serialize;
use time::OffsetDateTime;

use super::{inputs::Inputs, phrase::Phrase};
use crate::{
    failure::Failure,
    inventory::{self, TenantInventory},
    options::GlobalOptions,
    output::Progress,
    principal_role::PrincipalRole,
    session::Session,
};

/// What a change touches in the tenant.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Touched {
    /// Held, but no rule covers it any more.
    pub(super) uncovered: Vec<PrincipalRole>,
    /// Held, and now covered by a rule.
    pub(super) covered: Vec<PrincipalRole>,
    /// Not held, and the baseline will assign it.
    pub(super) to_assign: Vec<PrincipalRole>,
    /// What could not be read, in sentences.
    pub(super) unread: Vec<String>,
}

/// Says who holds what, or will hold it.
pub(super) fn sentence(assignment: &PrincipalRole) -> Phrase {
    Phrase::default()
        .name(&assignment.principal)
        .words(" (")
        .name(&assignment.principal_id.to_string())
        .words("): ")
        .name(&assignment.role_name())
        .words(" of ")
        .name(&assignment.api)
}

/// Reads the tenant. `broker` is the name of the broker's identity, and `now` the time of the comparison.
pub(super) async fn read(
    global: &GlobalOptions,
    inputs: &Inputs,
    (broker, now): (Option<&str>, OffsetDateTime),
) -> Result<(KnownApis, Touched), Failure> {
    let session = Session::open(global).await?;
    let broker = session.directory().broker_identity(broker).await?;
    let progress = Progress::start("reading the tenant …");
    let tenant = inventory::read(&session, &progress).await?;
    progress.say("comparing …");
    let comparison = TenantComparison {
        tenant: &tenant,
        own: session.own_identity(broker),
        policies: [&inputs.old, &inputs.new],
        now,
    };
    let touched = comparison.touched();
    let known = KnownApis { apis: tenant.apis, own_tenant: session.tenant() };
    Ok((known, Touched { unread: tenant.unread, ..touched }))
}

/// A tenant, and the policies before and after the change.
struct TenantComparison<'a> {
    tenant: &'a TenantInventory,
    own: OwnIdentity,
    policies: [&'a Policy; 2],
    now: OffsetDateTime,
}

impl TenantComparison<'_> {
    fn touched(&self) -> Touched {
        let mut touched = Touched { to_assign: self.to_assign(), ..Touched::default() };
        let principals = self.tenant.principals.iter().map(|one| (one.object_id, one));
        let principals: HashMap<_, _> = principals.collect();
        let apis: HashMap<_, _> = self.tenant.apis.iter().map(|api| (api.object_id, api)).collect();
        for held in &self.tenant.assignments {
            let (Some(principal), Some(api)) =
                (principals.get(&held.principal), apis.get(&held.api))
            else {
                continue;
            };
            let role = api.role(&RoleName::from(held.role));
            let role = role.unwrap_or_else(|_| AppRole::known_by_id(held.role));
            let (own, now) = (self.own, self.now);
            let proposed = ProposedAssignment { principal, api, role: &role, own, now };
            let assignment = || PrincipalRole::new(principal, api, &role);
            match self.policies.map(|policy| policy.is_expected(&proposed)) {
                [true, false] => touched.uncovered.push(assignment()),
                [false, true] => touched.covered.push(assignment()),
                _ => {}
            }
        }
        for list in [&mut touched.uncovered, &mut touched.covered, &mut touched.to_assign] {
            list.sort_unstable();
            list.dedup();
        }
        touched
    }

    /// The roles of the new baseline that are not held, and that the old baseline does not assign either.
    fn to_assign(&self) -> Vec<PrincipalRole> {
        let [old, new] = self.policies;
        let held = self.tenant.assignments.iter().map(|one| (one.principal, one.api, one.role));
        let held: HashSet<_> = held.collect();
        let names = new.all_baseline_apis(self.now);
        let is_asked = |api: &&Arc<Api>| names.iter().any(|name| is(name, api));
        // A role of a partly read API may be held.
        let is_read = |api: &&Arc<Api>| !self.tenant.partly_read.contains(&api.object_id);
        let apis = self.tenant.apis.iter().filter(is_asked).filter(is_read);
        let apis: Vec<&Arc<Api>> = apis.collect();
        let mut missing = Vec::new();
        // The broker applies the baseline to managed identities.
        let kind = PrincipalKind::ManagedIdentity;
        for principal in self.tenant.principals.iter().filter(|one| one.kind == kind) {
            for api in &apis {
                let roles =
                    |policy: &Policy| policy.baseline_roles(principal, api, self.own, self.now);
                let before = roles(old);
                let missed = roles(new).into_iter().map(|one| one.role).filter(|role| {
                    !held.contains(&(principal.object_id, api.object_id, role.id))
                        && before.iter().all(|known| known.role.id != role.id)
                });
                missing.extend(missed.map(|role| PrincipalRole::new(principal, api, &role)));
            }
        }
        missing
    }
}

/// Whether an API has this name, as a policy names it.
fn is(name: &ApiName, api: &Api) -> bool {
    match name {
        ApiName::AppId(id) => *id == api.app_id,
        ApiName::IdentifierUri(uri) => {
            api.identifier_uris.iter().any(|known| known.eq_ignore_ascii_case(uri.as_str()))
        }
        _ => false,
    }
}
