//! The handlers' surroundings, and how they fail.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context as _, Result};
use app_process::app::{App, REQUESTS, RESULTS, queue_setting};
use functions_host_emulator::{Echo, Options};
use storage_emulator::{Account, Azurite, Queue, StorageProxy, Trouble};
use tenant_emulator::{
    SeededFaults, Tenant,
    contoso::{contoso, managed_identities},
};

use crate::{plan::Plan, supervisor::Supervisor};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");
/// The number of hosts, each with its handler, on the same queues.
pub(crate) const HANDLERS: usize = 2;
/// The share of requests to Microsoft Graph that get a fault.
const SHARE_OF_FAULTS: f64 = 0.2;
const LATENCY: Duration = Duration::from_millis(20);
/// The replica lag of lists: longer than a handler takes until it reads what it wrote.
const LIST_LAG: Duration = Duration::from_millis(300);
/// The visibility timeout with which hosts receive messages; ten minutes in Azure.
const MESSAGE_LEASE: Duration = Duration::from_secs(10);
/// The trouble on the way to storage and its duration, repeated in a cycle. Retries overcome the partial
/// trouble; the outage lasts longer than they do.
pub(crate) const STORAGE_TROUBLE: [(Option<Trouble>, Duration); 4] = [
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 0.2, reset: 0.3 }), Duration::from_secs(4)),
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 1.0, reset: 0.0 }), Duration::from_secs(8)),
];

/// The running tenant, hosts and queues.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) hosts: Supervisor,
    /// The account and its queues, not through the proxy, so that observation is not disturbed.
    pub(crate) account: Account,
    pub(crate) requests: Queue,
    pub(crate) results: Queue,
    pub(crate) proxy: StorageProxy,
}

impl World {
    /// Starts the tenant, the queues and the hosts, which write their logs to a file.
    pub(crate) async fn start(
        app: &App,
        azurite: &Azurite,
        plan: &Plan,
        log: Option<&Path>,
    ) -> Result<Self> {
        let tenant = tenant(plan).await?;
        let account = azurite.account()?;
        let [requests, results] = [account.queue(REQUESTS)?, account.queue(RESULTS)?];
        requests.create_if_missing().await?;
        results.create_if_missing().await?;
        let [_, queue_port, _] = azurite.ports();
        let proxy = StorageProxy::start(queue_port, plan.seed).await?;
        let proxied = account.clone().with_queue_port(proxy.port())?;
        let mut options = app.options(&tenant, &proxied, Path::new(POLICY));
        scale(&mut options);
        options.echo = log.map(log_to).transpose()?;
        let hosts = Supervisor::start(&options, HANDLERS);
        Ok(Self { tenant, hosts, account, requests, results, proxy })
    }
}

async fn tenant(plan: &Plan) -> Result<Tenant> {
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
    tenant.set_seeded_faults(Some(SeededFaults { seed: plan.seed, share: SHARE_OF_FAULTS }));
    Ok(tenant)
}

/// Redelivers sixty times as fast as Azure. The handler gets a quarter of its usual time for each
/// delivery, which is still long compared with a `Retry-After`, which is as long as in Azure.
fn scale(options: &mut Options) {
    options.message_lease = MESSAGE_LEASE;
    let settings = [
        (queue_setting("visibilityTimeout"), "00:00:01"),
        (queue_setting("maxPollingInterval"), "00:00:00.2"),
        ("PACE_FACTOR".to_owned(), "0.25"),
    ];
    options.environment.extend(settings.map(|(name, value)| (name, value.to_owned())));
}

fn log_to(path: &Path) -> Result<Echo> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let file = Mutex::new(file);
    Ok(Arc::new(move |record| {
        if let Ok(mut file) = file.lock() {
            // A full disk does not end the run.
            drop(writeln!(file, "{record}"));
        }
    }))
}
