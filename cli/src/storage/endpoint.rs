//! The endpoints of a storage account in Azure.

use azure_core::http::Url;
use azure_rest::endpoints::StorageService;

/// Parses the queue endpoint of an account. The operator's token is sent to no other host.
pub(super) fn queues(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| StorageService::Queue.is_endpoint(url))
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
    fn the_tables_of_an_account_are_beside_its_queues_in_every_cloud() {
        for suffix in [
            ".queue.core.windows.net",
            ".queue.storage.azure.net",
            ".queue.core.usgovcloudapi.net",
            ".queue.core.chinacloudapi.cn",
        ] {
            let queues = queues(&format!("HTTPS://stbroker{suffix}")).unwrap();
            let tables = tables(&queues).unwrap();
            let expected = format!("stbroker{}", suffix.replace("queue", "table"));
            assert_eq!(tables.host_str(), Some(expected.as_str()));
            assert!(StorageService::Table.is_endpoint(&tables));
        }
    }
}
