//! The addresses of Microsoft's services, and the only hosts that a token may be sent to.

mod address;
mod storage;

pub use address::{InvalidEndpoint, has_credentials, is_bare, is_local, is_loopback};
use azure_core::http::Url;
pub use storage::StorageService;

use address::https_host;

/// The hosts of Microsoft Graph and Azure Resource Manager in each cloud ("Microsoft Graph national
/// cloud deployments"; "Compare Azure Government and global Azure"; "Azure China developer guide").
const CLOUDS: [(&str, &str); 4] = [
    ("graph.microsoft.com", "management.azure.com"),
    ("graph.microsoft.us", "management.usgovcloudapi.net"),
    ("dod-graph.microsoft.us", "management.usgovcloudapi.net"),
    ("microsoftgraph.chinacloudapi.cn", "management.chinacloudapi.cn"),
];

const DEFAULT_GRAPH_ENDPOINT: &str = "https://graph.microsoft.com";
const DEFAULT_ARM_ENDPOINT: &str = "https://management.azure.com";

/// The endpoint of Microsoft Graph: `text`, or that of the global cloud.
///
/// The hosts of the clouds and emulators on this machine are accepted.
pub fn graph(text: Option<&str>) -> Result<Url, InvalidEndpoint> {
    let hosts = CLOUDS.map(|(graph, _)| graph);
    let url = parse_bare(text.unwrap_or(DEFAULT_GRAPH_ENDPOINT));
    url.filter(|url| is_one_of(url, &hosts) || is_loopback(url)).ok_or_else(|| {
        let known = hosts.join(", ");
        InvalidEndpoint(format!(
            "is not an address of Microsoft Graph: https:// and one of {known}"
        ))
    })
}

/// The endpoint of Azure Resource Manager: `text`, or that of the cloud of `graph`.
///
/// An emulator on this machine is accepted only if Microsoft Graph is emulated too.
pub fn arm(text: Option<&str>, graph: Option<&Url>) -> Result<Url, InvalidEndpoint> {
    let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
    let text = text.unwrap_or_else(|| arm_of_cloud(graph));
    let mut hosts = CLOUDS.map(|(_, arm)| arm).to_vec();
    hosts.dedup();
    let is_emulated = graph.is_some_and(is_loopback);
    let is_accepted = |url: &Url| is_one_of(url, &hosts) || (is_emulated && is_loopback(url));
    parse_bare(&text).filter(is_accepted).ok_or_else(|| {
        let known = hosts.join(", ");
        InvalidEndpoint(format!(
            "is not an address of Azure Resource Manager: https:// and one of {known}; one on this \
             machine is accepted only if GRAPH_ENDPOINT is on it too"
        ))
    })
}

/// The scope of tokens for the Microsoft Graph at `endpoint`.
#[must_use]
pub fn graph_scope(endpoint: &Url) -> String {
    format!("{}/.default", audience(endpoint, DEFAULT_GRAPH_ENDPOINT))
}

/// The scope of tokens for the Azure Resource Manager at `endpoint`.
#[must_use]
pub fn arm_scope(endpoint: &Url) -> String {
    format!("{}/.default", audience(endpoint, DEFAULT_ARM_ENDPOINT))
}

/// The Azure Resource Manager of Graph's cloud. One emulator serves both.
fn arm_of_cloud(graph: Option<&Url>) -> String {
    match graph {
        Some(graph) if is_loopback(graph) => graph.to_string(),
        _ => {
            let host = graph.and_then(Url::host_str);
            let arm = CLOUDS.iter().find(|(graph, _)| Some(*graph) == host);
            arm.map_or_else(|| DEFAULT_ARM_ENDPOINT.to_owned(), |(_, arm)| format!("https://{arm}"))
        }
    }
}

/// The audience of tokens: the endpoint itself. An emulator accepts the tokens of the global cloud.
fn audience(endpoint: &Url, global: &str) -> String {
    if is_loopback(endpoint) { global.to_owned() } else { endpoint.origin().ascii_serialization() }
}

/// Parses an address that consists of scheme, host and port only.
fn parse_bare(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_bare)
}

fn is_one_of(url: &Url, hosts: &[&str]) -> bool {
    https_host(url).is_some_and(|host| hosts.contains(&host))
}
