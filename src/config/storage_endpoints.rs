//! Where storage is reached with the broker's identity ("Develop Azure Functions locally", identity-based
//! connections). What is reached with a connection string is the host's business alone.

use std::collections::BTreeMap;

use azure_core::http::Url;

use azure_rest::endpoints::{is_bare, is_loopback};

use super::{Env, StartFault, fault};

/// The connection of the host itself: its package and keys, the record, what was given up.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The connections with queues: the host's own, and that of requests and results.
const QUEUE_CONNECTIONS: [&str; 2] = [HOST_CONNECTION, "RequestQueues"];

/// What a storage host ends in, by cloud; before it stand the account and the service ("Azure Storage
/// account overview", standard endpoints; "Azure Government developer guide"; "Azure China developer
/// guide"). The broker's token for storage is sent to no other host.
const CLOUDS: [&str; 3] = [GLOBAL_CLOUD, "core.usgovcloudapi.net", "core.chinacloudapi.cn"];

/// The one in which a connection that has only the name of an account finds it.
const GLOBAL_CLOUD: &str = "core.windows.net";

/// Where storage is reached with the broker's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageEndpoints {
    /// `AzureWebJobsStorage__tableServiceUri`: the tables of the host's account, among them the record.
    pub tables: Option<Url>,
    /// `AzureWebJobsStorage__queueServiceUri` and `RequestQueues__queueServiceUri`, by the connection's
    /// name.
    pub queues: BTreeMap<String, Url>,
}

impl StorageEndpoints {
    /// Reads every endpoint; those at fault are left out. Emulators on this machine are for a broker
    /// whose Graph is one.
    pub(super) fn read(
        env: &dyn Env,
        with_emulators: bool,
        keep: &mut dyn FnMut(StartFault),
    ) -> Self {
        let mut endpoint = |connection: &str, service: &str| {
            let found = read_one(env, connection, service, with_emulators);
            found.map_err(&mut *keep).ok().flatten()
        };
        let queues = QUEUE_CONNECTIONS
            .into_iter()
            .filter_map(|connection| Some((connection.to_owned(), endpoint(connection, "queue")?)));
        let queues = queues.collect();
        Self { tables: endpoint(HOST_CONNECTION, "table"), queues }
    }
}

/// The endpoint of a connection's service, where the connection has one: a URI, or the name of an account
/// in the global cloud.
fn read_one(
    env: &dyn Env,
    connection: &str,
    service: &str,
    with_emulators: bool,
) -> Result<Option<Url>, StartFault> {
    let set = |name: &str| env.get(name).filter(|text| !text.is_empty());
    let uri = format!("{connection}__{service}ServiceUri");
    let account = format!("{connection}__accountName");
    let (name, text) = match (set(&uri), set(&account)) {
        (Some(text), _) => (uri, text),
        (None, Some(name)) => (account, format!("https://{name}.{service}.{GLOBAL_CLOUD}")),
        (None, None) => return Ok(None),
    };
    let url = Url::parse(&text).ok().filter(|url| {
        is_in_azure(url, service) || (with_emulators && is_loopback(url) && url.query().is_none())
    });
    url.map(Some).ok_or_else(|| {
        let known = CLOUDS.map(|cloud| format!("https://<account>.{service}.{cloud}")).join(", ");
        fault(&name, format!("does not lead to a {service} service of Azure Storage: {known}"))
    })
}

fn is_in_azure(url: &Url, service: &str) -> bool {
    let account = url.host_str().and_then(|host| {
        CLOUDS.iter().find_map(|cloud| host.strip_suffix(&format!(".{service}.{cloud}")))
    });
    url.scheme() == "https"
        && url.port().is_none()
        && is_bare(url)
        && account.is_some_and(|account| !account.is_empty() && !account.contains('.'))
}
