//! What a whole tenant holds: its principals, its APIs, and the assignments of their roles.
//!
//! All service principals are listed once, and then the holders of each that can be an API, several at a
//! time. Each list is read to its last page: an object that Graph expands holds at most 20 of its
//! assignments. Whatever cannot be read becomes a sentence, so that an incomplete list does not seem
//! complete.

mod assignment;
mod reading;

use std::{collections::BTreeSet, sync::Arc};

use app_roles::{
    directory::{Api, Principal},
    ids::ObjectId,
};
pub(crate) use assignment::InventoryAssignment;
use reading::{holders, service_principals};

use crate::{failure::Failure, output::Progress, session::Session};

/// What the tenant holds, as far as the operator can read it. The lists are sorted by ids.
#[derive(Debug, Default)]
pub(crate) struct TenantInventory {
    /// The managed identities, the principals of agent blueprints, and all other service principals that
    /// hold a role.
    pub(crate) principals: Vec<Principal>,
    /// The service principals that define roles, or on which others hold default access.
    pub(crate) apis: Vec<Arc<Api>>,
    /// The assignments that service principals hold. Those of users and groups are left out.
    pub(crate) assignments: Vec<InventoryAssignment>,
    /// The APIs whose assignments could not all be read. A role without an assignment here may still be
    /// held.
    pub(crate) partly_read: BTreeSet<ObjectId>,
    /// Whether some of the service principals could not be read. They may be managed identities.
    pub(crate) lacks_principals: bool,
    /// What could not be read, in sentences.
    pub(crate) unread: Vec<String>,
}

/// Reads the whole tenant.
///
/// The error means that the tenant cannot be read, or not now. An API whose holders cannot be read becomes
/// a sentence in [`TenantInventory::unread`].
pub(crate) async fn read(
    session: &Session,
    progress: &Progress,
) -> Result<TenantInventory, Failure> {
    let mut listed = service_principals(session, progress).await?;
    let held = holders(session, std::mem::take(&mut listed.apis), progress).await?;
    let mut unread = listed.unread.clone();
    unread.extend(held.unread);
    let lacks_principals = listed.is_incomplete;
    let principals = listed.holding(&held.names);
    let (apis, assignments, partly_read) = (held.apis, held.assignments, held.partly_read);
    Ok(TenantInventory { principals, apis, assignments, partly_read, lacks_principals, unread })
}
