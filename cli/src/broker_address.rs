//! The address of the broker, to which keys and tokens are sent.

use azure_core::http::Url;
use azure_rest::endpoints::{has_credentials, is_loopback};

/// Reads an address. The error completes a sentence that begins with the option or the setting, and does not
/// repeat the address, which may contain a password.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    // Plain HTTP is accepted only for this machine.
    let is_address = |url: &Url| {
        (url.scheme() == "https" || is_loopback(url))
            && url.query().is_none()
            && url.fragment().is_none()
            && !has_credentials(url)
    };
    Url::parse(text).ok().filter(is_address).ok_or_else(|| {
        "must be a URL that starts with https://, without a user name, a query or a fragment"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_credentials_no_query_and_no_fragment() {
        for text in [
            "https://func-app-role-broker.azurewebsites.net",
            "https://broker.contoso.com/app/",
            "http://127.0.0.1:7071",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "contoso",
            "http://contoso.example",
            "ftp://127.0.0.1",
            "https://anna:secret@contoso.example",
            "https://secret@contoso.example",
            "http://anna:secret@127.0.0.1",
            "https://contoso.example?code=secret",
            "https://contoso.example/?",
            "https://contoso.example/#secret",
        ] {
            assert!(!parse(text).unwrap_err().contains("secret"), "{text}");
        }
    }
}
