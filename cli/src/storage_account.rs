//! The storage accounts that options name, and opening them.
//!
//! An option takes a queue endpoint only. A connection string contains a key, and other users of the
//! machine can read the command line of a process, so its environment variable is the only place for one.
//! [`crate::command_line`] refuses it elsewhere, for every option of the type [`AccountText`].

use std::fmt::{self, Formatter};

use clap::Args;

use crate::{
    cloud::Cloud,
    failure::Failure,
    options::GlobalOptions,
    sign_in,
    storage::{Account, Permissions},
};

/// The scheme of an emulator's addresses.
const PLAIN_HTTP: &str = "http:";

/// A queue endpoint or, from the environment, a connection string. It may contain a key, so `Debug` does
/// not print it.
#[derive(Clone)]
pub(crate) struct AccountText(String);

impl AccountText {
    /// Whether the text is a URL, as an endpoint is. A connection string has names before its URLs.
    pub(crate) fn is_url(&self) -> bool {
        let text = self.0.to_ascii_lowercase();
        text.starts_with("https://") || text.starts_with("http://")
    }
}

impl From<String> for AccountText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for AccountText {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccountText(..)")
    }
}

/// An option that names a storage account, and its variable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccountOption {
    pub(crate) option: &'static str,
    pub(crate) variable: &'static str,
}

/// The account of the connection `RequestQueues`.
pub(crate) const REQUESTS: AccountOption =
    AccountOption { option: "--requests", variable: "APP_ROLE_REQUESTS" };
/// The account of the connection `AzureWebJobsStorage`.
pub(crate) const HOST_STORAGE: AccountOption =
    AccountOption { option: "--host-storage", variable: "APP_ROLE_HOST_STORAGE" };
/// The same account, which has the queue of failed requests.
pub(crate) const FAILED: AccountOption =
    AccountOption { option: "--failed", variable: "APP_ROLE_HOST_STORAGE" };
/// The same account, which has the broker's tables.
pub(crate) const AUDIT: AccountOption =
    AccountOption { option: "--audit", variable: "APP_ROLE_AUDIT" };

/// The option that names the storage account with the request queues.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestsAccount {
    /// Storage account with the request queues, by its queue endpoint: for example
    /// `https://strequests.queue.core.windows.net`. The variable may hold a connection string
    #[arg(long, env = "APP_ROLE_REQUESTS", hide_env_values = true, value_name = "ENDPOINT")]
    pub(crate) requests: Option<AccountText>,
}

impl RequestsAccount {
    /// Whether an account was named. An empty environment variable counts as unset.
    pub(crate) fn is_named(&self) -> bool {
        self.requests.as_ref().is_some_and(|text| !text.0.is_empty())
    }

    /// Opens the account, which must be named.
    pub(crate) fn open(
        &self,
        global: &GlobalOptions,
        permissions: Permissions,
    ) -> Result<Account, Failure> {
        REQUESTS.require(global, self.requests.as_ref(), (permissions, "there is no request queue"))
    }
}

impl AccountOption {
    /// Opens the account; `None` if none was named.
    ///
    /// No sign-in to Graph is needed: an operator may have access to queues and none to the directory.
    pub(crate) fn open(
        self,
        global: &GlobalOptions,
        text: Option<&AccountText>,
        permissions: Permissions,
    ) -> Result<Option<Account>, Failure> {
        let Self { option, variable } = self;
        let Some(AccountText(text)) = text.filter(|text| !text.0.is_empty()) else {
            return Ok(None);
        };
        let credentials = sign_in::credentials(global, &Cloud::read(global)?)?;
        let account = Account::open(text, permissions, || credentials());
        account.map(Some).map_err(|error| {
            let failure = Failure::usage(format!("{option} ({variable}): {error}"));
            match text.get(..PLAIN_HTTP.len()) {
                Some(start) if start.eq_ignore_ascii_case(PLAIN_HTTP) => failure.hint(format!(
                    "name an emulator on this machine by its connection string, in {variable}"
                )),
                _ => failure,
            }
        })
    }

    /// Opens the account, which must be named. `purpose` says what cannot be done without it.
    pub(crate) fn require(
        self,
        global: &GlobalOptions,
        text: Option<&AccountText>,
        (permissions, purpose): (Permissions, &str),
    ) -> Result<Account, Failure> {
        let Self { option, variable } = self;
        self.open(global, text, permissions)?.ok_or_else(|| {
            Failure::usage(format!("no storage account is named, so {purpose}")).hint(format!(
                "name it with {option} or {variable}, by its queue endpoint or, in {variable} only, by \
                 a connection string"
            ))
        })
    }
}
