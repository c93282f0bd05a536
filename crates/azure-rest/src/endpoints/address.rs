//! Checks of addresses, independent of the service.

use std::net::IpAddr;

use azure_core::http::Url;

/// An address that does not belong to the service.
///
/// `Display` completes a sentence that begins with the name of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(pub(super) String);

/// Whether an address is on this machine, and contains no credentials.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
        && matches!(url.scheme(), "http" | "https")
        && !has_credentials(url)
}

/// Whether an address leads to this machine or to its link, as that of the identity endpoint does: a
/// loopback or link-local address, without credentials.
#[must_use]
pub fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_local = match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Err(_) => host == "localhost",
    };
    is_local && matches!(url.scheme(), "http" | "https") && !has_credentials(url)
}

/// Whether an address contains a user name or a password.
#[must_use]
pub fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether an address consists of scheme, host and port only.
#[must_use]
pub fn is_bare(url: &Url) -> bool {
    url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_credentials(url)
}

/// The host of an address that is `https://` and a host, and nothing else.
pub(super) fn https_host(url: &Url) -> Option<&str> {
    let is_plain = url.scheme() == "https" && url.port().is_none() && is_bare(url);
    url.host_str().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_identity_endpoint_is_on_this_machine_or_its_link() {
        for text in [
            "http://127.0.0.1:41741/MSI/token/",
            "http://localhost:42356/msi/token",
            "http://169.254.129.2:8081/msi/token",
            "http://127.8.9.10/",
            "http://[::1]:8081/msi/token",
            "http://[fe80::1]/msi/token",
            "https://127.0.0.1/",
        ] {
            assert!(is_local(&parse(text)), "{text}");
        }
        for text in [
            "http://contoso.com/msi/token",
            "http://localhost.contoso.com/",
            "http://127.0.0.1.contoso.com/",
            "http://10.0.0.1/",
            "http://168.63.129.16/",
            "http://0.0.0.0/",
            "http://169.253.1.1/",
            "http://[::ffff:8.8.8.8]/",
            "http://[2001:db8::1]/",
            "http://user@127.0.0.1/",
            "http://:password@127.0.0.1/",
            "http://127.0.0.1@contoso.com/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(!is_local(&parse(text)), "{text}");
        }
    }

    #[test]
    fn an_emulators_address_has_no_credentials() {
        assert!(is_loopback(&parse("http://127.0.0.1:10002/devstoreaccount1")));
        assert!(!is_loopback(&parse("http://user@127.0.0.1:10002/devstoreaccount1")));
    }
}
