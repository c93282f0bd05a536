//! Where Microsoft's services are, and the only hosts that a token may be sent to.

use azure_core::http::Url;

/// Microsoft Graph and Azure Resource Manager of each cloud ("Microsoft Graph national cloud
/// deployments"; "Compare Azure Government and global Azure"; "Azure China developer guide").
const CLOUDS: [(&str, &str); 4] = [
    ("graph.microsoft.com", "management.azure.com"),
    ("graph.microsoft.us", "management.usgovcloudapi.net"),
    ("dod-graph.microsoft.us", "management.usgovcloudapi.net"),
    ("microsoftgraph.chinacloudapi.cn", "management.chinacloudapi.cn"),
];

const DEFAULT_GRAPH_ENDPOINT: &str = "https://graph.microsoft.com";
const DEFAULT_ARM_ENDPOINT: &str = "https://management.azure.com";

/// An address that is none of the service's own.
///
/// `Display` completes a sentence that begins with the name of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(String);

/// The Microsoft Graph at this address, or that of the global cloud. Accepted are the clouds' own
/// hosts, and emulators on this machine.
pub fn graph(text: Option<&str>) -> Result<Url, InvalidEndpoint> {
    let hosts = CLOUDS.map(|(graph, _)| graph);
    let url = bare(text.unwrap_or(DEFAULT_GRAPH_ENDPOINT));
    url.filter(|url| is_one_of(url, &hosts) || is_loopback(url)).ok_or_else(|| {
        let known = hosts.join(", ");
        InvalidEndpoint(format!(
            "is not an address of Microsoft Graph: https:// and one of {known}"
        ))
    })
}

/// The Azure Resource Manager at this address, or that of the cloud of `graph`. An emulator on this
/// machine is accepted only beside an emulated Graph.
pub fn arm(text: Option<&str>, graph: Option<&Url>) -> Result<Url, InvalidEndpoint> {
    let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
    let text = text.unwrap_or_else(|| arm_beside(graph));
    let mut hosts = CLOUDS.map(|(_, arm)| arm).to_vec();
    hosts.dedup();
    let is_emulated = graph.is_some_and(is_loopback);
    let is_accepted = |url: &Url| is_one_of(url, &hosts) || (is_emulated && is_loopback(url));
    bare(&text).filter(is_accepted).ok_or_else(|| {
        let known = hosts.join(", ");
        InvalidEndpoint(format!(
            "is not an address of Azure Resource Manager: https:// and one of {known}; one on this \
             machine is accepted only if GRAPH_ENDPOINT is on it too"
        ))
    })
}

/// For what tokens for the Graph at `endpoint` are asked.
#[must_use]
pub fn graph_scope(endpoint: &Url) -> String {
    format!("{}/.default", audience(endpoint, DEFAULT_GRAPH_ENDPOINT))
}

/// The same for Azure Resource Manager.
#[must_use]
pub fn arm_scope(endpoint: &Url) -> String {
    format!("{}/.default", audience(endpoint, DEFAULT_ARM_ENDPOINT))
}

/// The Azure Resource Manager of Graph's own cloud. An emulator is both.
fn arm_beside(graph: Option<&Url>) -> String {
    match graph {
        Some(graph) if is_loopback(graph) => graph.to_string(),
        _ => {
            let host = graph.and_then(Url::host_str);
            let arm = CLOUDS.iter().find(|(graph, _)| Some(*graph) == host);
            arm.map_or_else(|| DEFAULT_ARM_ENDPOINT.to_owned(), |(_, arm)| format!("https://{arm}"))
        }
    }
}

/// For what tokens are asked: the address itself. An emulator takes the tokens of the global cloud.
fn audience(endpoint: &Url, global: &str) -> String {
    if is_loopback(endpoint) { global.to_owned() } else { endpoint.origin().ascii_serialization() }
}

/// Whether an address is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
        && matches!(url.scheme(), "http" | "https")
}

fn bare(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_bare)
}

/// Whether an address is scheme, host and port and nothing else; a slash at the end is nothing.
#[must_use]
pub fn is_bare(url: &Url) -> bool {
    url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_one_of(url: &Url, hosts: &[&str]) -> bool {
    url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| hosts.contains(&host))
}
