//! The state that all requests share: the directory, the conditions and the logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    audit_log::{AuditLog, Author},
    directory::{AppRoleAssignment, Directory},
    fault::Faults,
    ledger::{Ledger, WriteKind},
    quota::WriteThrottle,
    request_log::RequestLog,
    seeded_faults::FaultSequence,
    token::TokenSigner,
    token_settings::TokenSettings,
};

/// The state of a tenant.
#[derive(Debug)]
pub(crate) struct World {
    /// The scheme, host and port of the server.
    pub(crate) origin: String,
    /// The required `x-identity-header`.
    pub(crate) identity_header: String,
    pub(crate) signer: TokenSigner,
    directory: Mutex<Directory>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) audit_log: Mutex<AuditLog>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) seeded_faults: Mutex<FaultSequence>,
    pub(crate) requests: Mutex<RequestLog>,
    pub(crate) tokens: Mutex<TokenSettings>,
    pub(crate) latency: Mutex<Duration>,
    /// Whether writes in progress are held.
    pub(crate) holds_writes: watch::Sender<bool>,
    pub(crate) write_throttle: Mutex<WriteThrottle>,
    /// The scopes in which Azure Resource Manager denies reads.
    pub(crate) forbidden_scopes: Mutex<Vec<String>>,
    /// The object ids that Azure Resource Manager states instead of the directory's, by the resource in
    /// lower case. `None` means that the resource has no identity.
    pub(crate) arm_identities: Mutex<BTreeMap<String, Option<String>>>,
    writes: Mutex<BTreeSet<String>>,
}

/// A write to a principal, in progress until this is dropped.
#[derive(Debug)]
pub(crate) struct Write {
    world: Arc<World>,
    principal_id: String,
}

impl World {
    pub(crate) fn new(origin: String, identity_header: String, directory: Directory) -> Self {
        Self {
            origin,
            identity_header,
            signer: TokenSigner::with_random_key(),
            directory: Mutex::new(directory),
            ledger: Mutex::default(),
            audit_log: Mutex::default(),
            faults: Mutex::default(),
            seeded_faults: Mutex::default(),
            requests: Mutex::default(),
            tokens: Mutex::new(TokenSettings::default()),
            latency: Mutex::new(Duration::ZERO),
            holds_writes: watch::Sender::new(false),
            write_throttle: Mutex::default(),
            forbidden_scopes: Mutex::default(),
            arm_identities: Mutex::default(),
            writes: Mutex::default(),
        }
    }

    /// The directory, after service principals that are due have arrived.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        let mut directory = lock(&self.directory);
        directory.let_arrive(Instant::now());
        directory
    }

    /// Records a write that the directory has accepted. The directory is still locked.
    pub(crate) fn accepted(
        &self,
        directory: &Directory,
        (kind, assignment): (WriteKind, &AppRoleAssignment),
        author: Author<'_>,
    ) {
        lock(&self.ledger).record(kind, assignment, author.client_request_id);
        lock(&self.audit_log).record(directory, (kind, assignment), author);
    }

    /// Waits for the latency of Microsoft Graph.
    pub(crate) async fn wait_for_latency(&self) {
        let latency = *lock(&self.latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
    }

    /// Waits for the latency of a write, and while writes are held.
    pub(crate) async fn wait_for_write(&self) {
        self.wait_for_latency().await;
        // The wait cannot fail, because the sender is part of this world.
        drop(self.holds_writes.subscribe().wait_for(|held| !held).await);
    }

    /// Begins a write to a principal; `None` while another write to it is in progress.
    pub(crate) fn begin_write(self: &Arc<Self>, principal_id: &str) -> Option<Write> {
        let principal_id = principal_id.to_lowercase();
        lock(&self.writes)
            .insert(principal_id.clone())
            .then(|| Write { world: Arc::clone(self), principal_id })
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        lock(&self.world.writes).remove(&self.principal_id);
    }
}

/// Locks a mutex. A request that panicked leaves consistent data.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
