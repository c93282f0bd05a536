//! Where storage is reached with the broker's identity ("Develop Azure Functions locally", identity-based
//! connections). The broker does not use connection strings; the host does.

use std::collections::BTreeMap;

use azure_core::http::Url;

use azure_rest::endpoints::{StorageService, is_loopback};

use super::{
    env::{Env, set},
    start_fault::{Faults, StartFault},
};

/// The connection of the host's own account: its package and keys, the audit table, failed requests.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The connections with queues: the host's own account, and the account of requests and results.
const QUEUE_CONNECTIONS: [&str; 2] = [HOST_CONNECTION, "RequestQueues"];

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
        let mut endpoint = |connection: &str, service: StorageService| {
            let found = read_one(env, connection, service, with_emulators);
            faults.check(found)
        };
        let queues = QUEUE_CONNECTIONS.into_iter().filter_map(|connection| {
            Some((connection.to_owned(), endpoint(connection, StorageService::Queue)?))
        });
        let queues = queues.collect();
        Self { tables: endpoint(HOST_CONNECTION, StorageService::Table), queues }
    }
}

/// The endpoint of a connection's service: its URI, or by the account name in the global cloud. `None` if
/// the connection has neither.
fn read_one(
    env: &dyn Env,
    connection: &str,
    service: StorageService,
    with_emulators: bool,
) -> Result<Option<Url>, StartFault> {
    let uri = format!("{connection}__{service}ServiceUri");
    let account = format!("{connection}__accountName");
    let (name, text) = match (set(env, &uri), set(env, &account)) {
        (Some(text), _) => (uri, text),
        (None, Some(name)) => (account, service.in_global_cloud(&name)),
        (None, None) => return Ok(None),
    };
    let url = service.standard_endpoint(&text, with_emulators);
    url.map(Some).map_err(|error| StartFault::new(&name, error.to_string()))
}
