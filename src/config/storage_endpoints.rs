//! Where storage is reached with the broker's identity ("Develop Azure Functions locally", identity-based
//! connections). What is reached with a connection string is the host's business alone.

use std::collections::BTreeMap;

use azure_core::http::Url;

use azure_rest::endpoints::StorageService;

use super::{Env, StartFault, fault};

/// The connection of the host itself: its package and keys, the record, what was given up.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The connections with queues: the host's own, and that of requests and results.
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
    /// Reads every endpoint; those at fault are left out. Emulators on this machine are for a broker
    /// whose Graph is one.
    pub(super) fn read(
        env: &dyn Env,
        with_emulators: bool,
        keep: &mut dyn FnMut(StartFault),
    ) -> Self {
        let mut endpoint = |connection: &str, service: StorageService| {
            let found = read_one(env, connection, service, with_emulators);
            found.map_err(&mut *keep).ok().flatten()
        };
        let queues = QUEUE_CONNECTIONS.into_iter().filter_map(|connection| {
            Some((connection.to_owned(), endpoint(connection, StorageService::Queue)?))
        });
        let queues = queues.collect();
        Self { tables: endpoint(HOST_CONNECTION, StorageService::Table), queues }
    }
}

/// The endpoint of a connection's service, where the connection has one: a URI, or the name of an account
/// in the global cloud.
fn read_one(
    env: &dyn Env,
    connection: &str,
    service: StorageService,
    with_emulators: bool,
) -> Result<Option<Url>, StartFault> {
    let set = |name: &str| env.get(name).filter(|text| !text.is_empty());
    let uri = format!("{connection}__{service}ServiceUri");
    let account = format!("{connection}__accountName");
    let (name, text) = match (set(&uri), set(&account)) {
        (Some(text), _) => (uri, text),
        (None, Some(name)) => (account, service.in_global_cloud(&name)),
        (None, None) => return Ok(None),
    };
    let url = service.standard_endpoint(&text, with_emulators);
    url.map(Some).map_err(|error| fault(&name, error.to_string()))
}
