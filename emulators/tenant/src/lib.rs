//! An emulated Microsoft Entra tenant over HTTP, as far as granting app roles needs it.
//!
//! It has the identity endpoint of App Service, much of Microsoft Graph v1.0, a little of Azure Resource
//! Manager, and two storage services that look at tokens.
//!
//! [`Tenant::start`] serves a [`Directory`] on a free port of the loopback interface; most start from
//! [`contoso::contoso`]. Errors come from their real causes in the directory; what has no cause
//! there is ordered with [`Tenant::answer_next`], or comes by repeatable chance with
//! [`Tenant::set_seeded_faults`]. Tests assert on what the directory holds in the end, with
//! [`Tenant::assignments`], and on how it came to it, with [`Tenant::accepted_writes`].

mod arm;
pub mod catalogue;
mod conditions;
pub mod contoso;
mod directory;
mod failure;
mod fault;
mod graph;
mod identity_endpoint;
mod ledger;
mod quota;
mod requests;
mod seeded_faults;
mod server;
mod service_principal;
mod storage_service;
mod timestamp;
mod token;
mod world;

use std::{convert::Infallible, io, net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::oneshot};
use uuid::Uuid;

use self::world::{World, lock};
pub use self::{
    arm::CreatedIdentity,
    directory::{AppRoleAssignment, AssignmentError, DEFAULT_ACCESS, Directory, MOST_ASSIGNMENTS},
    fault::Fault,
    ledger::{AcceptedWrite, WriteKind},
    quota::{QuotaModel, WriteQuota},
    requests::{RecordedRequest, Route},
    seeded_faults::SeededFaults,
    service_principal::{AppRole, ServicePrincipal, ServicePrincipalType},
};

/// A running emulated tenant. Its server ends when this is dropped.
#[derive(Debug)]
pub struct Tenant {
    world: Arc<World>,
    /// Nothing is ever sent: dropping it is the signal.
    _stop: oneshot::Sender<Infallible>,
}

impl Tenant {
    /// Starts the tenant's server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(directory: Directory) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let identity_header = Uuid::new_v4().to_string();
        let world = Arc::new(World::new(origin, identity_header, directory));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server::serve(Arc::clone(&world), listener, stopped));
        Ok(Self { world, _stop: stop })
    }

    /// The environment variables by which the broker finds this tenant: `IDENTITY_ENDPOINT` and
    /// `IDENTITY_HEADER` as App Service sets them, `GRAPH_ENDPOINT`, `ARM_ENDPOINT`, and
    /// `AZURE_CLIENT_ID` if a user-assigned identity is attached.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            ("IDENTITY_ENDPOINT".to_owned(), self.identity_endpoint()),
            ("IDENTITY_HEADER".to_owned(), self.identity_header().to_owned()),
            ("GRAPH_ENDPOINT".to_owned(), self.graph_endpoint().to_owned()),
            ("ARM_ENDPOINT".to_owned(), self.arm_endpoint().to_owned()),
        ];
        let user_assigned = ServicePrincipalType::UserAssignedIdentity;
        let directory = self.world.directory();
        let client_id = directory
            .attached()
            .find(|identity| identity.service_principal_type == user_assigned)
            .map(|identity| ("AZURE_CLIENT_ID".to_owned(), identity.app_id.clone()));
        variables.extend(client_id);
        variables
    }

    /// Microsoft Graph's base URL, without a version.
    #[must_use]
    pub fn graph_endpoint(&self) -> &str {
        &self.world.origin
    }

    /// Azure Resource Manager's base URL.
    #[must_use]
    pub fn arm_endpoint(&self) -> &str {
        &self.world.origin
    }

    /// The identity endpoint's URL.
    #[must_use]
    pub fn identity_endpoint(&self) -> String {
        format!("{}{}", self.world.origin, identity_endpoint::PATH)
    }

    /// Where the storage account of the host has its tables; by token only.
    #[must_use]
    pub fn table_service_uri(&self) -> String {
        format!("{}{}", self.world.origin, storage_service::TABLES)
    }

    /// Where storage accounts have their queues; by token only.
    #[must_use]
    pub fn queue_service_uri(&self) -> String {
        format!("{}{}", self.world.origin, storage_service::QUEUES)
    }

    /// What a request to the identity endpoint must have in its `x-identity-header`.
    #[must_use]
    pub fn identity_header(&self) -> &str {
        &self.world.identity_header
    }

    /// All assignments, those of one principal together and in the order of their creation.
    #[must_use]
    pub fn assignments(&self) -> Vec<AppRoleAssignment> {
        self.world.directory().assignments()
    }

    /// The assignments that one principal holds, in the order of their creation.
    #[must_use]
    pub fn assignments_of(&self, principal_id: &str) -> Vec<AppRoleAssignment> {
        self.world.directory().assignments_of(principal_id).to_vec()
    }

    /// Gives a principal an app role, named by its value or id, without a request; returns the
    /// assignment's id.
    ///
    /// # Errors
    /// When Microsoft Graph would refuse it.
    pub fn grant(
        &self,
        principal_id: &str,
        api_id: &str,
        role: &str,
    ) -> Result<String, AssignmentError> {
        let mut directory = self.world.directory();
        let assignment = directory.assign(principal_id, api_id, role)?;
        lock(&self.world.ledger).record(WriteKind::Created, &assignment, None);
        Ok(assignment.id)
    }

    /// Has an assignment made so long ago; false when there is none with this id.
    #[must_use]
    pub fn backdate(&self, assignment_id: &str, age: Duration) -> bool {
        self.world.directory().backdate(assignment_id, age)
    }

    /// Takes an assignment away without a request; false when there is none with this id.
    #[expect(clippy::must_use_candidate, reason = "most callers know that it exists")]
    pub fn revoke(&self, assignment_id: &str) -> bool {
        let mut directory = self.world.directory();
        let revoked = directory.revoke(assignment_id);
        if let Some(assignment) = &revoked {
            lock(&self.world.ledger).record(WriteKind::Deleted, assignment, None);
        }
        revoked.is_some()
    }

    /// Adds a service principal, or replaces the one with the same object id.
    pub fn add_service_principal(&self, service_principal: ServicePrincipal) {
        self.world.directory().add_service_principal(service_principal);
    }

    /// Adds a service principal that exists, but that no request sees until [`Self::replicate`]: a
    /// managed identity that was created a moment ago. Named in a URL it is not found, named in a
    /// body only it is no valid reference.
    pub fn add_replicating_service_principal(&self, service_principal: ServicePrincipal) {
        self.world.directory().add_replicating_service_principal(service_principal);
    }

    /// Adds a service principal that requests see only after `delay`: an identity that takes its
    /// time to replicate. Until then it is like one that [is replicating](Self::replicate).
    pub fn add_service_principal_after(
        &self,
        service_principal: ServicePrincipal,
        delay: Duration,
    ) {
        self.world.directory().add_service_principal_after(service_principal, delay);
    }

    /// Lets every request see a service principal from now on; false when none with this object id
    /// was hidden.
    #[expect(clippy::must_use_candidate, reason = "most callers know that it was hidden")]
    pub fn replicate(&self, object_id: &str) -> bool {
        self.world.directory().replicate(object_id)
    }

    /// How many requests of a route have arrived.
    #[must_use]
    pub fn count(&self, route: Route) -> usize {
        lock(&self.world.requests).count(route)
    }

    /// The last 10,000 requests that were answered (or whose connection was closed instead), in the
    /// order of the answers.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.world.requests).answered()
    }

    /// Every write that the directory has accepted since the start, oldest first, whatever its caller
    /// was told: those of requests, [`Self::grant`] and [`Self::revoke`]. At most the last 1,000,000.
    #[must_use]
    pub fn accepted_writes(&self) -> Vec<AcceptedWrite> {
        lock(&self.world.ledger).accepted()
    }

    /// How many requests have met a seeded fault so far.
    #[must_use]
    pub fn seeded_fault_count(&self) -> usize {
        lock(&self.world.seeded_faults).given
    }

    /// How many writes the quota has refused so far.
    #[must_use]
    pub fn quota_refusals(&self) -> usize {
        lock(&self.world.write_throttle).refusals
    }
}
