//! What a host is started with.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{log::Echo, queue_listener::MESSAGE_LEASE};

/// What a host is started with.
#[derive(Clone)]
pub struct Options {
    /// The folder of host.json.
    pub app_root: PathBuf,
    /// Variables that win over this process's own and over local.settings.json.
    pub environment: Vec<(String, String)>,
    /// What to do when the handler answers success without content.
    pub empty_answer: EmptyAnswer,
    /// How long a message stays hidden while its function runs; renewed when half of it is over.
    /// Ten minutes in the real host, which has no setting for it. Whole seconds.
    pub message_lease: Duration,
    /// The keys by which callers of HTTP functions are let in. Without any, only functions with the
    /// level `anonymous` can be called.
    pub keys: Vec<HostKey>,
    /// App Service Authentication ("Easy Auth") in front of the host; `None` is switched off. The
    /// handler then finds no `WEBSITE_AUTH_ENABLED`, and headers by which a client claims to be
    /// somebody reach it as they are.
    pub easy_auth: Option<EasyAuth>,
    /// Called with every line of the log as it is written.
    pub echo: Option<Echo>,
}

impl Options {
    /// An app as it would run for real.
    #[must_use]
    pub fn new(app_root: impl Into<PathBuf>) -> Self {
        Self {
            app_root: app_root.into(),
            environment: Vec::new(),
            empty_answer: EmptyAnswer::Hang,
            message_lease: MESSAGE_LEASE,
            keys: Vec::new(),
            easy_auth: None,
            echo: None,
        }
    }
}

/// What the host does with a success that has no content, or only white space or `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyAnswer {
    /// Wait for content until `functionTimeout`, as the real host does.
    Hang,
    /// Fail the invocation and say why, so that a test need not wait.
    Fail,
}

/// An access key ("Work with access keys in Azure Functions").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// Its name, which the handler is told; the master key's is `master`. Empty is none.
    pub name: String,
    /// What callers send as `x-functions-key` or `code`.
    pub value: String,
    /// What it opens.
    pub level: KeyLevel,
}

/// What an access key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLevel {
    /// One function.
    Function {
        /// The function's name.
        function: String,
    },
    /// Every function, except those with the level `admin`.
    HostFunction,
    /// Everything.
    Master,
}

/// App Service Authentication in front of the host.
///
/// It takes away what clients claim in `X-MS-CLIENT-PRINCIPAL*` and `X-MS-TOKEN-*`, and says who they
/// are instead ("Work with user identities in Azure App Service authentication"). This stand-in lets
/// requests to `/admin` past it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EasyAuth {
    /// The callers: for each bearer token, in whatever form, the principal that the handler is told.
    /// It is base64 of `{"auth_typ":…,"claims":[{"typ":…,"val":…}],"name_typ":…,"role_typ":…}`.
    pub principals: BTreeMap<String, String>,
    /// What becomes of requests with no token, or with one that is not among these.
    pub unauthenticated: UnauthenticatedAction,
}

/// `unauthenticatedClientAction` of App Service Authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnauthenticatedAction {
    /// They go on without a principal.
    AllowAnonymous,
    /// They are answered 401 and the host does not see them.
    Return401,
}
