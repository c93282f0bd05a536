//! Everything that stands in for Azure: Azurite, the emulated tenant, and the emulated Functions host
//! with the handler.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use app_process::app::{App, CHECKS, ENDS, EVENTS, FAILED, RECORD, REQUESTS, RESULTS};
use functions_host_emulator::{Echo, FunctionsHost, Outcome};
use serde_json::Value;
use storage_emulator::{Account, Azurite, Queue, Table};
use tenant_emulator::{
    Tenant,
    contoso::{ORDERS_API, ORDERS_READ, REPORTS_IDENTITY},
};

use crate::{
    http_call,
    persons::{self, APPROVER, OPERATOR, Person},
    ports::Ports,
    results::{Results, has},
};

/// The policy of the demo.
const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// The longest wait for an invocation. The handler needs milliseconds; the rest allows for a slow
/// machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The schedule of the timer that ends assignments. With its usual schedule, the reader would wait for a
/// minute.
const ENDS_SCHEDULE: &str = "*/2 * * * * *";

/// The path of the health endpoint.
const HEALTH: &str = "api/health";
/// The name of the log line with the reason why a policy is refused.
const POLICY_CLOSED: &str = "policy.closed";

/// What to start.
#[derive(Clone, Default)]
pub struct Setup {
    /// The reader's own policy, in place of the demo's.
    pub policy: Option<PathBuf>,
    /// Where to listen.
    pub ports: Ports,
    /// Called with every line of the host's log.
    pub echo: Option<Echo>,
}

/// The running stand-ins. Dropping them stops all processes.
pub struct LocalAzure {
    /// The tenant with the identities and APIs.
    pub tenant: Tenant,
    /// The host of the broker.
    pub host: FunctionsHost,
    /// The storage account with all queues and tables.
    pub account: Account,
    /// The results that the host has written.
    pub results: Results,
    /// The policy file of the broker.
    pub policy: PathBuf,
    pub(crate) has_own_policy: bool,
    pub(crate) requests: Queue,
    pub(crate) events: Queue,
    pub(crate) record: Table,
    pub(crate) queue_port: u16,
    /// The token with which the approver signs in to the broker.
    pub(crate) approver_token: String,
    operator_token: String,
    _azurite: Azurite,
    _app: App,
}

impl LocalAzure {
    /// Starts everything.
    ///
    /// # Errors
    ///
    /// If a part does not start, or the broker refuses the policy.
    pub async fn start(app: App, setup: Setup) -> Result<Self> {
        let has_own_policy = setup.policy.is_some();
        let policy = policy_file(setup.policy.as_deref())?;
        let azurite = match setup.ports.storage() {
            Some(ports) => Azurite::start_on(ports).await?,
            None => Azurite::start().await?,
        };
        let account = azurite.well_known_account()?;
        for name in [REQUESTS, RESULTS, FAILED, EVENTS, CHECKS] {
            account.queue(name)?.create_if_missing().await?;
        }
        let tenant = Tenant::start_on(setup.ports.tenant(), persons::directory()).await?;
        // An administrator assigned this before there was a broker.
        tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ)?;
        let approver_token = persons::sign_in(&tenant, APPROVER).await?;
        let operator_token = persons::sign_in(&tenant, OPERATOR).await?;
        let (observer, results) = Results::observed(account.queue(RESULTS)?);
        let mut options = app.options(&tenant, &account, &policy);
        options.keys.push(http_call::key());
        let tokens = [(APPROVER, approver_token.as_str()), (OPERATOR, &operator_token)];
        options.easy_auth = Some(persons::easy_auth(tokens));
        options.schedules.insert(ENDS.to_owned(), ENDS_SCHEDULE.to_owned());
        options.echo = setup.echo;
        options.written = Some(observer);
        options.http_port = setup.ports.http();
        let host = FunctionsHost::start(options).await?;
        host.ready().await?;
        check_policy(&host, &policy).await?;
        let [_, queue_port, _] = azurite.ports();
        Ok(Self {
            tenant,
            host,
            requests: account.queue(REQUESTS)?,
            events: account.queue(EVENTS)?,
            record: account.table(RECORD),
            account,
            results,
            policy,
            has_own_policy,
            queue_port,
            approver_token,
            operator_token,
            _azurite: azurite,
            _app: app,
        })
    }

    /// Sends a request to the queue. Returns its result, and the time until the invocation had finished.
    ///
    /// # Errors
    ///
    /// If the invocation fails, or there is no result in time.
    pub async fn ask(&mut self, request: &str) -> Result<(Value, Duration)> {
        let began = Instant::now();
        let id = self.requests.send_identified(request).await?;
        self.wait_for_success(&id).await?;
        let took = began.elapsed();
        let result = self.results.claim(PATIENCE, |result| has(result, "messageId", &id)).await?;
        Ok((result, took))
    }

    /// The token with which a person signs in to the broker.
    #[must_use]
    pub fn token(&self, person: Person) -> &str {
        if person == APPROVER { &self.approver_token } else { &self.operator_token }
    }

    /// Waits for the invocation with a queue message, and checks that it succeeded.
    pub(crate) async fn wait_for_success(&self, message_id: &str) -> Result<()> {
        let waited = tokio::time::timeout(PATIENCE, self.outcome(message_id)).await;
        match waited.context(
            "the host has not received the message: another reader may have taken it from the queue; \
             run with --verbose to see the log",
        )?? {
            Outcome::Succeeded => Ok(()),
            Outcome::Failed(reason) => {
                bail!("the invocation failed: {reason}; run with --verbose to see the log")
            }
        }
    }

    async fn outcome(&self, message_id: &str) -> Result<Outcome> {
        let mut all = self.host.invocations();
        loop {
            let mut of_message =
                all.iter().filter(|one| one.message_id.as_deref() == Some(message_id));
            if let Some(found) = of_message.next() {
                return Ok(found.outcome.clone());
            }
            // Timers fire meanwhile.
            all = self.host.wait_for_invocations(all.len() + 1, PATIENCE).await?;
        }
    }
}

/// The absolute path of the policy: the handler runs in another folder.
fn policy_file(own: Option<&Path>) -> Result<PathBuf> {
    let file = own.unwrap_or(Path::new(POLICY));
    file.canonicalize().with_context(|| format!("the policy {} cannot be read", file.display()))
}

/// Fails if the broker refuses its policy: it would deny everything, which would teach nothing.
async fn check_policy(host: &FunctionsHost, policy: &Path) -> Result<()> {
    let answer = reqwest::get(host.http_url().join(HEALTH)?).await?;
    let health: Value = serde_json::from_slice(&answer.bytes().await?)?;
    if health.pointer("/checks/policy").is_none_or(|word| word != "failed") {
        return Ok(());
    }
    let log = host.log();
    let reason = log.iter().find(|line| line.message.contains(POLICY_CLOSED));
    let reason = reason.map(|line| line.message.as_str()).unwrap_or_default();
    bail!("the broker refuses the policy {}: {reason}", policy.display());
}
