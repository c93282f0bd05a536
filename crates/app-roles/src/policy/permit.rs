//! The permission that every write to Microsoft Graph takes.

use super::rule::Grant;
use crate::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
};

/// The permission to create or remove one assignment.
///
/// The fields are private and the constructor is visible to the policy only, so a write that the
/// policy has not allowed does not compile.
#[derive(Debug)]
pub struct Permit {
    action: Action,
    principal: ObjectId,
    client_id: Option<AppId>,
    api: ObjectId,
    role: AppRoleId,
    rule: String,
    confirmation: ConfirmationNeed,
    is_for_agent: bool,
}

/// Whether Azure Resource Manager must confirm, before the write, that the principal is the identity of
/// its resource. Microsoft Graph states the resource in a property that can be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationNeed {
    /// No: the rule names the principal by its object id, or an operator has decided.
    Never,
    /// By default: the rule covers the scope of the resource.
    ByDefault,
    /// Yes: the rule covers the scope of the resource, and it is privileged or of the baseline.
    Always,
}

/// What allows a write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis<'a> {
    rule: &'a str,
    confirmation: ConfirmationNeed,
}

impl<'a> Basis<'a> {
    /// A rule that is used on request.
    pub(super) fn on_request(grant: &'a Grant, principal: &Principal) -> Self {
        let need =
            if grant.privileged { ConfirmationNeed::Always } else { ConfirmationNeed::ByDefault };
        Self::of_rule(grant, principal, need)
    }

    /// A rule of the baseline.
    pub(super) fn baseline(grant: &'a Grant, principal: &Principal) -> Self {
        Self::of_rule(grant, principal, ConfirmationNeed::Always)
    }

    /// The rights of an operator.
    #[cfg(feature = "operator")]
    pub(super) fn operator(name: &'a str) -> Self {
        Self { rule: name, confirmation: ConfirmationNeed::Never }
    }

    fn of_rule(grant: &'a Grant, principal: &Principal, need: ConfirmationNeed) -> Self {
        let is_named = grant.names(principal.object_id);
        let confirmation = if is_named { ConfirmationNeed::Never } else { need };
        Self { rule: &grant.rule, confirmation }
    }
}

impl Permit {
    pub(super) fn new(
        action: Action,
        principal: &Principal,
        (api, role): (&Api, &AppRole),
        basis: Basis<'_>,
    ) -> Self {
        Self {
            action,
            principal: principal.object_id,
            client_id: principal.client_id.filter(|_| principal.by_client_id),
            api: api.object_id,
            role: role.id,
            rule: basis.rule.to_owned(),
            confirmation: basis.confirmation,
            is_for_agent: matches!(
                principal.kind,
                PrincipalKind::Agent | PrincipalKind::AgentBlueprint
            ),
        }
    }

    /// Whether the assignment may be created or removed.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The principal's client id, if Graph found the principal by it.
    #[must_use]
    pub fn client_id(&self) -> Option<AppId> {
        self.client_id
    }

    /// The principal that receives or loses the role.
    #[must_use]
    pub fn principal(&self) -> ObjectId {
        self.principal
    }

    /// The API that defines the role.
    #[must_use]
    pub fn api(&self) -> ObjectId {
        self.api
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> AppRoleId {
        self.role
    }

    /// Whether the principal is an agent or a blueprint of agents. Microsoft Graph gives some roles to no
    /// agent ("Authorization in Microsoft Entra Agent ID").
    #[must_use]
    pub fn is_for_agent(&self) -> bool {
        self.is_for_agent
    }

    /// The name of the rule that allowed the write.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Whether Azure Resource Manager must confirm where the principal lies.
    #[must_use]
    pub fn confirmation_need(&self) -> ConfirmationNeed {
        self.confirmation
    }
}
