//! The tenant's audit log: an entry for each accepted write of an app role assignment.

use std::{collections::VecDeque, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    directory::{AppRoleAssignment, Directory},
    ledger::WriteKind,
    service_principal::{AppRole, ServicePrincipal},
};

/// The number of entries that are kept. A load run must not fill the memory.
const REMEMBERED: usize = 10_000;

/// An entry. It keeps what the directory said at the time of the write.
#[derive(Debug, Clone)]
pub(crate) struct AuditEntry {
    pub(crate) id: String,
    /// The `client-request-id` of the request, or else an id of the service.
    pub(crate) correlation_id: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) kind: WriteKind,
    /// The service principal that made the write; `None` for a user.
    pub(crate) author: Option<ServicePrincipal>,
    pub(crate) assignment: AppRoleAssignment,
    pub(crate) role: Option<AppRole>,
    /// The application id of the principal, or the client id of a managed identity.
    pub(crate) principal_app_id: String,
    /// The names of the API: its identifier URIs and its application id.
    pub(crate) api_names: Vec<String>,
}

/// The maker of a write.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Author<'a> {
    /// The application id in the token; `None` for a user.
    pub(crate) app_id: Option<&'a str>,
    pub(crate) client_request_id: Option<&'a str>,
}

/// The entries, oldest first, and how late they show.
#[derive(Debug, Default)]
pub(crate) struct AuditLog {
    entries: VecDeque<AuditEntry>,
    pub(crate) lag: Duration,
}

impl AuditLog {
    /// Records a write. Call it while the directory is locked, so that entries are in the order of the
    /// writes.
    pub(crate) fn record(
        &mut self,
        directory: &Directory,
        (kind, assignment): (WriteKind, &AppRoleAssignment),
        author: Author<'_>,
    ) {
        if self.entries.len() == REMEMBERED {
            self.entries.pop_front();
        }
        let correlation_id =
            author.client_request_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let principal = directory.service_principal(&assignment.principal_id);
        let api = directory.service_principal(&assignment.resource_id);
        self.entries.push_back(AuditEntry {
            id: format!("Directory_{correlation_id}_{}", Uuid::new_v4().simple()),
            correlation_id,
            at: OffsetDateTime::now_utc(),
            kind,
            author: author.app_id.and_then(|id| directory.service_principal_by_app_id(id)).cloned(),
            assignment: assignment.clone(),
            role: api.and_then(|api| api.app_role(&assignment.app_role_id)).cloned(),
            principal_app_id: principal.map(|one| one.app_id.clone()).unwrap_or_default(),
            api_names: api.map(|one| one.service_principal_names.clone()).unwrap_or_default(),
        });
    }

    /// The entries that show by now, newest first.
    pub(crate) fn shown(&self) -> Vec<AuditEntry> {
        let now = OffsetDateTime::now_utc();
        let shown = self.entries.iter().rev().filter(|entry| entry.at + self.lag <= now);
        shown.cloned().collect()
    }
}
