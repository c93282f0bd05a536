//! The running tenant: how tests start it, change its conditions, and read its state.

use std::{convert::Infallible, io, net::Ipv4Addr, sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::oneshot};
use uuid::Uuid;

use crate::{
    arm::{CreatedIdentity, creation_event},
    audit_log::Author,
    directory::{AppRoleAssignment, AssignmentError, Directory},
    fault::Fault,
    identity_endpoint,
    ledger::{AcceptedWrite, WriteKind},
    quota::WriteQuota,
    request_log::{RecordedRequest, Route},
    seeded_faults::SeededFaults,
    server,
    service_principal::{ServicePrincipal, ServicePrincipalType},
    storage_service,
    world::{World, lock},
};

/// A running tenant. Dropping it stops its server.
#[derive(Debug)]
pub struct Tenant {
    world: Arc<World>,
    /// Dropping this sender stops the server.
    _stop: oneshot::Sender<Infallible>,
}

impl Tenant {
    /// Starts the tenant's server on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start(directory: Directory) -> io::Result<Self> {
        Self::start_on(0, directory).await
    }

    /// Starts the tenant's server on this port of 127.0.0.1; 0 means any free one.
    ///
    /// # Errors
    ///
    /// If the port is in use.
    pub async fn start_on(port: u16, directory: Directory) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let identity_header = Uuid::new_v4().to_string();
        let world = Arc::new(World::new(origin, identity_header, directory));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server::serve(Arc::clone(&world), listener, stopped));
        Ok(Self { world, _stop: stop })
    }

    /// The environment variables that connect the broker to this tenant: `IDENTITY_ENDPOINT` and
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

    /// The URL of the queues, which accept tokens only.
    #[must_use]
    pub fn queue_service_uri(&self) -> String {
        format!("{}{}", self.world.origin, storage_service::QUEUES)
    }

    /// The `x-identity-header` that requests to the identity endpoint must have.
    #[must_use]
    pub fn identity_header(&self) -> &str {
        &self.world.identity_header
    }

    /// All assignments, grouped by principal, in the order of their creation.
    #[must_use]
    pub fn assignments(&self) -> Vec<AppRoleAssignment> {
        self.world.directory().assignments()
    }

    /// The assignments that one principal holds, in the order of their creation.
    #[must_use]
    pub fn assignments_of(&self, principal_id: &str) -> Vec<AppRoleAssignment> {
        self.world.directory().assignments_of(principal_id).to_vec()
    }

    /// Assigns an app role, named by its value or id, to a principal without a request. Returns the
    /// assignment's id.
    ///
    /// # Errors
    ///
    /// If Microsoft Graph would refuse the assignment.
    pub fn grant(
        &self,
        principal_id: &str,
        api_id: &str,
        role: &str,
    ) -> Result<String, AssignmentError> {
        let mut directory = self.world.directory();
        let assignment = directory.assign(principal_id, api_id, role)?;
        let write = (WriteKind::Created, &assignment);
        self.world.accepted(&directory, write, Author::default());
        Ok(assignment.id)
    }

    /// Sets the age of an assignment; returns false if there is none with this id.
    #[must_use]
    pub fn backdate(&self, assignment_id: &str, age: Duration) -> bool {
        self.world.directory().backdate(assignment_id, age)
    }

    /// Deletes an assignment without a request; returns false if there is none with this id.
    #[expect(clippy::must_use_candidate, reason = "most callers know that it exists")]
    pub fn revoke(&self, assignment_id: &str) -> bool {
        let mut directory = self.world.directory();
        let revoked = directory.revoke(assignment_id);
        if let Some(assignment) = &revoked {
            let write = (WriteKind::Deleted, assignment);
            self.world.accepted(&directory, write, Author::default());
        }
        revoked.is_some()
    }

    /// Deletes a service principal for good, with all assignments of it and to it; returns false if there is
    /// none with this object id.
    pub fn remove_service_principal(&self, object_id: &str) -> bool {
        self.world.directory().remove_service_principal(object_id)
    }

    /// Adds a service principal, or replaces the one with this object id.
    pub fn add_service_principal(&self, service_principal: ServicePrincipal) {
        self.world.directory().add_service_principal(service_principal);
    }

    /// Adds a service principal that no request sees until [`Self::replicate`], like a managed identity
    /// that was just created. In a URL it is not found; in a body it is not a valid reference.
    pub fn add_replicating_service_principal(&self, service_principal: ServicePrincipal) {
        self.world.directory().add_replicating_service_principal(service_principal);
    }

    /// Adds a service principal that requests see after `delay`, like a managed identity that
    /// replicates slowly. Until then it is like one of
    /// [`Self::add_replicating_service_principal`].
    pub fn add_service_principal_after(
        &self,
        service_principal: ServicePrincipal,
        delay: Duration,
    ) {
        self.world.directory().add_service_principal_after(service_principal, delay);
    }

    /// Completes the replication of a service principal; returns false if none with this object id was
    /// replicating.
    #[expect(clippy::must_use_candidate, reason = "most callers know that it was hidden")]
    pub fn replicate(&self, object_id: &str) -> bool {
        self.world.directory().replicate(object_id)
    }

    /// The number of requests of a route that have arrived.
    #[must_use]
    pub fn count(&self, route: Route) -> usize {
        lock(&self.world.requests).count(route)
    }

    /// The last 10,000 requests, in the order of their responses. Requests whose connection was closed
    /// are included.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.world.requests).answered()
    }

    /// The last 1,000,000 writes that the directory has accepted, oldest first, whatever the response
    /// was: those of requests, of [`Self::grant`] and of [`Self::revoke`].
    #[must_use]
    pub fn accepted_writes(&self) -> Vec<AcceptedWrite> {
        lock(&self.world.ledger).accepted()
    }

    /// The number of seeded faults so far.
    #[must_use]
    pub fn seeded_fault_count(&self) -> usize {
        lock(&self.world.seeded_faults).given
    }

    /// The number of writes that the quota has refused so far.
    #[must_use]
    pub fn quota_refusals(&self) -> usize {
        lock(&self.world.write_throttle).refusals
    }

    /// Creates a user-assigned identity with this ARM id. Azure Resource Manager knows it at once,
    /// Microsoft Graph after `replication`.
    #[must_use]
    pub fn create_user_assigned_identity(
        &self,
        resource_id: &str,
        replication: Duration,
    ) -> CreatedIdentity {
        let [object_id, client_id] = [(); 2].map(|()| Uuid::new_v4().to_string());
        let name = resource_id.rsplit('/').next().unwrap_or_default();
        let identity = ServicePrincipal::user_assigned(&object_id, &client_id, name, resource_id);
        let mut directory = self.world.directory();
        directory.add_service_principal_after(identity, replication);
        let event = creation_event(resource_id, directory.tenant_id(), OffsetDateTime::now_utc());
        CreatedIdentity { object_id, event }
    }

    /// Whether lists leave out new assignments until this is switched off. The assignments exist, cannot
    /// be created again, and are in [`Self::assignments`].
    pub fn hold_back_assignments(&self, held_back: bool) {
        self.world.directory().hold_back_assignments(held_back);
    }

    /// The replica lag of lists, zero by default: lists show neither creations nor deletions that are
    /// younger. Changes that are made while it is zero show at once. [`Self::assignments`] and reads
    /// of a single assignment do not lag.
    pub fn set_list_lag(&self, lag: Duration) {
        self.world.directory().set_list_lag(lag);
    }

    /// How late entries of the audit log show, zero by default.
    pub fn set_audit_log_lag(&self, lag: Duration) {
        lock(&self.world.audit_log).lag = lag;
    }

    /// Answers the next request of a route with a fault. Faults of one route queue up.
    pub fn answer_next(&self, route: Route, fault: Fault) {
        lock(&self.world.faults).answer_next(route, fault);
    }

    /// Answers every request of a route with a fault, after the queued ones.
    pub fn answer_every(&self, route: Route, fault: Fault) {
        lock(&self.world.faults).answer_every(route, fault);
    }

    /// Removes all faults of a route.
    pub fn clear_faults(&self, route: Route) {
        lock(&self.world.faults).clear(route);
    }

    /// Answers a share of the requests to Microsoft Graph with random faults: transient errors, and the
    /// errors of a lagging replica about a young identity. Off by default. Equal seeds give equal faults,
    /// whatever the order of requests. Faults of [`Self::answer_next`] take precedence. Each call starts
    /// a new sequence.
    pub fn set_seeded_faults(&self, faults: Option<SeededFaults>) {
        lock(&self.world.seeded_faults).set(faults);
    }

    /// The latency of Microsoft Graph, zero by default. Writes are in progress for this time.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.world.latency) = latency;
    }

    /// Whether writes that have arrived stay in progress until this is switched off.
    pub fn hold_writes(&self, held: bool) {
        self.world.holds_writes.send_replace(held);
    }

    /// The quota of writes, that is of `POST` and `DELETE` of assignments; unlimited by default. A write
    /// is charged when it arrives, whatever its outcome. A refused write gets a 429, changes nothing,
    /// and takes no fault from the queue. Each call starts a new account.
    pub fn set_write_quota(&self, quota: Option<WriteQuota>) {
        lock(&self.world.write_throttle).set(quota);
    }

    /// Whether Azure Resource Manager denies reads in a scope: a subscription, a resource group or a
    /// resource. By default, reads are allowed everywhere.
    pub fn set_arm_forbidden(&self, scope: &str, forbidden: bool) {
        let mut scopes = lock(&self.world.forbidden_scopes);
        scopes.retain(|known| !known.eq_ignore_ascii_case(scope));
        scopes.extend(forbidden.then(|| scope.to_owned()));
    }

    /// Sets the identity that Azure Resource Manager states for a resource, by its object id; `None` if the
    /// resource has none. By default, it is the identity whose alternative names contain the resource.
    pub fn set_arm_identity(&self, resource: &str, object_id: Option<&str>) {
        let object_id = object_id.map(str::to_owned);
        lock(&self.world.arm_identities).insert(resource.to_lowercase(), object_id);
    }

    /// The audience of new tokens; `None` means the requested resource.
    pub fn set_token_audience(&self, audience: Option<&str>) {
        lock(&self.world.tokens).audience = audience.map(str::to_owned);
    }

    /// Whether the identity endpoint caches tokens until they expire, as the platform does. A role that
    /// is granted to the broker then shows only a day later. Off by default.
    pub fn cache_tokens(&self, cached: bool) {
        lock(&self.world.tokens).cached = cached;
    }
}
