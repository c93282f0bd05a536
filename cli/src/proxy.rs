//! The proxy that the operator's environment names.
//!
//! Only this program uses one. The broker reaches Azure directly, and ignores these variables.

use azure_core::http::Url;
use reqwest::{NoProxy, Proxy};

use crate::{environment, failure::Failure};

/// The variable of the proxy for HTTPS.
const HTTPS_PROXY: &str = "HTTPS_PROXY";

/// The variable of hosts that are reached without it.
const NO_PROXY: &str = "NO_PROXY";

/// Hosts that are never reached by a proxy: those on this machine.
const LOCAL: &str = "localhost,127.0.0.0/8,::1";

/// Reads the proxy from `HTTPS_PROXY`, and the hosts without one from `NO_PROXY`. Names in lower case win,
/// as with curl.
pub(crate) fn from_environment() -> Result<Option<Proxy>, Failure> {
    let Some(text) = environment::variable_in_either_case(HTTPS_PROXY) else { return Ok(None) };
    let exceptions = environment::variable_in_either_case(NO_PROXY).unwrap_or_default();
    let proxy = address(&text).and_then(|url| Proxy::https(url).ok());
    let proxy = proxy.ok_or_else(|| {
        Failure::usage(format!("{HTTPS_PROXY} is not the address of a proxy"))
            .hint("expected http:// or https://, a host and a port, for example http://proxy.contoso.com:3128")
    })?;
    let exceptions = NoProxy::from_string(&format!("{LOCAL},{exceptions}"));
    Ok(Some(proxy.no_proxy(exceptions)))
}

/// The address of a proxy. Without a scheme it is HTTP, as with curl.
fn address(text: &str) -> Option<Url> {
    let has_scheme = text.contains("://");
    let url = Url::parse(&if has_scheme { text.to_owned() } else { format!("http://{text}") });
    url.ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_proxy_is_an_address_of_http_and_may_have_a_password() {
        for (text, expected) in [
            ("http://proxy.contoso.com:3128", "http://proxy.contoso.com:3128/"),
            ("proxy.contoso.com:3128", "http://proxy.contoso.com:3128/"),
            ("https://anna:pass@proxy.contoso.com", "https://anna:pass@proxy.contoso.com/"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(address(text).unwrap().as_str(), expected, "{text}");
        }
        for text in
            ["", "socks5://proxy.contoso.com", "http://", "http://x/path", "http://x?y", "a b"]
        {
            assert!(address(text).is_none(), "{text}");
        }
    }
}
