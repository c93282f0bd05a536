//! How the storage of the app is reached ("Develop Azure Functions locally", identity-based connections;
//! "App settings reference for Azure Functions", `AzureWebJobsStorage`).

use std::collections::BTreeMap;

use azure_core::http::Url;

use azure_rest::{
    connection_string::KeyedAccount,
    endpoints::{StorageService, is_loopback},
    queues::QueueService,
    shared_key::SharedKey,
};

use super::{
    env::{Env, set},
    start_fault::StartFault,
};

/// The connection of the host's own account: its package and keys, the record, failed requests.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The connections with queues of every app: the host's own account, and the account of requests and
/// results.
const QUEUE_CONNECTIONS: [&str; 2] = [HOST_CONNECTION, "RequestQueues"];

/// The prefix of the settings that the host looks for first: it adds this to a connection's name ("Azure
/// Queue storage trigger and bindings", connections).
const CONNECTION_PREFIX: &str = "AzureWebJobs";

/// The tables of the host's account, and how they are reached. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub enum TableService {
    /// With the broker's identity.
    Identity(Url),
    /// With the account's key.
    Key(Url, SharedKey),
}

/// The table service of the host's account. The identity comes first, because it needs no key.
pub(super) fn tables(env: &dyn Env, graph: Option<&Url>) -> Result<TableService, StartFault> {
    if let Some(url) = endpoint(env, HOST_CONNECTION, (StorageService::Table, graph))? {
        return Ok(TableService::Identity(url));
    }
    let text = set(env, HOST_CONNECTION).ok_or_else(|| {
        "is not set, nor is AzureWebJobsStorage__tableServiceUri or AzureWebJobsStorage__accountName: \
         the broker writes its record to a table. Set one of them to the storage account of the \
         Functions host"
            .to_owned()
    });
    let found = text.and_then(|text| keyed(&text, (StorageService::Table, graph)));
    let found = found.map_err(|problem| StartFault::new(HOST_CONNECTION, problem));
    found.map(|(url, key)| TableService::Key(url, key))
}

/// The queue services of the connections of every app, by the name of their connection, and the faults
/// of the others. No connection with queues is required: the host demands those that it needs.
pub(super) fn queues(
    env: &dyn Env,
    graph: Option<&Url>,
) -> (BTreeMap<String, QueueService>, Vec<StartFault>) {
    let (mut queues, mut faults) = (BTreeMap::new(), Vec::new());
    for connection in QUEUE_CONNECTIONS {
        match queue_service(env, connection, graph) {
            Ok(Some(service)) => drop(queues.insert(connection.to_owned(), service)),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    (queues, faults)
}

/// The queue service of a connection that a function folder names; `None` if the settings define none.
pub(super) fn named_queues(env: &dyn Env, connection: &str, graph: &Url) -> Option<QueueService> {
    let names = [format!("{CONNECTION_PREFIX}{connection}"), connection.to_owned()];
    names.iter().find_map(|name| queue_service(env, name, Some(graph)).ok().flatten())
}

/// The queue service of a connection. The identity comes first, because it needs no key. Fails if no token
/// may be sent to the address.
///
/// A connection string without a usable key is not a fault: the host also accepts others, for instance with
/// a shared access signature.
fn queue_service(
    env: &dyn Env,
    connection: &str,
    graph: Option<&Url>,
) -> Result<Option<QueueService>, StartFault> {
    let service = (StorageService::Queue, graph);
    if let Some(url) = endpoint(env, connection, service)? {
        return Ok(Some(QueueService::Identity(url)));
    }
    let found = set(env, connection).and_then(|text| keyed(&text, service).ok());
    Ok(found.map(|(url, key)| QueueService::Key(url, key)))
}

/// The address of one service in a connection string, and the account's key. The error text says what is
/// wrong with the connection string.
fn keyed(
    text: &str,
    (service, graph): (StorageService, Option<&Url>),
) -> Result<(Url, SharedKey), String> {
    let account = KeyedAccount::parse(text).map_err(|error| format!("is {error}"))?;
    let address = match service {
        StorageService::Queue => account.queues,
        StorageService::Table => account.tables,
    };
    let with_emulators = graph.is_some_and(is_loopback);
    if is_loopback(&address) && !with_emulators {
        return Err(
            "leads to an emulator on this machine, which is accepted only if GRAPH_ENDPOINT is \
                    on it, too: name the storage account of the Functions host"
                .to_owned(),
        );
    }
    let address = service.standard_endpoint(address.as_str(), with_emulators);
    Ok((address.map_err(|error| error.to_string())?, account.key))
}

/// The endpoint of a connection's service: its URI, or the one of the account name in the global cloud.
/// `None` if neither is set. Emulators on this machine are accepted only if Graph is one, too.
fn endpoint(
    env: &dyn Env,
    connection: &str,
    (service, graph): (StorageService, Option<&Url>),
) -> Result<Option<Url>, StartFault> {
    let uri = format!("{connection}__{service}ServiceUri");
    let account = format!("{connection}__accountName");
    let (name, text) = match (set(env, &uri), set(env, &account)) {
        (Some(text), _) => (uri, text),
        (None, Some(name)) => (account, service.in_global_cloud(&name)),
        (None, None) => return Ok(None),
    };
    let url = service.standard_endpoint(&text, graph.is_some_and(is_loopback));
    url.map(Some).map_err(|error| StartFault::new(&name, error.to_string()))
}
