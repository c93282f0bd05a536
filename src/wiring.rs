//! Builds the broker from the settings.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use app_roles::policy::{Policy, PolicyFaults};
use azure_rest::{
    arm::Arm,
    client, credential,
    queues::{QueueAddress, QueueService, Queues},
    rest::RestClient,
    storage::{STORAGE_SCOPE, Storage},
    tables::Tables,
    token::TokenSource,
};
use broker::{Broker, LogOutput, MOST_ASSIGNMENTS, Outbox, Parts};
use microsoft_graph::Graph;
use record::{instances::InstanceRows, record::Record};
use shared_quota::{exchange::exchange_rows, instance::InstanceShare};
use time::OffsetDateTime;

use crate::config::{Settings, StartFault, TableService};

/// Makes the broker that the settings describe. `results` are the queues of the functions' results, by
/// the name of the function.
///
/// An unreadable policy does not prevent the start: the broker denies everything, and says why in every
/// answer.
pub fn broker(
    settings: &Settings,
    results: BTreeMap<String, QueueAddress>,
    log: LogOutput,
) -> Result<Broker, StartFault> {
    let timing = &settings.timing.calls;
    let client = client(settings).map_err(no_client)?;
    let to_endpoint = client::build_for_identity_endpoint(timing).map_err(no_client)?;
    let make_credential = credential::managed_identity(&to_endpoint, settings.client_id);
    let rest = |scope| {
        let tokens = TokenSource::new(make_credential.clone(), scope, timing.clone())
            .of_client(settings.client_id);
        RestClient::new(client.clone(), Arc::new(tokens), timing.clone())
    };
    let to_storage = rest(STORAGE_SCOPE.to_owned());
    let tables = tables(settings, &to_storage, &client);
    let share = share_quota(settings, &tables);
    let queues = Queues::new(&to_storage, client.clone(), settings.queues.clone());
    let checked = Queues::new(&to_storage, client.clone(), queues_with_identity(settings));
    Ok(Broker::new(Parts {
        graph: Arc::new(Graph::with_share(
            rest(settings.graph_scope()),
            &settings.graph_endpoint,
            share,
        )),
        arm: Arm::new(rest(settings.arm_scope()), settings.arm_endpoint.clone()),
        storage: Some(Storage::new(checked, tables.clone())),
        record: Some(Record::new(tables)),
        outbox: Some(Outbox::new(queues, results, settings.timing.queue_away)),
        policy: read_policy(settings),
        mode: settings.mode,
        log,
        confirmation: settings.confirmation,
        timing: settings.timing.clone(),
        most_assignments: MOST_ASSIGNMENTS,
    }))
}

/// The share of this instance in the write quota, and the task that exchanges rows with the others.
fn share_quota(settings: &Settings, tables: &Tables) -> Arc<InstanceShare> {
    let instance = format!("{:032x}", rand::random::<u128>());
    let spacing = settings.quota_spacing;
    let share = Arc::new(InstanceShare::new(instance.clone(), settings.write_quota, spacing));
    let mut rows = InstanceRows::new(tables, instance);
    let exchanged = share.clone();
    tokio::spawn(async move { exchange_rows(&exchanged, &mut rows).await });
    share
}

/// The queue services whose queues are checked. Services with a key are left out: they are for development,
/// where the host starts without the queues that it does not use.
fn queues_with_identity(settings: &Settings) -> BTreeMap<String, QueueService> {
    let services = settings.queues.iter();
    let services = services.filter(|(_, service)| matches!(service, QueueService::Identity(_)));
    services.map(|(connection, service)| (connection.clone(), service.clone())).collect()
}

/// The table service of the host's account, with the broker's identity or with the account's key.
fn tables(settings: &Settings, rest: &RestClient, client: &reqwest::Client) -> Tables {
    match settings.tables.clone() {
        TableService::Identity(service) => Tables::with_tokens(rest.clone(), service),
        TableService::Key(service, key) => {
            Tables::with_shared_key(client.clone(), service, key, rest.timing().clone())
        }
    }
}

fn client(settings: &Settings) -> Result<reqwest::Client, reqwest::Error> {
    let (endpoint, timing) = (&settings.graph_endpoint, &settings.timing.calls);
    match &settings.authorities {
        Some(file) => client::build_trusting(file, endpoint, timing),
        None => client::build(endpoint, timing),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err needs")]
fn no_client(error: reqwest::Error) -> StartFault {
    let problem = format!(
        "could not be built: {error}. Install the operating system's certificate authorities, or \
         name a file of them in SSL_CERT_FILE"
    );
    StartFault { name: "the HTTP client".to_owned(), problem }
}

/// Why a policy file cannot be used. `Display` is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum UnusablePolicy {
    /// The file cannot be read.
    #[error("{file} cannot be read ({error}); put a policy there or name another in POLICY_FILE")]
    Unreadable {
        /// The file.
        file: String,
        /// The reason.
        error: std::io::Error,
    },
    /// The file has faults.
    #[error("{file} is refused: {faults}")]
    Faulty {
        /// The file.
        file: String,
        /// The faults.
        faults: PolicyFaults,
    },
}

impl UnusablePolicy {
    /// The reason in lines: one for each fault, with its line and column.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Unreadable { .. } => vec![self.to_string()],
            Self::Faulty { file, faults } => {
                faults.0.iter().map(|fault| fault.in_file(file)).collect()
            }
        }
    }
}

/// Reads a policy file.
pub fn parse_policy(path: &Path) -> Result<Policy, UnusablePolicy> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => {
            Policy::parse(&bytes).map_err(|faults| UnusablePolicy::Faulty { file, faults })
        }
        Err(error) => Err(UnusablePolicy::Unreadable { file, error }),
    }
}

fn read_policy(settings: &Settings) -> Policy {
    let file = &settings.policy_file;
    match parse_policy(file) {
        Ok(policy) => {
            tracing::info!(
                event = "policy.read",
                policy_sha256 = policy.sha256(),
                file = %file.display(),
                "the policy is in force"
            );
            let warnings = policy.warnings(OffsetDateTime::now_utc());
            for warning in warnings.iter().filter(|warning| warning.is_open()) {
                tracing::warn!(event = "policy.warning", "{warning}");
            }
            if policy.has_approvals() && !settings.easy_auth {
                tracing::warn!(
                    event = "approval.impossible",
                    "rules of the policy need approvals, and App Service Authentication is off, so no \
                     approver can sign in: switch it on, or requests that need an approval expire"
                );
            }
            policy
        }
        Err(reason) => {
            tracing::error!(
                event = "policy.closed",
                "nothing is allowed: {reason}; then restart the function app"
            );
            Policy::unavailable(reason.to_string())
        }
    }
}
