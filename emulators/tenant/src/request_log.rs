//! The requests to the tenant: counted by route, and kept for assertions.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

/// The number of requests that are kept. A load run must not fill the memory.
const REMEMBERED: usize = 10_000;

/// The operation of a request, for counts and faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// `GET /v1.0/servicePrincipals`, with a filter or without.
    ListServicePrincipals,
    /// `GET /v1.0/servicePrincipals/{id}`, or by `(appId='…')`.
    ReadServicePrincipal,
    /// `GET /v1.0/servicePrincipals/{id}/appRoleAssignments`, or by `(appId='…')`.
    ListAssignments,
    /// `GET /v1.0/servicePrincipals/{id}/appRoleAssignedTo`, or by `(appId='…')`.
    ListAssignedTo,
    /// `GET /v1.0/servicePrincipals/{id}/appRoleAssignments/{id}`, or by `(appId='…')`.
    ReadAssignment,
    /// `POST /v1.0/servicePrincipals/{id}/appRoleAssignments`, or by `(appId='…')`.
    CreateAssignment,
    /// `DELETE /v1.0/servicePrincipals/{id}/appRoleAssignments/{id}`, or by `(appId='…')`.
    DeleteAssignment,
    /// `GET /v1.0/auditLogs/directoryAudits`.
    ListDirectoryAudits,
    /// `GET` of a user-assigned identity at Azure Resource Manager, or of the identity that another
    /// resource has: `{resource}/providers/Microsoft.ManagedIdentity/identities/default`.
    ReadArmIdentity,
    /// `GET /msi/token`.
    IssueToken,
    /// A queue's metadata, in the storage account.
    ReadQueueMetadata,
    /// Anything else.
    Other,
}

/// A finished request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The operation.
    pub route: Route,
    /// The HTTP method.
    pub method: String,
    /// The path and the query as they were sent.
    pub path_and_query: String,
    /// The request's `client-request-id`.
    pub client_request_id: Option<String>,
    /// The request's `x-ms-throttle-priority`.
    pub throttle_priority: Option<String>,
    /// The time of arrival.
    pub arrived: Instant,
    /// The status of the response; `None` if the connection was closed instead.
    pub status: Option<u16>,
    /// The `Retry-After` of the response.
    pub retry_after: Option<String>,
}

/// The counts of arrived requests, and the finished ones.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    arrived: BTreeMap<Route, usize>,
    answered: VecDeque<RecordedRequest>,
}

impl RequestLog {
    pub(super) fn arrive(&mut self, route: Route) {
        *self.arrived.entry(route).or_default() += 1;
    }

    pub(super) fn answer(&mut self, request: RecordedRequest) {
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back(request);
    }

    pub(super) fn count(&self, route: Route) -> usize {
        self.arrived.get(&route).copied().unwrap_or_default()
    }

    pub(super) fn answered(&self) -> Vec<RecordedRequest> {
        self.answered.iter().cloned().collect()
    }
}
