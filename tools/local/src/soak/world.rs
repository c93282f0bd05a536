//! Everything around the handlers, all of it in trouble.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use functions_host_emulator::{Echo, Options};
use storage_emulator::{Account, Azurite, Queue, StorageProxy, Trouble};
use tenant_emulator::{
    SeededFaults, Tenant,
    contoso::{contoso, managed_identities},
};

use super::{plan::Plan, supervisor::Supervisor};
use crate::{
    Outcome,
    app::{App, REQUESTS, RESULTS, queues},
};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/soak/policy.json");
/// Hosts, each with its handler, on the same queues.
pub(super) const HANDLERS: usize = 2;
/// Of the requests to Microsoft Graph.
const SHARE_OF_FAULTS: f64 = 0.2;
const LATENCY: Duration = Duration::from_millis(20);
/// Longer than a handler takes to read what it wrote.
const LIST_LAG: Duration = Duration::from_millis(300);
/// How long the host hides a message; ten minutes in Azure.
const MESSAGE_LEASE: Duration = Duration::from_secs(10);
/// What is wrong with the way to the storage service, for how long, again and again. Some trouble
/// is what clients get over by trying again; an outage lasts longer than they try.
pub(super) const STORAGE_TROUBLE: [(Option<Trouble>, Duration); 4] = [
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 0.2, reset: 0.3 }), Duration::from_secs(4)),
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 1.0, reset: 0.0 }), Duration::from_secs(8)),
];

/// A running world.
pub(super) struct World {
    pub(super) tenant: Tenant,
    pub(super) hosts: Supervisor,
    /// Reached without the proxy, as are the two queues: what observes must not be disturbed.
    pub(super) account: Account,
    pub(super) requests: Queue,
    pub(super) results: Queue,
    pub(super) proxy: StorageProxy,
}

impl World {
    /// Starts the tenant, the queues and the hosts, which write their log to a file.
    pub(super) async fn start(
        app: &App,
        azurite: &Azurite,
        plan: &Plan,
        seed: u64,
        log: Option<&Path>,
    ) -> Outcome<Self> {
        let tenant = tenant(plan, seed).await?;
        let account = azurite.account()?;
        let [requests, results] = [account.queue(REQUESTS)?, account.queue(RESULTS)?];
        requests.create_if_missing().await?;
        results.create_if_missing().await?;
        let [_, queue_port, _] = azurite.ports();
        let proxy = StorageProxy::start(queue_port, seed).await?;
        let proxied = account.clone().with_queue_port(proxy.port())?;
        let mut options = app.options(&tenant, &proxied, Path::new(POLICY));
        scale(&mut options);
        options.echo = log.map(log_to).transpose()?;
        let hosts = Supervisor::start(&options, HANDLERS);
        Ok(Self { tenant, hosts, account, requests, results, proxy })
    }
}

async fn tenant(plan: &Plan, seed: u64) -> Outcome<Tenant> {
    let tenant = Tenant::start(contoso()).await?;
    for (index, identity) in managed_identities(plan.identities).into_iter().enumerate() {
        match plan.arrival(index) {
            Some(delay) => tenant.add_service_principal_after(identity, delay),
            None => tenant.add_service_principal(identity),
        }
    }
    tenant.set_latency(LATENCY);
    tenant.set_list_lag(LIST_LAG);
    tenant.set_write_quota(Some(plan.write_quota()));
    tenant.set_seeded_faults(Some(SeededFaults { seed, share: SHARE_OF_FAULTS }));
    Ok(tenant)
}

/// Deliveries follow each other sixty times as fast as in Azure. The handler has a quarter of its
/// time for each, which is still long beside a `Retry-After`: that is not shorter than in Azure.
fn scale(options: &mut Options) {
    options.message_lease = MESSAGE_LEASE;
    let settings = [
        (queues("visibilityTimeout"), "00:00:01"),
        (queues("maxPollingInterval"), "00:00:00.2"),
        ("PACE_FACTOR".to_owned(), "0.25"),
    ];
    options.environment.extend(settings.map(|(name, value)| (name, value.to_owned())));
}

fn log_to(path: &Path) -> Outcome<Echo> {
    let file =
        File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let file = Mutex::new(file);
    Ok(Arc::new(move |record| {
        if let Ok(mut file) = file.lock() {
            // A full disk must not end the run.
            drop(writeln!(file, "{record}"));
        }
    }))
}
