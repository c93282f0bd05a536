//! Every setting, read once. No other module reads the environment; only the Azure SDK's credential
//! finds the identity endpoint by itself.

mod env;
mod start_fault;
mod storage_connections;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use app_roles::ids::AppId;
use azure_core::http::Url;
use azure_rest::{endpoints, queues::QueueService, timing::pace_factor};
use broker::{ArmConfirmation, Mode, timing::Timing};
use env::set;
pub use env::{Env, ProcessEnv};
use microsoft_graph::write_quota::WriteQuota;
use shared_quota::budget::SPACING;
use start_fault::Faults;
pub use start_fault::StartFault;
pub use storage_connections::TableService;

/// Every setting of the handler.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`: the port to listen on. The host sets it.
    pub port: u16,
    /// `AZURE_CLIENT_ID`: the client id of the user-assigned identity. Default: the system-assigned
    /// identity.
    pub client_id: Option<AppId>,
    /// `GRAPH_ENDPOINT`: Microsoft Graph of the tenant's cloud, or an emulator on this machine.
    /// Default: `https://graph.microsoft.com`.
    pub graph_endpoint: Url,
    /// `ARM_ENDPOINT`: Azure Resource Manager of the same cloud, or an emulator on this machine.
    /// Default: the one of the cloud of `GRAPH_ENDPOINT`.
    pub arm_endpoint: Url,
    /// `GRAPH_WRITE_QUOTA`: the number of writes that Graph accepts from this app in the tenant, as
    /// `writes/seconds`. All instances share it. Default: `3000/150`, the documented quota.
    pub write_quota: WriteQuota,
    /// `SSL_CERT_FILE`: the certificate authorities to trust ("openssl-env", OpenSSL's manual). Default:
    /// the file of this Linux system. `None` leaves the choice to rustls: the file does not exist, or
    /// `SSL_CERT_DIR` names a directory.
    pub authorities: Option<PathBuf>,
    /// `POLICY_FILE`: the policy, relative to the app root. Default: `policy.json`.
    pub policy_file: PathBuf,
    /// `BROKER_MODE`: `enforce`, `report` or `paused`. Default: `enforce`.
    pub mode: Mode,
    /// `ARM_CONFIRMATION`: `required` or `privileged`. Which writes Azure Resource Manager must confirm.
    /// Default: `required`.
    pub confirmation: ArmConfirmation,
    /// `AzureWebJobsStorage`, `AzureWebJobsStorage__tableServiceUri` or
    /// `AzureWebJobsStorage__accountName`: the tables of the host's account, among them the record.
    pub tables: TableService,
    /// `AzureWebJobsStorage__queueServiceUri` and `RequestQueues__queueServiceUri`, `…__accountName`, or
    /// `AzureWebJobsStorage` and `RequestQueues`: the queue services, by the name of their connection.
    /// [`Settings::with_queues_of`] adds others.
    pub queues: BTreeMap<String, QueueService>,
    /// `WEBSITE_AUTH_ENABLED`: whether App Service Authentication ("Easy Auth") protects the app. The
    /// platform sets it. Only then are its headers trusted; otherwise, a caller could write them.
    pub easy_auth: bool,
    /// How long to work and wait. `PACE_FACTOR` multiplies the waits; it is accepted only if Graph is
    /// an emulator on this machine.
    pub timing: Timing,
    /// The time between two calls to the table of the shared quota on average. `PACE_FACTOR` multiplies it.
    pub quota_spacing: Duration,
}

impl Settings {
    /// Reads every setting, and reports every fault.
    pub fn read(env: &dyn Env) -> Result<Self, Vec<StartFault>> {
        let mut faults = Faults::default();
        let port = faults.check(port(env));
        let client_id = faults.check(client_id(env));
        let graph = faults.check(graph_endpoint(env).map(Some));
        let arm = faults.check(arm_endpoint(env, graph.as_ref()).map(Some));
        let write_quota = faults.check(write_quota(env));
        let mode = faults.check(mode(env));
        let confirmation = faults.check(confirmation(env));
        let pace = faults.check(pace(env, graph.as_ref()));
        let (queues, faults_of_queues) = storage_connections::queues(env, graph.as_ref());
        let tables = faults.check(storage_connections::tables(env, graph.as_ref()).map(Some));
        faults.add(faults_of_queues);
        faults.check(identity_endpoint(env));
        let faults = faults.all();
        match (graph, arm, tables) {
            (Some(graph_endpoint), Some(arm_endpoint), Some(tables)) if faults.is_empty() => {
                Ok(Self {
                    port,
                    client_id,
                    graph_endpoint,
                    arm_endpoint,
                    write_quota,
                    authorities: authorities(env),
                    policy_file: policy_file(env),
                    mode,
                    confirmation,
                    tables,
                    queues,
                    easy_auth: easy_auth(env),
                    timing: Timing::default().scaled(pace),
                    quota_spacing: SPACING.mul_f64(pace),
                })
            }
            _ => Err(faults),
        }
    }

    /// Adds the queue services of connections that only function folders name.
    ///
    /// A connection whose settings give no queue service is left out, and a message to one of its queues is
    /// then an error. The host itself checks the connections that it needs.
    #[must_use]
    pub fn with_queues_of<'a>(
        mut self,
        env: &dyn Env,
        connections: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        for connection in connections {
            if self.queues.contains_key(connection) {
                continue;
            }
            let found = storage_connections::named_queues(env, connection, &self.graph_endpoint);
            self.queues.extend(found.map(|service| (connection.to_owned(), service)));
        }
        self
    }

    /// The scope of tokens for Microsoft Graph.
    #[must_use]
    pub fn graph_scope(&self) -> String {
        endpoints::graph_scope(&self.graph_endpoint)
    }

    /// The scope of tokens for Azure Resource Manager.
    #[must_use]
    pub fn arm_scope(&self) -> String {
        endpoints::arm_scope(&self.arm_endpoint)
    }
}

/// `FUNCTIONS_APP_ROOT_PATH`: the folder of the app's files. It is known before any other setting.
#[must_use]
pub fn app_root(env: &dyn Env) -> PathBuf {
    env.get("FUNCTIONS_APP_ROOT_PATH").map_or_else(|| Path::new(".").to_owned(), PathBuf::from)
}

fn policy_file(env: &dyn Env) -> PathBuf {
    app_root(env).join(env.get("POLICY_FILE").as_deref().unwrap_or("policy.json"))
}

fn port(env: &dyn Env) -> Result<u16, StartFault> {
    const NAME: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
    let text = env.get(NAME).ok_or_else(|| {
        StartFault::new(NAME, "is not set: the Functions host sets it when it starts this program")
    })?;
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(StartFault::new(NAME, format!("is {text:?} and must be a port number"))),
    }
}

fn client_id(env: &dyn Env) -> Result<Option<AppId>, StartFault> {
    const NAME: &str = "AZURE_CLIENT_ID";
    set(env, NAME).map(|text| AppId::parse(&text)).transpose().map_err(|error| {
        let problem = format!("is not the client id of a user-assigned identity: {error}");
        StartFault::new(NAME, problem)
    })
}

fn graph_endpoint(env: &dyn Env) -> Result<Url, StartFault> {
    const NAME: &str = "GRAPH_ENDPOINT";
    endpoints::graph(env.get(NAME).as_deref())
        .map_err(|error| StartFault::new(NAME, error.to_string()))
}

fn arm_endpoint(env: &dyn Env, graph: Option<&Url>) -> Result<Url, StartFault> {
    const NAME: &str = "ARM_ENDPOINT";
    endpoints::arm(env.get(NAME).as_deref(), graph)
        .map_err(|error| StartFault::new(NAME, error.to_string()))
}

/// Checks the variables of the identity endpoint. Without them, the Azure SDK would try the endpoint of a
/// virtual machine for more than a minute. An endpoint on another machine would receive the secret header
/// and could issue any token.
fn identity_endpoint(env: &dyn Env) -> Result<(), StartFault> {
    for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"] {
        if set(env, name).is_none() {
            return Err(StartFault::new(
                name,
                "is not set: this function app has no managed identity. Assign one to it, and set \
                 AZURE_CLIENT_ID if it is user-assigned; on your own machine, run `cargo run -p demo`",
            ));
        }
    }
    let endpoint = set(env, "IDENTITY_ENDPOINT").and_then(|text| Url::parse(&text).ok());
    if !endpoint.is_some_and(|url| endpoints::is_local(&url)) {
        return Err(StartFault::new(
            "IDENTITY_ENDPOINT",
            "is not an address of this machine (127.0.0.1, localhost) or of its link (169.254.0.0/16): \
             the platform sets it, so remove the app setting of this name",
        ));
    }
    Ok(())
}

fn write_quota(env: &dyn Env) -> Result<WriteQuota, StartFault> {
    const NAME: &str = "GRAPH_WRITE_QUOTA";
    let Some(text) = set(env, NAME) else { return Ok(WriteQuota::default()) };
    WriteQuota::parse(&text).ok_or_else(|| {
        let problem = format!("is {text:?} and must be writes and seconds, for example 3000/150");
        StartFault::new(NAME, problem)
    })
}

fn mode(env: &dyn Env) -> Result<Mode, StartFault> {
    const NAME: &str = "BROKER_MODE";
    let Some(text) = env.get(NAME) else { return Ok(Mode::default()) };
    Mode::parse(&text).ok_or_else(|| StartFault::new(NAME, "must be enforce, report or paused"))
}

fn confirmation(env: &dyn Env) -> Result<ArmConfirmation, StartFault> {
    const NAME: &str = "ARM_CONFIRMATION";
    let Some(text) = set(env, NAME) else { return Ok(ArmConfirmation::default()) };
    ArmConfirmation::parse(&text)
        .ok_or_else(|| StartFault::new(NAME, "must be required or privileged"))
}

/// See [`Settings::authorities`].
fn authorities(env: &dyn Env) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") || env.get("SSL_CERT_DIR").is_some() {
        return None;
    }
    env.get("SSL_CERT_FILE").map(PathBuf::from).or_else(|| openssl_probe::probe().cert_file)
}

/// Any value other than the platform's own counts as off.
fn easy_auth(env: &dyn Env) -> bool {
    env.get("WEBSITE_AUTH_ENABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// See [`Settings::timing`].
fn pace(env: &dyn Env, graph: Option<&Url>) -> Result<f64, StartFault> {
    const NAME: &str = "PACE_FACTOR";
    pace_factor(env.get(NAME).as_deref(), graph)
        .map_err(|error| StartFault::new(NAME, error.to_string()))
}

#[cfg(test)]
mod storage_tests;
#[cfg(test)]
mod tests;
