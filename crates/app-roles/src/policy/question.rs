//! What the policy is asked, after the look-up.

use time::OffsetDateTime;

use crate::{
    directory::{Api, AppRole, Principal},
    end::PlannedEnd,
    ids::{Guid, ObjectId},
    request::Action,
    requester::Requester,
};

/// A request for one role, in terms of facts: what Graph states and the trigger proves, never what
/// the request claims.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The requester.
    pub requester: &'a Requester,
    /// Whether to create or to remove the assignment.
    pub action: Action,
    /// The principal that receives or loses the role.
    pub principal: &'a Principal,
    /// The API that defines the role.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// The broker's own identity.
    pub own: OwnIdentity,
    /// When the assignment must end, if the request states it. Ignored for a revocation.
    pub end: Option<PlannedEnd>,
    /// The time of the decision.
    pub now: OffsetDateTime,
}

impl<'a> Question<'a> {
    /// The assignment in question, without its requester and action.
    pub(super) fn assignment(&self) -> ProposedAssignment<'a> {
        let Self { principal, api, role, own, now, .. } = *self;
        ProposedAssignment { principal, api, role, own, now }
    }
}

/// An assignment to judge without a requester, with its parts as Graph states them.
#[derive(Debug, Clone, Copy)]
pub struct ProposedAssignment<'a> {
    /// The principal that holds or would hold the role.
    pub principal: &'a Principal,
    /// The API that defines the role.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// The broker's own identity.
    pub own: OwnIdentity,
    /// The time of the judgement.
    pub now: OffsetDateTime,
}

/// The broker's own identity, from its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnIdentity {
    /// The object id of the broker's service principal.
    pub object_id: ObjectId,
    /// The broker's tenant. If it is unknown, no API counts as the tenant's own.
    pub tenant_id: Option<Guid>,
}
