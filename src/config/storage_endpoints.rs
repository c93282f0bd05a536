//! Where storage is reached with the broker's identity ("Develop Azure Functions locally", identity-based
//! connections). The broker does not use connection strings; the host does.

use std::collections::BTreeMap;

use azure_core::http::Url;

use azure_rest::endpoints::{is_bare, is_loopback};

use super::{
    env::{Env, set},
    start_fault::{Faults, StartFault},
};

/// The connection of the host's own account: its package and keys, the audit table, failed requests.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The connections with queues: the host's own account, and the account of requests and results.
const QUEUE_CONNECTIONS: [&str; 2] = [HOST_CONNECTION, "RequestQueues"];

/// The domain of storage hosts, by cloud. The account and the service precede it ("Azure Storage
/// account overview", standard endpoints; "Azure Government developer guide"; "Azure China developer
/// guide"). The broker's token for storage is sent to no other host.
const CLOUDS: [&str; 3] = [GLOBAL_CLOUD, "core.usgovcloudapi.net", "core.chinacloudapi.cn"];

/// The domain of a connection that has only an account name.
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
    /// Reads every endpoint and leaves out those with a fault. Emulators on this machine are accepted only
    /// if Graph is one, too.
    pub(super) fn read(env: &dyn Env, graph: Option<&Url>, faults: &mut Faults) -> Self {
        let with_emulators = graph.is_some_and(is_loopback);
        let mut endpoint = |connection: &str, service: &str| {
            let found = read_one(env, connection, service, with_emulators);
            faults.check(found)
        };
        let queues = QUEUE_CONNECTIONS
            .into_iter()
            .filter_map(|connection| Some((connection.to_owned(), endpoint(connection, "queue")?)));
        let queues = queues.collect();
        Self { tables: endpoint(HOST_CONNECTION, "table"), queues }
    }
}

/// The endpoint of a connection's service: its URI, or by the account name in the global cloud. `None` if
/// the connection has neither.
fn read_one(
    env: &dyn Env,
    connection: &str,
    service: &str,
    with_emulators: bool,
) -> Result<Option<Url>, StartFault> {
    let uri = format!("{connection}__{service}ServiceUri");
    let account = format!("{connection}__accountName");
    let (name, text) = match (set(env, &uri), set(env, &account)) {
        (Some(text), _) => (uri, text),
        (None, Some(name)) => (account, format!("https://{name}.{service}.{GLOBAL_CLOUD}")),
        (None, None) => return Ok(None),
    };
    let url = Url::parse(&text).ok().filter(|url| {
        is_in_azure(url, service) || (with_emulators && is_loopback(url) && url.query().is_none())
    });
    url.map(Some).ok_or_else(|| {
        let known = CLOUDS.map(|cloud| format!("https://<account>.{service}.{cloud}")).join(", ");
        StartFault::new(
            &name,
            format!("does not lead to a {service} service of Azure Storage: {known}"),
        )
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
