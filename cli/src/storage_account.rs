//! Opening the storage account that an option names.

use clap::Args;

use crate::{
    cloud::Cloud,
    failure::Failure,
    options::GlobalOptions,
    sign_in,
    storage::{Account, Permissions},
};

/// The variable of the account with the request queues.
const REQUESTS: &str = "APP_ROLE_REQUESTS";

/// The option that names the storage account with the request queues.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestsAccount {
    /// Storage account with the request queues, by its queue endpoint: for example
    /// `https://strequests.queue.core.windows.net`. The variable may hold a connection string
    #[arg(long, env = REQUESTS, hide_env_values = true, value_name = "ENDPOINT")]
    requests: Option<String>,
}

impl RequestsAccount {
    /// Whether an account was named. An empty environment variable counts as unset.
    pub(crate) fn is_named(&self) -> bool {
        self.text().is_some()
    }

    /// Opens the account, which must be named.
    pub(crate) fn open(
        &self,
        global: &GlobalOptions,
        permissions: Permissions,
    ) -> Result<Account, Failure> {
        let Some(text) = self.text() else {
            let sentence = "the storage account of the request queues is missing: pass --requests";
            return Err(Failure::usage(sentence)
                .hint("for example --requests https://strequests.queue.core.windows.net"));
        };
        open(global, "--requests", text, permissions)
    }

    fn text(&self) -> Option<&str> {
        self.requests.as_deref().filter(|text| !text.is_empty())
    }
}

/// Opens a storage account. No sign-in to Graph is needed: an operator may have access to queues and none
/// to the directory.
pub(crate) fn open(
    global: &GlobalOptions,
    option: &str,
    text: &str,
    permissions: Permissions,
) -> Result<Account, Failure> {
    let credentials = sign_in::credentials(global.auth, &Cloud::read(global)?.timing.calls)?;
    Account::open(text, permissions, || credentials())
        .map_err(|error| Failure::usage(format!("{option}: {error}")))
}
