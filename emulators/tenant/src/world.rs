//! What all requests share: the directory, the switches, and the record of requests.

use std::{
    collections::BTreeMap,
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    directory::Directory, fault::Faults, identity_endpoint::TokenSettings, ledger::Ledger,
    quota::WriteThrottle, requests::RequestLog, seeded_faults::FaultSequence, token::TokenSigner,
};

/// The emulated tenant behind its server.
#[derive(Debug)]
pub(super) struct World {
    /// Scheme, host and port under which the server is reached.
    pub(super) origin: String,
    /// What `x-identity-header` must say.
    pub(super) identity_header: String,
    pub(super) signer: TokenSigner,
    directory: Mutex<Directory>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) faults: Mutex<Faults>,
    pub(super) seeded_faults: Mutex<FaultSequence>,
    pub(super) requests: Mutex<RequestLog>,
    pub(super) tokens: Mutex<TokenSettings>,
    pub(super) latency: Mutex<Duration>,
    pub(super) write_throttle: Mutex<WriteThrottle>,
    /// Whether a filter by `alternativeNames` tells upper case from lower case.
    pub(super) case_sensitive_alternative_names: Mutex<bool>,
    /// Where Azure Resource Manager lets the broker read nothing.
    pub(super) forbidden_scopes: Mutex<Vec<String>>,
    /// Object ids of the identities of resources, by the resource in lower case, where Azure Resource
    /// Manager knows better than the directory.
    pub(super) arm_identities: Mutex<BTreeMap<String, Option<String>>>,
    writes: Mutex<BTreeSet<String>>,
}

/// One write to a principal, under way until this is dropped.
#[derive(Debug)]
pub(super) struct Write {
    world: Arc<World>,
    principal_id: String,
}

impl World {
    pub(super) fn new(origin: String, identity_header: String, directory: Directory) -> Self {
        Self {
            origin,
            identity_header,
            signer: TokenSigner::with_random_key(),
            directory: Mutex::new(directory),
            ledger: Mutex::default(),
            faults: Mutex::default(),
            seeded_faults: Mutex::default(),
            requests: Mutex::default(),
            tokens: Mutex::new(TokenSettings::default()),
            latency: Mutex::new(Duration::ZERO),
            write_throttle: Mutex::default(),
            case_sensitive_alternative_names: Mutex::new(true),
            forbidden_scopes: Mutex::default(),
            arm_identities: Mutex::default(),
            writes: Mutex::default(),
        }
    }

    /// The directory as requests see it now.
    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        let mut directory = lock(&self.directory);
        directory.let_arrive(Instant::now());
        directory
    }

    /// Microsoft Graph takes this long to answer.
    pub(super) async fn wait_for_latency(&self) {
        let latency = *lock(&self.latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
    }

    /// Begins a write to a principal; none while another write to it is under way.
    pub(super) fn begin_write(self: &Arc<Self>, principal_id: &str) -> Option<Write> {
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

/// A request that panicked leaves plain data behind, which the next one may use.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
