//! The name and key of a storage account, and signatures with it.

use std::fmt;

use azure_core::http::Url;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use sha2::Sha256;

/// The name and key of a storage account. `Debug` shows the name only.
#[derive(Clone)]
pub struct SharedKey {
    account: String,
    code: Hmac<Sha256>,
}

/// What the signature of a request to the queue service covers.
pub(crate) struct QueueRequest<'a> {
    /// The method.
    pub(crate) method: &'a Method,
    /// The whole address, percent-encoded as it is sent.
    pub(crate) url: &'a Url,
    /// The media type and the number of bytes of the body; `None` if there is no body.
    pub(crate) body: Option<(&'a str, usize)>,
    /// The header `x-ms-date`.
    pub(crate) date: &'a str,
    /// The header `x-ms-version`, 2015-02-21 or later. No other header begins with `x-ms-`.
    pub(crate) version: &'a str,
}

impl SharedKey {
    /// Reads a key in base64, as the portal and connection strings have it. `None` if it is not base64.
    #[must_use]
    pub fn parse(account: &str, key: &str) -> Option<Self> {
        let bytes = STANDARD.decode(key).ok().filter(|bytes| !bytes.is_empty())?;
        Some(Self { account: account.to_owned(), code: Hmac::new_from_slice(&bytes).ok()? })
    }

    /// The account's name.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The base64 of the HMAC of a text: the signature of requests and of shared access signatures.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.code.clone().chain_update(text).finalize().into_bytes())
    }

    /// The `Authorization` header of a request to the table service with this date and path, which is
    /// percent-encoded as it is sent ("Authorize with Shared Key", Shared Key Lite and Table service
    /// format). An emulator's path begins with the account's name, so the name is there twice.
    pub(crate) fn table_authorization(&self, date: &str, path: &str) -> String {
        let account = &self.account;
        let signature = self.sign(&format!("{date}\n/{account}{path}"));
        format!("SharedKeyLite {account}:{signature}")
    }

    /// The `Authorization` header of a request to the queue service ("Authorize with Shared Key", Blob,
    /// Queue, and File services, Shared Key format).
    ///
    /// The empty lines are headers that are not sent. The length of an empty body is an empty line, too.
    pub(crate) fn queue_authorization(&self, request: &QueueRequest<'_>) -> String {
        let account = &self.account;
        let QueueRequest { method, url, body, date, version } = request;
        let (media_type, length) = match body {
            Some((media_type, length)) if *length > 0 => (*media_type, length.to_string()),
            Some((media_type, _)) => (*media_type, String::new()),
            None => ("", String::new()),
        };
        let (path, parameters) = (url.path(), parameters(url));
        let signature = self.sign(&format!(
            "{method}\n\n\n{length}\n\n{media_type}\n\n\n\n\n\n\n\
             x-ms-date:{date}\nx-ms-version:{version}\n/{account}{path}{parameters}"
        ));
        format!("SharedKey {account}:{signature}")
    }
}

/// The parameters of an address as they are signed: by name, one on each line, decoded.
fn parameters(url: &Url) -> String {
    let parameters = url.query_pairs();
    let mut parameters: Vec<_> =
        parameters.map(|(name, value)| (name.to_lowercase(), value)).collect();
    parameters.sort();
    parameters.iter().map(|(name, value)| format!("\n{name}:{value}")).collect()
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SharedKey").field(&self.account).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key that Microsoft publishes for Azurite ("Use the Azurite emulator for local Azure Storage
    /// development"). Another implementation made the expected signatures.
    const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    #[test]
    fn a_request_to_tables_is_signed_as_microsoft_documents_it() {
        let key = SharedKey::parse("testaccount1", KEY).unwrap();
        assert_eq!(
            key.table_authorization("Sun, 11 Oct 2009 19:52:39 GMT", "/Tables"),
            "SharedKeyLite testaccount1:J0rgyDtNy3BXUcIppqbP9j2HX0i+JZ3q2oF6/P8yocE="
        );
        assert_eq!(
            key.table_authorization(
                "Fri, 27 Nov 2026 10:00:00 GMT",
                "/AppRoleEnds(PartitionKey='O%27%27Brien',RowKey='1')"
            ),
            "SharedKeyLite testaccount1:zFSooC15SLjToEYbTJgaP5pk4cIaUaqkGOkvk8DlO8Q="
        );
    }

    #[test]
    fn a_request_to_queues_is_signed_as_microsoft_documents_it() {
        for (account, method, url, body, signature) in [
            (
                "testaccount1",
                Method::POST,
                "https://testaccount1.queue.core.windows.net/app-role-events/messages",
                Some(("application/xml", 95)),
                "H8zpl2idlsUzaCDeNzMrYumK+JdCUSbC9T88gV7fGPQ=",
            ),
            (
                "devstoreaccount1",
                Method::PUT,
                "http://127.0.0.1:10001/devstoreaccount1/app-role-events",
                None,
                "wNZjYJJWgTTJ3jYATztC/CWDQYAknKFb/lCZJSbWOtw=",
            ),
            (
                "testaccount1",
                Method::GET,
                "https://testaccount1.queue.core.windows.net/app-role-events?comp=metadata",
                None,
                "mAbQ/dug31p/KFRLqGOqoCuVvl5K9Gj1/fWM2RTogFM=",
            ),
        ] {
            let key = SharedKey::parse(account, KEY).unwrap();
            let request = QueueRequest {
                method: &method,
                url: &Url::parse(url).unwrap(),
                body,
                date: "Fri, 27 Nov 2026 10:00:00 GMT",
                version: "2020-12-06",
            };
            let expected = format!("SharedKey {account}:{signature}");
            assert_eq!(key.queue_authorization(&request), expected, "{url}");
        }
    }

    #[test]
    fn a_text_that_is_not_base64_is_not_a_key() {
        for text in ["", "!", "c2VjcmV0LWtleQ", "c2VjcmV0 LWtleQ=="] {
            assert!(SharedKey::parse("testaccount1", text).is_none(), "{text:?}");
        }
    }
}
