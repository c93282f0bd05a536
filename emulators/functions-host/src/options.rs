//! The options of a host.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use crate::log::Echo;

/// The visibility timeout of messages in the real host, which has no setting for it.
const MESSAGE_LEASE: Duration = Duration::from_secs(10 * 60);

/// A function that is called with each message that an output binding has written: the name of the queue,
/// and the text.
pub type WrittenMessages = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The options of a host.
#[derive(Clone)]
pub struct Options {
    /// The folder of host.json.
    pub app_root: PathBuf,
    /// Variables that override this process's own and local.settings.json.
    pub environment: Vec<(String, String)>,
    /// The visibility timeout of a message while its function runs, in whole seconds. It is renewed
    /// when half of it is over. In the real host it is ten minutes.
    pub message_lease: Duration,
    /// The keys of HTTP functions. Without keys, only functions with the level `anonymous` can be
    /// called.
    pub keys: Vec<HostKey>,
    /// App Service Authentication ("Easy Auth") in front of the host; `None` means off. The handler
    /// then gets no `WEBSITE_AUTH_ENABLED`, and a client's own principal headers are forwarded.
    pub easy_auth: Option<EasyAuth>,
    /// Schedules that replace the one in function.json, by the name of the function with the timer. The
    /// real host has no such option.
    pub schedules: BTreeMap<String, String>,
    /// Called with every line of the log.
    pub echo: Option<Echo>,
    /// Called with every message that an output binding has written to a queue. So an observer sees results
    /// also if another reader takes them from the queue.
    pub written: Option<WrittenMessages>,
    /// The port of the HTTP server on 127.0.0.1; 0 means any free one.
    pub http_port: u16,
}

impl Options {
    /// The options of an app as the real host runs it.
    #[must_use]
    pub fn new(app_root: impl Into<PathBuf>) -> Self {
        Self {
            app_root: app_root.into(),
            environment: Vec::new(),
            message_lease: MESSAGE_LEASE,
            keys: Vec::new(),
            easy_auth: None,
            schedules: BTreeMap::new(),
            echo: None,
            written: None,
            http_port: 0,
        }
    }
}

/// An access key ("Work with access keys in Azure Functions").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// The key's name, which the handler receives. The master key's is `master`. May be empty.
    pub name: String,
    /// The secret that callers send as `x-functions-key` or `code`.
    pub value: String,
    /// The functions that the key opens.
    pub level: KeyLevel,
}

/// The functions that an access key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLevel {
    /// One function.
    Function {
        /// The function's name.
        function: String,
    },
    /// All functions.
    HostFunction,
    /// All functions, and the host's own endpoints.
    Master,
}

/// App Service Authentication in front of the host. Callers without a valid token are anonymous.
///
/// It removes the headers `X-MS-CLIENT-PRINCIPAL*` and `X-MS-TOKEN-*` of a client and sets those of the
/// authenticated caller ("Work with user identities in Azure App Service authentication"). In this
/// emulator, requests to `/admin` bypass it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EasyAuth {
    /// The callers: a bearer token, which may be any text, and its principal in base64:
    /// `{"auth_typ":…,"claims":[{"typ":…,"val":…}],"name_typ":…,"role_typ":…}`.
    pub principals: BTreeMap<String, String>,
}
