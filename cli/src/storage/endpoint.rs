//! The endpoints of a storage account in Azure.

use azure_core::http::Url;

/// Hosts of queues, in all clouds ("Storage account overview" and "Compare Azure Government and global
/// Azure"). The operator's token is sent to no other host.
const HOST_SUFFIXES: [&str; 4] = [
    ".queue.core.windows.net",
    ".queue.storage.azure.net",
    ".queue.core.usgovcloudapi.net",
    ".queue.core.chinacloudapi.cn",
];

/// Parses the queue endpoint of an account: a host and nothing else. A query could be a signature, which
/// would be sent beside the token.
pub(super) fn queues(text: &str) -> Option<Url> {
    let endpoint = Url::parse(text).ok()?;
    let host = endpoint.host_str()?;
    let is_known = HOST_SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
    let is_bare = endpoint.as_str() == format!("https://{host}/");
    (is_known && is_bare).then_some(endpoint)
}

/// Returns the table endpoint of the account with this queue endpoint.
pub(super) fn tables(queues: &Url) -> Option<Url> {
    let host = queues.host_str()?.replacen(".queue.", ".table.", 1);
    Url::parse(&format!("https://{host}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_every_cloud_is_known_and_its_tables_are_beside_its_queues() {
        for suffix in HOST_SUFFIXES {
            let queues = queues(&format!("HTTPS://stbroker{suffix}")).unwrap();
            let expected = format!("stbroker{}", suffix.replace("queue", "table"));
            assert_eq!(tables(&queues).unwrap().host_str(), Some(expected.as_str()));
        }
    }
}
