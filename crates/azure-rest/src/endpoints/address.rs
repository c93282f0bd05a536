//! Checks of addresses, independent of the service.

use azure_core::http::Url;

/// An address that does not belong to the service.
///
/// `Display` completes a sentence that begins with the name of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(pub(super) String);

/// Whether an address is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
        && matches!(url.scheme(), "http" | "https")
}

/// Whether an address consists of scheme, host and port only.
#[must_use]
pub fn is_bare(url: &Url) -> bool {
    url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// The host of an address that is `https://` and a host, and nothing else.
pub(super) fn https_host(url: &Url) -> Option<&str> {
    let is_plain = url.scheme() == "https" && url.port().is_none() && is_bare(url);
    url.host_str().filter(|_| is_plain)
}
