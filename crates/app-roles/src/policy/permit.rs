//! The permission that every write to Microsoft Graph takes.

use time::OffsetDateTime;

use super::{due_end::DueEnd, rule::Grant, write_limit::WriteLimit};
use crate::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    duration::AssignmentDuration,
    end::PlannedEnd,
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
    requester::Requester,
};

/// The approver of a write that a rule allows without approval.
const APPROVED_BY_POLICY: &str = "policy";

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
    end: Option<OffsetDateTime>,
    limit: Option<AssignmentDuration>,
    write_limit: Option<WriteLimit>,
    approved_by: Option<String>,
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
    end: Option<OffsetDateTime>,
    limit: Option<AssignmentDuration>,
    writes_per_hour: Option<u32>,
    approved_by: Option<&'static str>,
}

impl<'a> Basis<'a> {
    /// A rule that is used on request, for an assignment with this end.
    pub(super) fn on_request(
        grant: &'a Grant,
        principal: &Principal,
        end: Option<PlannedEnd>,
    ) -> Self {
        let need =
            if grant.privileged { ConfirmationNeed::Always } else { ConfirmationNeed::ByDefault };
        let (end, limit) = (end.map(PlannedEnd::time), grant.max_duration);
        let writes_per_hour = grant.max_writes_per_hour;
        Self { end, limit, writes_per_hour, ..Self::of_rule(grant, principal, need) }
    }

    /// A rule of the baseline.
    pub(super) fn baseline(grant: &'a Grant, principal: &Principal) -> Self {
        Self::of_rule(grant, principal, ConfirmationNeed::Always)
    }

    /// The rights of an operator.
    #[cfg(feature = "operator")]
    pub(super) fn operator(name: &'a str) -> Self {
        Self {
            rule: name,
            confirmation: ConfirmationNeed::Never,
            end: None,
            limit: None,
            writes_per_hour: None,
            approved_by: None,
        }
    }

    fn of_rule(grant: &'a Grant, principal: &Principal, need: ConfirmationNeed) -> Self {
        let is_named = grant.names(principal.object_id);
        let confirmation = if is_named { ConfirmationNeed::Never } else { need };
        let approved_by = grant.approval.is_none().then_some(APPROVED_BY_POLICY);
        Self {
            rule: &grant.rule,
            confirmation,
            end: None,
            limit: None,
            writes_per_hour: None,
            approved_by,
        }
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
            end: basis.end,
            limit: basis.limit,
            write_limit: basis.writes_per_hour.map(|number| WriteLimit::new(basis.rule, number)),
            approved_by: basis.approved_by.map(str::to_owned),
        }
    }

    /// The permit to remove an assignment whose end has come.
    pub(super) fn of_due_end(due: &DueEnd) -> Self {
        Self {
            action: Action::Revoke,
            principal: due.principal,
            client_id: None,
            api: due.api,
            role: due.role,
            rule: due.rule.clone(),
            confirmation: ConfirmationNeed::Never,
            is_for_agent: false,
            end: None,
            limit: None,
            write_limit: None,
            approved_by: None,
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

    /// When the assignment must end, in whole seconds in UTC. `None` if it may stay, and for a removal.
    #[must_use]
    pub fn end(&self) -> Option<OffsetDateTime> {
        self.end
    }

    /// The longest time that the rule allows. `None` if it has no limit.
    #[must_use]
    pub fn limit(&self) -> Option<AssignmentDuration> {
        self.limit
    }

    /// How many writes the rule lets the requester make within an hour. `None` without a limit.
    #[must_use]
    pub fn write_limit(&self) -> Option<&WriteLimit> {
        self.write_limit.as_ref()
    }

    /// What stands behind the write: `policy` if the rule needs no approval, or else the approvers, for
    /// instance `http:1111…, http:2222…`. `None` before the approval, for the end of an assignment and for an
    /// operator.
    #[must_use]
    pub fn approved_by(&self) -> Option<&str> {
        self.approved_by.as_deref()
    }

    /// The permit, with the approvers of the write.
    pub(super) fn approved(self, approvers: &[ObjectId]) -> Self {
        let names: Vec<_> = approvers.iter().map(|one| Requester::Http(*one).to_string()).collect();
        Self { approved_by: Some(names.join(", ")), ..self }
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
