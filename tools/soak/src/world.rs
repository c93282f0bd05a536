//! The handlers' surroundings, and how they fail.

use std::{
    convert::Infallible,
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context as _, Result};
use app_process::app::{App, REQUESTS, RESULTS, queue_setting};
use functions_host_emulator::{Echo, Options};
use storage_emulator::{Account, Azurite, Queue, StorageProxy, TableProxy, TableRequest, Trouble};
use tenant_emulator::{
    SeededFaults, Tenant, WriteQuota,
    contoso::{contoso, managed_identities},
};

use crate::{
    record::{INTENTS, entities},
    supervisor::Supervisor,
};

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
const STORAGE_TROUBLE: [(Option<Trouble>, Duration); 4] = [
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 0.2, reset: 0.3 }), Duration::from_secs(4)),
    (None, Duration::from_secs(6)),
    (Some(Trouble { refuse: 1.0, reset: 0.0 }), Duration::from_secs(8)),
];

/// The longest time until the timer has settled an intent that was left open: it does so after ten minutes,
/// which take a quarter of that here.
const LONGEST_OPEN: Duration = Duration::from_secs(240);
/// The interval between looks at open intents.
const LOOK: Duration = Duration::from_secs(10);
/// The schedule of the timers: four times as often as that of ends in Azure.
const SCHEDULE: &str = "*/15 * * * * *";
const TIMERS: [&str; 3] = ["EndAssignments", "SettleIntents", "FinishApprovals"];

/// What differs from one kind of run to the other.
pub(crate) struct Surroundings<'a> {
    pub(crate) seed: u64,
    /// The delay after which each identity is created; `None` if it exists from the start.
    pub(crate) arrivals: Vec<Option<Duration>>,
    pub(crate) write_quota: WriteQuota,
    pub(crate) policy: &'a Path,
    /// The file for the logs of the hosts.
    pub(crate) log: Option<&'a Path>,
}

/// The running tenant, hosts and queues.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) hosts: Supervisor,
    /// The account and its queues, not through the proxy, so that observation is not disturbed.
    pub(crate) account: Account,
    pub(crate) requests: Queue,
    pub(crate) results: Queue,
    pub(crate) proxy: StorageProxy,
    /// The way of each handler to the tables.
    pub(crate) tables: Vec<TableProxy>,
    options: Vec<Options>,
}

impl World {
    /// Starts the tenant, the queues and the hosts, which write their logs to a file.
    pub(crate) async fn start(
        app: &App,
        azurite: &Azurite,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self> {
        let tenant = tenant(surroundings).await?;
        let account = azurite.account()?;
        let [requests, results] = [account.queue(REQUESTS)?, account.queue(RESULTS)?];
        requests.create_if_missing().await?;
        results.create_if_missing().await?;
        let [_, queue_port, table_port] = azurite.ports();
        let proxy = StorageProxy::start(queue_port, surroundings.seed).await?;
        let echo = surroundings.log.map(log_to).transpose()?;
        let (mut tables, mut all) = (Vec::new(), Vec::new());
        for _ in 0..HANDLERS {
            let way = TableProxy::start(table_port).await?;
            let proxied = account.clone().with_queue_port(proxy.port())?;
            let proxied = proxied.with_table_port(way.port())?;
            let mut options = app.options(&tenant, &proxied, surroundings.policy);
            scale(&mut options);
            options.echo.clone_from(&echo);
            tables.push(way);
            all.push(options);
        }
        let hosts = Supervisor::start(&all);
        Ok(Self { tenant, hosts, account, requests, results, proxy, tables, options: all })
    }

    /// Stops the hosts, and starts new ones with another policy after a pause, as a deployment does.
    pub(crate) async fn deploy(&mut self, policy: &Path, pause: Duration) -> Result<()> {
        let hosts = std::mem::replace(&mut self.hosts, Supervisor::start(&[]));
        hosts.stop().await?;
        tokio::time::sleep(pause).await;
        for options in &mut self.options {
            let setting = ("POLICY_FILE".to_owned(), policy.to_string_lossy().into_owned());
            options.environment.push(setting);
        }
        self.hosts = Supervisor::start(&self.options);
        Ok(())
    }

    /// Repeats the trouble on the way to queues.
    pub(crate) async fn trouble_queues(&self) -> Infallible {
        loop {
            for (trouble, time) in STORAGE_TROUBLE {
                self.proxy.set_trouble(trouble);
                tokio::time::sleep(time).await;
            }
        }
    }

    /// Waits until the timer has settled every intent that was left open. Nothing fails any more.
    pub(crate) async fn settle(&self) -> Result<()> {
        self.tenant.set_seeded_faults(None);
        let began = tokio::time::Instant::now();
        while began.elapsed() < LONGEST_OPEN {
            let open = entities(&self.account, INTENTS).await?.len();
            if open == 0 {
                break;
            }
            println!("{open} intents are open");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// The requests of all handlers to tables.
pub(crate) fn table_requests(tables: &[TableProxy]) -> Vec<TableRequest> {
    tables.iter().flat_map(TableProxy::requests).collect()
}

async fn tenant(surroundings: &Surroundings<'_>) -> Result<Tenant> {
    let Surroundings { seed, arrivals, write_quota, .. } = surroundings;
    let tenant = Tenant::start(contoso()).await?;
    for (identity, arrival) in managed_identities(arrivals.len()).into_iter().zip(arrivals) {
        match *arrival {
            Some(delay) => tenant.add_service_principal_after(identity, delay),
            None => tenant.add_service_principal(identity),
        }
    }
    tenant.set_latency(LATENCY);
    tenant.set_list_lag(LIST_LAG);
    tenant.set_write_quota(Some(*write_quota));
    tenant.set_seeded_faults(Some(SeededFaults { seed: *seed, share: SHARE_OF_FAULTS }));
    Ok(tenant)
}

/// Redelivers sixty times as fast as Azure. The handler gets a quarter of its usual time for each
/// delivery, which is still long compared with a `Retry-After`, which is as long as in Azure.
///
/// Each host works on 24 messages at once instead of 224. One machine does all the work here: with more,
/// deliveries that come back every second would take each other's time until none is finished.
fn scale(options: &mut Options) {
    options.message_lease = MESSAGE_LEASE;
    let settings = [
        (queue_setting("batchSize"), "16"),
        (queue_setting("newBatchThreshold"), "8"),
        (queue_setting("visibilityTimeout"), "00:00:01"),
        (queue_setting("maxPollingInterval"), "00:00:00.2"),
        ("PACE_FACTOR".to_owned(), "0.25"),
    ];
    options.environment.extend(settings.map(|(name, value)| (name, value.to_owned())));
    options.schedules = TIMERS.map(|timer| (timer.to_owned(), SCHEDULE.to_owned())).into();
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
