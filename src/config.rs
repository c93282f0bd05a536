//! Every setting, read once. Nothing else reads the environment, but the Azure SDK's credential,
//! which finds the identity endpoint by itself.

mod storage_endpoints;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use azure_core::http::Url;
use azure_rest::endpoints::{self, is_loopback};
pub use storage_endpoints::StorageEndpoints;

use app_roles::ids::AppId;
use broker::mode::Mode;
use broker::timing::Timing;
use microsoft_graph::write_quota::WriteQuota;

/// Where settings come from: the process, or a map in tests.
pub trait Env {
    /// The value of a setting, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Env for HashMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        HashMap::get(self, name).map(ToString::to_string)
    }
}

/// Every setting of the handler.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`, set by the host: the port to listen on.
    pub port: u16,
    /// `AZURE_CLIENT_ID`: the client id of the user-assigned identity. Default: the system-assigned
    /// identity.
    pub client_id: Option<AppId>,
    /// `GRAPH_ENDPOINT`: the Graph of the tenant's cloud, or an emulator on this machine. Default:
    /// `https://graph.microsoft.com`.
    pub graph_endpoint: Url,
    /// `ARM_ENDPOINT`: the Azure Resource Manager of the same cloud, or an emulator on this machine.
    /// Default: that of the cloud to which `GRAPH_ENDPOINT` belongs.
    pub arm_endpoint: Url,
    /// `GRAPH_WRITE_QUOTA`: how many writes Graph accepts of this process, as `writes/seconds`. With
    /// several instances, each one's share. Default: `3000/150`, the documented quota.
    pub write_quota: WriteQuota,
    /// `SSL_CERT_FILE`: the certificate authorities to trust ("openssl-env", OpenSSL's manual). Default:
    /// the file in which this Linux has its own. `None` where `SSL_CERT_DIR` names a directory, and where
    /// there is no such file: then it is left to rustls.
    pub authorities: Option<PathBuf>,
    /// `POLICY_FILE`: where the policy lies, relative to the app root. Default: `policy.json`.
    pub policy_file: PathBuf,
    /// `BROKER_MODE`: `enforce`, `report` or `paused`. Default: `enforce`.
    pub mode: Mode,
    /// Where storage is reached with the broker's identity: the settings of the Functions host for
    /// identity-based connections.
    pub storage: StorageEndpoints,
    /// `WEBSITE_AUTH_ENABLED`, set by the platform: whether App Service Authentication ("Easy Auth")
    /// stands before the app. Only then is it believed who signed in: otherwise a caller could write
    /// those headers.
    pub easy_auth: bool,
    /// How long things may take. `PACE_FACTOR` multiplies the waits between tries; it is accepted
    /// only where Graph is an emulator on this machine.
    pub timing: Timing,
}

/// Something that keeps the broker from starting: a setting or a file, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFault {
    /// The setting or file.
    pub name: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

impl fmt::Display for StartFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.problem)
    }
}

impl Settings {
    /// Reads every setting; every fault is reported, not only the first.
    pub fn read(env: &dyn Env) -> Result<Self, Vec<StartFault>> {
        let mut faults = Vec::new();
        let mut keep = |fault: StartFault| faults.push(fault);
        let port = port(env).map_err(&mut keep).ok();
        let client_id = client_id(env).map_err(&mut keep).ok();
        let graph_endpoint = graph_endpoint(env).map_err(&mut keep).ok();
        let arm_endpoint = arm_endpoint(env, graph_endpoint.as_ref()).map_err(&mut keep).ok();
        let write_quota = write_quota(env).map_err(&mut keep).ok();
        let mode = mode(env).map_err(&mut keep).ok();
        let timing = pace(env, graph_endpoint.as_ref()).map_err(&mut keep).ok();
        let with_emulators = graph_endpoint.as_ref().is_some_and(is_loopback);
        let storage = StorageEndpoints::read(env, with_emulators, &mut keep);
        identity_endpoint(env).map_err(&mut keep).ok();
        let policy_file =
            app_root(env).join(env.get("POLICY_FILE").as_deref().unwrap_or("policy.json"));
        match (port, client_id, graph_endpoint, arm_endpoint, write_quota, mode, timing) {
            (
                Some(port),
                Some(client_id),
                Some(graph_endpoint),
                Some(arm_endpoint),
                Some(write_quota),
                Some(mode),
                Some(timing),
            ) if faults.is_empty() => Ok(Self {
                port,
                client_id,
                graph_endpoint,
                arm_endpoint,
                write_quota,
                authorities: authorities(env),
                policy_file,
                mode,
                storage,
                easy_auth: easy_auth(env),
                timing,
            }),
            _ => Err(faults),
        }
    }

    /// For what tokens for Graph are asked.
    #[must_use]
    pub fn graph_scope(&self) -> String {
        endpoints::graph_scope(&self.graph_endpoint)
    }

    /// The same for Azure Resource Manager.
    #[must_use]
    pub fn arm_scope(&self) -> String {
        endpoints::arm_scope(&self.arm_endpoint)
    }
}

/// `GRAPH_ENDPOINT`: see [`Settings::graph_endpoint`].
pub fn graph_endpoint(env: &dyn Env) -> Result<Url, StartFault> {
    const NAME: &str = "GRAPH_ENDPOINT";
    endpoints::graph(env.get(NAME).as_deref()).map_err(|error| fault(NAME, error.to_string()))
}

/// `ARM_ENDPOINT`: see [`Settings::arm_endpoint`]. `graph` is the Graph of the same cloud.
pub fn arm_endpoint(env: &dyn Env, graph: Option<&Url>) -> Result<Url, StartFault> {
    const NAME: &str = "ARM_ENDPOINT";
    endpoints::arm(env.get(NAME).as_deref(), graph).map_err(|error| fault(NAME, error.to_string()))
}

/// Where the app's files lie, known before anything else is.
#[must_use]
pub fn app_root(env: &dyn Env) -> PathBuf {
    env.get("FUNCTIONS_APP_ROOT_PATH").map_or_else(|| Path::new(".").to_owned(), PathBuf::from)
}

fn fault(name: &str, problem: impl Into<String>) -> StartFault {
    StartFault { name: name.to_owned(), problem: problem.into() }
}

fn port(env: &dyn Env) -> Result<u16, StartFault> {
    const NAME: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
    let text = env.get(NAME).ok_or_else(|| {
        fault(NAME, "is not set: the Functions host sets it when it starts this program")
    })?;
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(fault(NAME, format!("is {text:?} and must be a port number"))),
    }
}

/// `AZURE_CLIENT_ID`: see [`Settings::client_id`].
pub fn client_id(env: &dyn Env) -> Result<Option<AppId>, StartFault> {
    const NAME: &str = "AZURE_CLIENT_ID";
    match env.get(NAME).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => AppId::parse(&text).map(Some).map_err(|error| {
            fault(NAME, format!("is not the client id of a user-assigned identity: {error}"))
        }),
    }
}

/// Without these variables the Azure SDK would look for a virtual machine's endpoint, for more than a
/// minute and in vain.
fn identity_endpoint(env: &dyn Env) -> Result<(), StartFault> {
    for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"] {
        if env.get(name).is_none_or(|value| value.is_empty()) {
            return Err(fault(
                name,
                "is not set: this function app has no managed identity. Assign one to it (and set \
                 AZURE_CLIENT_ID if it is user-assigned); on your own machine, run `cargo run -p \
                 demo`",
            ));
        }
    }
    Ok(())
}

fn write_quota(env: &dyn Env) -> Result<WriteQuota, StartFault> {
    const NAME: &str = "GRAPH_WRITE_QUOTA";
    let Some(text) = env.get(NAME).filter(|text| !text.is_empty()) else {
        return Ok(WriteQuota::default());
    };
    WriteQuota::parse(&text).ok_or_else(|| {
        fault(NAME, format!("is {text:?} and must be writes and seconds, for instance 3000/150"))
    })
}

fn mode(env: &dyn Env) -> Result<Mode, StartFault> {
    const NAME: &str = "BROKER_MODE";
    let Some(text) = env.get(NAME) else { return Ok(Mode::default()) };
    Mode::parse(&text).ok_or_else(|| fault(NAME, "must be enforce, report or paused"))
}

/// See [`Settings::authorities`].
fn authorities(env: &dyn Env) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") || env.get("SSL_CERT_DIR").is_some() {
        return None;
    }
    env.get("SSL_CERT_FILE").map(PathBuf::from).or_else(|| openssl_probe::probe().cert_file)
}

/// Anything but the platform's own word counts as off.
fn easy_auth(env: &dyn Env) -> bool {
    env.get("WEBSITE_AUTH_ENABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// `PACE_FACTOR`: see [`Settings::pace`].
pub fn pace(env: &dyn Env, graph_endpoint: Option<&Url>) -> Result<Timing, StartFault> {
    const NAME: &str = "PACE_FACTOR";
    let Some(text) = env.get(NAME) else {
        return Ok(Timing::default());
    };
    if !graph_endpoint.is_some_and(is_loopback) {
        return Err(fault(
            NAME,
            "is for emulators: it is accepted only if GRAPH_ENDPOINT is on 127.0.0.1",
        ));
    }
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 1.0 => Ok(Timing::default().scaled(factor)),
        _ => Err(fault(NAME, "must be a number above 0 and up to 1")),
    }
}

#[cfg(test)]
mod tests;
