//! What is held in a tenant.

use std::sync::Arc;

use super::super::question::OwnIdentity;
use crate::{
    directory::{Api, Principal},
    ids::{AppRoleId, ObjectId},
    requester::Requester,
};

/// A role that a principal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldRole {
    /// The principal.
    pub principal: ObjectId,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
}

/// What is held in a tenant. The order of the lists does not matter.
#[derive(Debug, Clone, Copy)]
pub struct Holdings<'a> {
    /// All managed identities, whether or not they hold roles, and the other holders.
    pub principals: &'a [Principal],
    /// Whether managed identities may be missing in `principals`. Then no rule names a resource group.
    pub lacks_principals: bool,
    /// The APIs.
    pub apis: &'a [Arc<Api>],
    /// The roles that the principals hold.
    pub held: &'a [HeldRole],
}

/// What a proposal keeps to.
#[derive(Debug, Clone)]
pub struct ProposalTerms {
    /// Who may use the proposed rules.
    pub requesters: Vec<Requester>,
    /// The entries of `protected` in the policy. They need no rules, because no rule can touch them.
    pub protected: Vec<String>,
    /// The broker's own identity. It needs no rules either.
    pub own: OwnIdentity,
}
