//! Where Microsoft's services are, and the only hosts that a token may be sent to.

use azure_core::http::Url;

use super::{Env, StartFault, fault};

/// Microsoft Graph and Azure Resource Manager of each cloud ("Microsoft Graph national cloud
/// deployments"; "Compare Azure Government and global Azure"; "Azure China developer guide").
const CLOUDS: [(&str, &str); 4] = [
    ("graph.microsoft.com", "management.azure.com"),
    ("graph.microsoft.us", "management.usgovcloudapi.net"),
    ("dod-graph.microsoft.us", "management.usgovcloudapi.net"),
    ("microsoftgraph.chinacloudapi.cn", "management.chinacloudapi.cn"),
];

pub(super) const DEFAULT_GRAPH_ENDPOINT: &str = "https://graph.microsoft.com";
pub(super) const DEFAULT_ARM_ENDPOINT: &str = "https://management.azure.com";

/// `GRAPH_ENDPOINT`: see [`super::Settings::graph_endpoint`].
pub fn graph_endpoint(env: &dyn Env) -> Result<Url, StartFault> {
    const NAME: &str = "GRAPH_ENDPOINT";
    let text = env.get(NAME).unwrap_or_else(|| DEFAULT_GRAPH_ENDPOINT.to_owned());
    let hosts = CLOUDS.map(|(graph, _)| graph);
    bare(&text).filter(|url| is_one_of(url, &hosts) || is_loopback(url)).ok_or_else(|| {
        let known = hosts.join(", ");
        fault(NAME, format!("is not an address of Microsoft Graph: https:// and one of {known}"))
    })
}

/// `ARM_ENDPOINT`: see [`super::Settings::arm_endpoint`]. `graph` is the Graph of the same cloud.
pub fn arm_endpoint(env: &dyn Env, graph: Option<&Url>) -> Result<Url, StartFault> {
    const NAME: &str = "ARM_ENDPOINT";
    let text = env.get(NAME).filter(|text| !text.is_empty());
    let text = text.unwrap_or_else(|| arm_beside(graph));
    let mut hosts = CLOUDS.map(|(_, arm)| arm).to_vec();
    hosts.dedup();
    let is_emulated = graph.is_some_and(is_loopback);
    let is_accepted = |url: &Url| is_one_of(url, &hosts) || (is_emulated && is_loopback(url));
    bare(&text).filter(is_accepted).ok_or_else(|| {
        let known = hosts.join(", ");
        fault(
            NAME,
            format!(
                "is not an address of Azure Resource Manager: https:// and one of {known}; one on \
                 this machine is accepted only if GRAPH_ENDPOINT is on it too"
            ),
        )
    })
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
pub(super) fn audience(endpoint: &Url, global: &str) -> String {
    if is_loopback(endpoint) { global.to_owned() } else { endpoint.origin().ascii_serialization() }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
        && matches!(url.scheme(), "http" | "https")
}

fn bare(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_bare)
}

/// Whether an address is scheme, host and port and nothing else; a slash at the end is nothing.
pub(super) fn is_bare(url: &Url) -> bool {
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
