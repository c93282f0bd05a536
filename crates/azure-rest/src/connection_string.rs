//! Connection strings of storage accounts ("Configure Azure Storage connection strings").

use std::{collections::HashMap, fmt::Display};

use azure_core::http::Url;

use crate::{endpoints::StorageService, shared_key::SharedKey};

/// The account of `UseDevelopmentStorage=true`, and the key that Microsoft publishes for it ("Use the
/// Azurite emulator for local Azure Storage development").
const EMULATOR: &str = "AccountName=devstoreaccount1;\
     AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
     QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;\
     TableEndpoint=http://127.0.0.1:10002/devstoreaccount1";

/// The account of a connection string. `Debug` does not show its key.
#[derive(Debug, Clone)]
pub struct KeyedAccount {
    /// The account's name and key.
    pub key: SharedKey,
    /// The address of its queues.
    pub queues: Url,
    /// The address of its tables.
    pub tables: Url,
}

/// The reason why a text is not a connection string of an account and its key.
///
/// `Display` completes a sentence that begins with the name of the setting and "is". No message repeats
/// a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionStringError {
    /// A part is missing.
    #[error("not a connection string with {0}")]
    Missing(&'static str),
    /// The value of a part is invalid.
    #[error("a connection string with an invalid {0}")]
    Invalid(&'static str),
    /// It has a shared access signature in place of the key.
    #[error(
        "a connection string with a SharedAccessSignature, which ends some day: use one with an \
         AccountKey, or an identity"
    )]
    Signature,
}

impl KeyedAccount {
    /// Reads a connection string: `UseDevelopmentStorage=true` for Azurite on this machine, or
    /// `AccountName` and `AccountKey`. Each service is at its explicit endpoint, for instance
    /// `TableEndpoint`, or else at that of the account below `EndpointSuffix`.
    ///
    /// The addresses are not checked, so they may contain any host.
    pub fn parse(text: &str) -> Result<Self, ConnectionStringError> {
        let parts = Parts::of(text);
        let wants_emulator = |value: &str| value.eq_ignore_ascii_case("true");
        if parts.get("UseDevelopmentStorage").is_some_and(wants_emulator) {
            return Parts::of(EMULATOR).account();
        }
        parts.account()
    }
}

/// The parts of a connection string, by their names in lower case.
struct Parts<'a>(HashMap<String, &'a str>);

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let parts = text.split(';').filter_map(|part| part.split_once('='));
        Self(parts.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())).collect())
    }

    /// The value of a part; an empty one counts as missing.
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(&name.to_ascii_lowercase()).copied().filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<&'a str, ConnectionStringError> {
        self.get(name).ok_or(ConnectionStringError::Missing(name))
    }

    fn account(&self) -> Result<KeyedAccount, ConnectionStringError> {
        if self.get("SharedAccessSignature").is_some() {
            return Err(ConnectionStringError::Signature);
        }
        let (name, key) = (self.required("AccountName")?, self.required("AccountKey")?);
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !name.bytes().all(is_allowed) {
            return Err(ConnectionStringError::Invalid("AccountName"));
        }
        let key = SharedKey::parse(name, key);
        Ok(KeyedAccount {
            key: key.ok_or(ConnectionStringError::Invalid("AccountKey"))?,
            queues: self.endpoint("QueueEndpoint", (name, StorageService::Queue))?,
            tables: self.endpoint("TableEndpoint", (name, StorageService::Table))?,
        })
    }

    fn endpoint(
        &self,
        part: &'static str,
        (account, service): (&str, impl Display),
    ) -> Result<Url, ConnectionStringError> {
        let (text, part) = match self.get(part) {
            Some(text) => (text.to_owned(), part),
            None => {
                let protocol = self.get("DefaultEndpointsProtocol").unwrap_or("https");
                let suffix = self.get("EndpointSuffix").unwrap_or("core.windows.net");
                (format!("{protocol}://{account}.{service}.{suffix}"), "EndpointSuffix")
            }
        };
        let url = Url::parse(&text).ok().filter(Url::has_host);
        url.ok_or(ConnectionStringError::Invalid(part))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCOUNT: &str = "AccountName=st;AccountKey=c2VjcmV0LWtleQ==";

    fn endpoints(text: &str) -> [String; 2] {
        let account = KeyedAccount::parse(text).unwrap();
        [account.queues, account.tables].map(String::from)
    }

    #[test]
    fn services_are_at_their_own_endpoints_or_at_those_of_the_account() {
        for (more, [queues, tables]) in [
            ("", ["https://st.queue.core.windows.net/", "https://st.table.core.windows.net/"]),
            (
                ";EndpointSuffix=core.chinacloudapi.cn",
                [
                    "https://st.queue.core.chinacloudapi.cn/",
                    "https://st.table.core.chinacloudapi.cn/",
                ],
            ),
            (
                ";DefaultEndpointsProtocol=http;TableEndpoint=https://127.0.0.1:1/st",
                ["http://st.queue.core.windows.net/", "https://127.0.0.1:1/st"],
            ),
            (
                "; tableendpoint = http://127.0.0.1:2/st ; QUEUEENDPOINT=http://127.0.0.1:1/st;;",
                ["http://127.0.0.1:1/st", "http://127.0.0.1:2/st"],
            ),
        ] {
            assert_eq!(endpoints(&format!("{ACCOUNT}{more}")), [queues, tables], "{more}");
        }
    }

    #[test]
    fn development_storage_is_azurite_on_its_ports() {
        for text in ["UseDevelopmentStorage=true", " usedevelopmentstorage = TRUE ;"] {
            let [queues, tables] = endpoints(text);
            assert_eq!(queues, "http://127.0.0.1:10001/devstoreaccount1");
            assert_eq!(tables, "http://127.0.0.1:10002/devstoreaccount1");
        }
    }

    #[test]
    fn each_fault_is_named_and_no_value_is_repeated() {
        for (text, fault) in [
            ("", "not a connection string with AccountName"),
            ("secret", "not a connection string with AccountName"),
            ("UseDevelopmentStorage=secret", "not a connection string with AccountName"),
            ("AccountName=st;AccountKey=", "not a connection string with AccountKey"),
            ("AccountName=st;AccountKey=secret!", "a connection string with an invalid AccountKey"),
            (
                "AccountName=se/cret;AccountKey=a2V5",
                "a connection string with an invalid AccountName",
            ),
            (
                "AccountName=st;AccountKey=a2V5;TableEndpoint=secret",
                "a connection string with an invalid TableEndpoint",
            ),
            (
                "AccountName=st;AccountKey=a2V5;EndpointSuffix=sec ret",
                "a connection string with an invalid EndpointSuffix",
            ),
            (
                "TableEndpoint=https://st.table.core.windows.net;SharedAccessSignature=sig=secret",
                "a connection string with a SharedAccessSignature",
            ),
        ] {
            let error = KeyedAccount::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(fault), "{text}: {error}");
            assert!(!error.contains("secret") && !error.contains("sec ret"), "{error}");
        }
    }

    #[test]
    fn the_key_never_shows() {
        let shown = format!("{:?}", KeyedAccount::parse(ACCOUNT).unwrap());
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("secret"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(
            text in "(AccountName|AccountKey|TableEndpoint|EndpointSuffix|=|;|://|st|é|[ -~]){0,20}",
        ) {
            let _ = KeyedAccount::parse(&text);
        }
    }
}
