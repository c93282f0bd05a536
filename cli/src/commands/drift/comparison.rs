//! Comparing managed identities with the policy.

use std::sync::Arc;

use app_roles::{
    baseline_role,
    directory::{Api, AppRole, Principal},
    ids::{AppRoleId, ObjectId},
    policy::OwnIdentity,
    reconcile::{AssignmentsByPrincipal, CompactAssignment, Comparison, Findings},
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{principal_role::PrincipalRole, session::Session};

/// A role that is missing or unexpected.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deviation {
    #[serde(flatten)]
    what: PrincipalRole,
    /// The rule of the baseline that assigns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

/// An agent blueprint that holds roles of the policy's APIs. All its agents can inherit them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blueprint {
    pub(super) principal: String,
    pub(super) principal_id: ObjectId,
    /// The number of roles that it holds.
    pub(super) roles: usize,
}

/// Compares identities with a policy.
pub(super) struct Comparer<'a> {
    comparison: Comparison<'a>,
    own: OwnIdentity,
}

impl<'a> Comparer<'a> {
    /// A comparer for the session's policy. `broker` is the broker's own identity.
    pub(super) fn new(
        session: &'a Session,
        broker: Option<ObjectId>,
        apis: &'a [Arc<Api>],
        holdings: &'a AssignmentsByPrincipal,
    ) -> Self {
        let (policy, own) = (session.policy(), session.own_identity(broker));
        let now = OffsetDateTime::now_utc();
        Self { comparison: Comparison { policy, own, apis, holdings, now }, own }
    }

    /// Compares one identity, as the broker does, and adds the roles in which it differs.
    pub(super) fn compare(
        &self,
        identity: &Principal,
        missing: &mut Vec<Deviation>,
        unexpected: &mut Vec<Deviation>,
    ) {
        let mut findings = Findings::default();
        findings.compare(identity, &self.comparison);
        if !findings.lacking.is_empty() {
            missing.extend(self.missing(identity));
        }
        unexpected
            .extend(findings.unexpected.iter().filter_map(|one| self.unexpected(identity, one)));
    }

    /// Describes a blueprint, if it holds roles, with those that no rule allows.
    pub(super) fn blueprint(&self, principal: &Principal) -> Option<(Blueprint, Vec<Deviation>)> {
        let roles = self.comparison.holdings.of(principal.object_id).count();
        if roles == 0 {
            return None;
        }
        let (mut missing, mut unexpected) = (Vec::new(), Vec::new());
        // The broker's timer compares only managed identities, so it would assign nothing here.
        self.compare(principal, &mut missing, &mut unexpected);
        let blueprint = Blueprint {
            principal: principal.display_name.clone(),
            principal_id: principal.object_id,
            roles,
        };
        Some((blueprint, unexpected))
    }

    fn missing(&self, identity: &Principal) -> Vec<Deviation> {
        let Comparison { policy, apis, holdings, now, .. } = self.comparison;
        let roles = |api: &Arc<Api>| policy.baseline_roles(identity, api, self.own, now);
        let wanted = apis.iter().flat_map(roles).collect();
        let held = holdings.of(identity.object_id).map(|one| (one.api, one.role));
        let missing = baseline_role::missing(wanted, held).into_iter().filter_map(|one| {
            let deviation = self.deviation(identity, one.api, &one.role)?;
            Some(Deviation { rule: Some(one.rule), ..deviation })
        });
        missing.collect()
    }

    fn unexpected(&self, identity: &Principal, held: &CompactAssignment) -> Option<Deviation> {
        let api = self.comparison.apis.iter().find(|api| api.object_id == held.api)?;
        let defined = api.roles.iter().find(|role| role.id == held.role).cloned();
        let role = defined.unwrap_or_else(|| AppRole::known_by_id(held.role));
        self.deviation(identity, held.api, &role)
    }

    fn deviation(&self, identity: &Principal, api: ObjectId, role: &AppRole) -> Option<Deviation> {
        let api = self.comparison.apis.iter().find(|known| known.object_id == api)?;
        let what = PrincipalRole::new(identity, api, role).of_principal(name(identity));
        Some(Deviation { what, rule: None })
    }
}

/// Returns the name of an identity's resource. Listing identities does not read their display names.
fn name(identity: &Principal) -> String {
    let resource = identity.resource_id.as_ref().and_then(|id| id.segments().last());
    resource.unwrap_or(&identity.display_name).to_owned()
}

impl Deviation {
    /// Returns the row of a table. `word` says whether the role is missing or unexpected.
    pub(super) fn row(&self, word: &str) -> Vec<String> {
        vec![
            word.to_owned(),
            self.what.principal.clone(),
            self.what.principal_id.to_string(),
            self.what.api.clone(),
            self.what.role_name(),
            self.rule.clone().unwrap_or_default(),
            String::new(),
        ]
    }

    /// The principal, the API and the role.
    pub(super) fn ids(&self) -> (ObjectId, ObjectId, AppRoleId) {
        self.what.ids()
    }
}
