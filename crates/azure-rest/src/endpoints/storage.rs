//! The addresses of Azure Storage.

use std::fmt;

use azure_core::http::Url;

use super::address::{InvalidEndpoint, https_host, is_loopback};

/// The domains of standard endpoints, `<account>.<service>.<domain>`, by cloud ("Azure Storage account
/// overview", standard endpoints; "Azure Government developer guide"; "Azure China developer guide").
const STANDARD_DOMAINS: [&str; 3] =
    [GLOBAL_DOMAIN, "core.usgovcloudapi.net", "core.chinacloudapi.cn"];

const GLOBAL_DOMAIN: &str = "core.windows.net";

/// The domain of Azure DNS zone endpoints, `<account>.z<number>.<service>.storage.azure.net` ("Azure
/// Storage account overview", Azure DNS zone endpoints).
const DNS_ZONE_DOMAIN: &str = "storage.azure.net";

/// A service of a storage account. `Display` is its label in host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageService {
    /// Queues.
    Queue,
    /// Tables.
    Table,
}

impl fmt::Display for StorageService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Queue => "queue",
            Self::Table => "table",
        })
    }
}

impl StorageService {
    /// The standard endpoint of an account in the global cloud, not yet checked.
    #[must_use]
    pub fn in_global_cloud(self, account: &str) -> String {
        format!("https://{account}.{self}.{GLOBAL_DOMAIN}")
    }

    /// Reads a standard endpoint of this service, in any cloud. Emulators on this machine are accepted
    /// if `with_emulators` says so.
    pub fn standard_endpoint(
        self,
        text: &str,
        with_emulators: bool,
    ) -> Result<Url, InvalidEndpoint> {
        let is_accepted = |url: &Url| {
            self.is_standard_endpoint(url)
                || (with_emulators && is_loopback(url) && url.query().is_none())
        };
        Url::parse(text).ok().filter(is_accepted).ok_or_else(|| {
            let known = STANDARD_DOMAINS.map(|domain| format!("https://<account>.{self}.{domain}"));
            InvalidEndpoint(format!(
                "does not lead to a {self} service of Azure Storage: {}",
                known.join(", ")
            ))
        })
    }

    /// Whether an address is the endpoint of this service of an account in Azure, in any cloud.
    #[must_use]
    pub fn is_endpoint(self, url: &Url) -> bool {
        self.is_standard_endpoint(url)
            || self.account_below(url, DNS_ZONE_DOMAIN).is_some_and(|account| {
                let mut labels = account.split('.');
                labels.all(|label| !label.is_empty()) && account.split('.').count() <= 2
            })
    }

    /// The endpoint of this service in the account whose other service has this endpoint.
    #[must_use]
    pub fn in_account_of(self, endpoint: &Url) -> Option<Url> {
        let other = match self {
            Self::Queue => Self::Table,
            Self::Table => Self::Queue,
        };
        let host = endpoint.host_str()?.replacen(&format!(".{other}."), &format!(".{self}."), 1);
        Url::parse(&format!("https://{host}")).ok()
    }

    fn is_standard_endpoint(self, url: &Url) -> bool {
        STANDARD_DOMAINS
            .iter()
            .filter_map(|domain| self.account_below(url, domain))
            .any(|account| !account.is_empty() && !account.contains('.'))
    }

    fn account_below<'a>(self, url: &'a Url, domain: &str) -> Option<&'a str> {
        https_host(url)?.strip_suffix(&format!(".{self}.{domain}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_queue_endpoint(text: &str) -> bool {
        StorageService::Queue.is_endpoint(&Url::parse(text).unwrap())
    }

    #[test]
    fn endpoints_of_every_cloud_and_of_dns_zones_are_accepted() {
        for host in [
            "st.queue.core.windows.net",
            "st.queue.core.usgovcloudapi.net",
            "st.queue.core.chinacloudapi.cn",
            "st.queue.storage.azure.net",
            "st.z01.queue.storage.azure.net",
        ] {
            assert!(is_queue_endpoint(&format!("https://{host}")), "{host}");
        }
    }

    #[test]
    fn the_tables_of_an_account_are_beside_its_queues() {
        for domain in ["core.windows.net", "core.chinacloudapi.cn", "storage.azure.net"] {
            let queues = Url::parse(&format!("HTTPS://st.queue.{domain}")).unwrap();
            let tables = StorageService::Table.in_account_of(&queues).unwrap();
            assert_eq!(tables.as_str(), format!("https://st.table.{domain}/"));
            assert_eq!(StorageService::Queue.in_account_of(&tables), Some(queues));
        }
    }

    #[test]
    fn no_other_address_is_accepted() {
        for text in [
            "https://st.table.core.windows.net",
            "https://st.queue.core.windows.net.contoso.com",
            "https://contoso.com/st.queue.core.windows.net",
            "https://.queue.core.windows.net",
            "https://a.b.queue.core.windows.net",
            "https://a.b.c.queue.storage.azure.net",
            "https://queue.core.windows.net",
            "http://st.queue.core.windows.net",
            "https://st.queue.core.windows.net:8443",
            "https://st.queue.core.windows.net/requests",
            "https://st.queue.core.windows.net/?sig=secret",
            "https://me:secret@st.queue.core.windows.net",
        ] {
            assert!(!is_queue_endpoint(text), "{text}");
            assert!(StorageService::Queue.standard_endpoint(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn a_setting_names_a_standard_endpoint_or_an_allowed_emulator() {
        let table = StorageService::Table;
        let account = table.in_global_cloud("st");
        assert_eq!(account, "https://st.table.core.windows.net");
        assert!(table.standard_endpoint(&account, false).is_ok());
        let emulator = "http://127.0.0.1:10002/devstoreaccount1";
        assert!(table.standard_endpoint(emulator, true).is_ok());
        for text in [emulator, "https://st.z1.table.storage.azure.net", "st", ""] {
            let error = table.standard_endpoint(text, false).unwrap_err().to_string();
            assert!(error.contains("https://<account>.table.core.windows.net"), "{error}");
        }
    }
}
