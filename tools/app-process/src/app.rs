//! The app that a tool starts: the folder of host.json and the handler binary.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use functions_host_emulator::Options;
use packaging::zip_file;
use storage_emulator::Account;
use tempfile::TempDir;
use tenant_emulator::Tenant;

use crate::cargo_build::{self, workspace_root};

/// The queue that triggers `AssignRole`.
pub const REQUESTS: &str = "app-role-requests";
/// The queue to which `AssignRole` writes results.
pub const RESULTS: &str = "app-role-results";
/// The queue to which `AssignRole` writes requests that it failed to carry out.
pub const FAILED: &str = "app-role-failed";
/// The dead letter queue of [`REQUESTS`]: the host moves messages here that failed too often.
pub const POISON: &str = "app-role-requests-poison";
/// The queue that triggers `ResourceEventQueue`.
pub const EVENTS: &str = "resource-events";
/// The queue that triggers `BaselineChecks`: what `ReconcileRoles` asks for.
pub const CHECKS: &str = "baseline-checks";
/// The table of the audit record.
pub const RECORD: &str = "AppRoleAudit";
/// The timer that removes assignments whose end has come.
pub const ENDS: &str = "EndAssignments";

/// The app setting that overrides the handler's path of host.json.
const HANDLER_PATH: &str =
    "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";

/// The app, ready to be started by a host. Cloning it is cheap.
#[derive(Clone)]
pub struct App {
    root: PathBuf,
    /// The path of the handler binary; `None` if host.json names it.
    handler: Option<String>,
    /// Deleted with the last clone.
    _unpacked: Option<Arc<TempDir>>,
}

impl App {
    /// Builds the handler of this source tree, in the profile in which this tool was built.
    ///
    /// # Errors
    ///
    /// If the build fails.
    pub async fn build() -> Result<Self> {
        Ok(Self::with_handler(cargo_build::build("app-role-broker", "app-role-broker").await?))
    }

    /// The app of this source tree with another handler binary.
    #[must_use]
    pub fn with_handler(handler: String) -> Self {
        Self { root: workspace_root(), handler: Some(handler), _unpacked: None }
    }

    /// Unpacks a package into a temporary folder.
    ///
    /// # Errors
    ///
    /// If the package is not a zip file or the folder cannot be written.
    pub fn unpack(package: &Path) -> Result<Self> {
        let folder = Arc::new(tempfile::tempdir()?);
        zip_file::unpack(package, folder.path())?;
        Ok(Self { root: folder.path().to_owned(), handler: None, _unpacked: Some(folder) })
    }

    /// The path of the handler binary.
    ///
    /// # Errors
    ///
    /// If the app comes from a package, whose host.json names the handler.
    pub fn handler(&self) -> Result<&str> {
        self.handler.as_deref().context("the handler of a package can only be started by a host")
    }

    /// The options with which a host starts this app, with all queues and tables in one account.
    #[must_use]
    pub fn options(&self, tenant: &Tenant, account: &Account, policy: &Path) -> Options {
        let mut options = Options::new(&self.root);
        let connection = account.connection_string();
        options.environment = tenant.environment();
        options.environment.extend(
            [
                ("RequestQueues", connection.as_str()),
                ("AzureWebJobsStorage", &connection),
                ("POLICY_FILE", &policy.to_string_lossy()),
                // The default of a minute is for queues on Azure; Core Tools polls faster, too.
                (&queue_setting("maxPollingInterval"), "00:00:01"),
                // Its calls to Microsoft Graph would be counted with those of requests.
                ("AzureWebJobs.CheckHealth.Disabled", "true"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        if let Some(handler) = &self.handler {
            options.environment.push((HANDLER_PATH.to_owned(), handler.clone()));
        }
        options
    }
}

/// The app setting that overrides a key of `extensions.queues` in host.json.
#[must_use]
pub fn queue_setting(key: &str) -> String {
    format!("AzureFunctionsJobHost__extensions__queues__{key}")
}

/// The largest number of messages that one host works on at once, by host.json: a host fetches the
/// next batch when at most `newBatchThreshold` messages of the earlier ones are left.
///
/// # Errors
///
/// If host.json cannot be read or lacks a setting.
pub fn most_messages_in_flight() -> Result<usize> {
    let path = workspace_root().join("host.json");
    // The Functions host accepts comments and a byte order mark.
    let text = std::fs::read_to_string(&path)?;
    let host_json: serde_json::Value = jsonc_parser::parse_to_serde_value(
        text.trim_start_matches('\u{feff}'),
        &jsonc_parser::ParseOptions::default(),
    )?;
    let setting = |name: &str| {
        let value = host_json.pointer(&format!("/extensions/queues/{name}"));
        let count = value.and_then(serde_json::Value::as_u64);
        count.with_context(|| format!("{} has no extensions.queues.{name}", path.display()))
    };
    Ok(usize::try_from(setting("batchSize")? + setting("newBatchThreshold")?)?)
}
