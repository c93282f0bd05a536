//! The app as it ships: of this source, or of a package.

pub(crate) mod binary;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use functions_host_emulator::Options;
use packaging::zip_file;
use storage_emulator::Account;
use tempfile::TempDir;
use tenant_emulator::Tenant;

use crate::Outcome;

/// The queue that `AssignRole` listens to.
pub(crate) const REQUESTS: &str = "app-role-requests";
/// The queue that `AssignRole` writes results to.
pub(crate) const RESULTS: &str = "app-role-results";
/// The queue that `ResourceEventQueue` listens to.
pub(crate) const EVENTS: &str = "resource-events";
/// The table of the record.
pub(crate) const RECORD: &str = "AppRoleAudit";
/// The queue to which the host moves what crashed the handler.
pub(crate) const POISON: &str = "app-role-requests-poison";

/// The queue of requests that the handler gave up.
pub(crate) const FAILED: &str = "app-role-failed";

/// What hosts are started with.
#[derive(Clone)]
pub(crate) struct App {
    root: PathBuf,
    /// Where the handler lies, if not where host.json says.
    handler: Option<String>,
    /// Deleted with the last clone.
    _unpacked: Option<Arc<TempDir>>,
}

impl App {
    /// Builds the handler.
    pub(crate) async fn build() -> Outcome<Self> {
        let handler = Some(binary::build(binary::HANDLER).await?);
        Ok(Self { root: app_root(), handler, _unpacked: None })
    }

    /// The same app with another handler.
    pub(crate) fn with_handler(handler: String) -> Self {
        Self { root: app_root(), handler: Some(handler), _unpacked: None }
    }

    /// Where the handler lies; an error if only host.json says.
    pub(crate) fn handler(&self) -> Outcome<&str> {
        let handler = self.handler.as_deref();
        handler.ok_or_else(|| "the handler of a package is started by a host only".into())
    }

    /// Unpacks a package into an empty folder.
    pub(crate) fn unpack(package: &Path) -> Outcome<Self> {
        let folder = Arc::new(tempfile::tempdir()?);
        zip_file::unpack(package, folder.path())?;
        Ok(Self { root: folder.path().to_owned(), handler: None, _unpacked: Some(folder) })
    }

    /// What starts a host of this app, with all queues in one account.
    pub(crate) fn options(&self, tenant: &Tenant, account: &Account, policy: &Path) -> Options {
        let mut options = Options::new(&self.root);
        let connection = account.connection_string();
        options.environment = tenant.environment();
        options.environment.extend(
            [
                ("RequestQueues", connection.as_str()),
                ("AzureWebJobsStorage", &connection),
                ("POLICY_FILE", &policy.to_string_lossy()),
                // Core Tools polls faster than Azure, too: somebody is watching.
                (&queues("maxPollingInterval"), "00:00:01"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        if let Some(handler) = &self.handler {
            let name = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";
            options.environment.push((name.to_owned(), handler.clone()));
        }
        options
    }
}

/// The app setting that replaces one of host.json's `extensions.queues`.
pub(crate) fn queues(key: &str) -> String {
    format!("AzureFunctionsJobHost__extensions__queues__{key}")
}

/// How many messages one host works on at the same time, by host.json: it fetches a batch when no
/// more than the threshold are left of those before.
pub(crate) fn messages_in_flight() -> Outcome<usize> {
    let path = app_root().join("host.json");
    let host_json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    let setting = |name: &str| {
        let value = host_json.pointer(&format!("/extensions/queues/{name}"));
        let count = value.and_then(serde_json::Value::as_u64);
        count.ok_or_else(|| format!("{} has no extensions.queues.{name}", path.display()))
    };
    Ok(usize::try_from(setting("batchSize")? + setting("newBatchThreshold")?)?)
}

/// The folder of host.json.
pub(crate) fn app_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
