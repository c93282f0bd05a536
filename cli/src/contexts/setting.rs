//! The settings that a context can contain, and values that it must not contain.

use app_roles::text::printable;
use azure_core::http::Url;
use azure_rest::endpoints::{self, StorageService};
use serde::{Deserialize, Serialize};

use crate::{audience, broker_address, tenant::Tenant};

/// The largest value, in bytes. ARM IDs and URLs are far shorter.
const LONGEST: usize = 1024;

/// The parts of connection strings and signed URLs that are secret.
const SECRETS: [&str; 4] = ["accountkey=", "sharedaccesssignature=", "sharedaccesskey=", "sig="];

/// The values of `--auth`.
const ACCOUNTS: [&str; 2] = ["developer", "managed-identity"];

/// A setting of a context. It supplies the values of some options that neither the command line nor the
/// environment states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Setting {
    Broker,
    Audience,
    BrokerIdentity,
    Policy,
    Tenant,
    Auth,
    GraphEndpoint,
    Requests,
    HostStorage,
    Audit,
}

impl Setting {
    /// All settings, in the order in which they are shown.
    pub(crate) const ALL: [Self; 10] = [
        Self::Broker,
        Self::Audience,
        Self::BrokerIdentity,
        Self::Policy,
        Self::Tenant,
        Self::Auth,
        Self::GraphEndpoint,
        Self::Requests,
        Self::HostStorage,
        Self::Audit,
    ];

    /// The IDs of the options that it supplies. The first one sets it.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Broker => &["broker"],
            Self::Audience => &["audience"],
            Self::BrokerIdentity => &["broker_identity"],
            Self::Policy => &["policy"],
            Self::Tenant => &["tenant"],
            Self::Auth => &["auth"],
            Self::GraphEndpoint => &["graph_endpoint"],
            Self::Requests => &["requests"],
            Self::HostStorage => &["host_storage", "failed"],
            Self::Audit => &["audit"],
        }
    }

    /// The setting that supplies an option.
    pub(crate) fn of_option(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.options().contains(&id))
    }

    /// Reads the name of its option.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let option = format!("--{text}");
        Self::ALL.into_iter().find(|setting| setting.option() == option).ok_or_else(|| {
            let known = Self::ALL.map(|setting| setting.option().replacen("--", "", 1));
            format!("must be one of {}", known.join(", "))
        })
    }

    /// Its name in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Audience => "audience",
            Self::BrokerIdentity => "brokerIdentity",
            Self::Policy => "policy",
            Self::Tenant => "tenant",
            Self::Auth => "auth",
            Self::GraphEndpoint => "graphEndpoint",
            Self::Requests => "requests",
            Self::HostStorage => "hostStorage",
            Self::Audit => "audit",
        }
    }

    /// The option that sets it, as it is typed.
    pub(crate) fn option(self) -> String {
        let id = self.options().first().copied().unwrap_or_default();
        format!("--{}", id.replace('_', "-"))
    }

    /// Checks a value. The error completes a sentence that begins with the setting, and does not repeat
    /// the value.
    pub(crate) fn check(self, text: &str) -> Result<(), String> {
        let lower = text.to_ascii_lowercase();
        if SECRETS.iter().any(|secret| lower.contains(secret)) {
            return Err("contains a key, and a context holds no secrets".to_owned());
        }
        if text.is_empty() || text.len() > LONGEST || printable(text) != text {
            return Err(format!("must be 1 to {LONGEST} printable characters"));
        }
        match self {
            Self::Broker => broker_address::parse(text).map(drop),
            Self::Tenant => Tenant::parse(text).map(|_| ()),
            Self::Auth if ACCOUNTS.contains(&text) => Ok(()),
            Self::Auth => Err(format!("must be one of {}", ACCOUNTS.join(", "))),
            Self::GraphEndpoint => {
                endpoints::graph(Some(text)).map(|_| ()).map_err(|error| error.to_string())
            }
            Self::Requests | Self::HostStorage | Self::Audit => queue_endpoint(text),
            Self::Audience => audience::check(text),
            Self::BrokerIdentity | Self::Policy => Ok(()),
        }
    }
}

fn queue_endpoint(text: &str) -> Result<(), String> {
    let url = Url::parse(text).ok().filter(|url| StorageService::Queue.is_endpoint(url));
    url.map(|_| ()).ok_or_else(|| {
        "must be a queue endpoint, for example https://stbroker.queue.core.windows.net".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_takes_a_secret() {
        let secrets = [
            "DefaultEndpointsProtocol=https;AccountName=st;AccountKey=c2VjcmV0",
            "BlobEndpoint=https://st.blob.core.windows.net;SharedAccessSignature=sv=1&sig=c2VjcmV0",
            "https://st.queue.core.windows.net/?sv=1&SIG=c2VjcmV0",
            "Endpoint=sb://st/;SharedAccessKey=c2VjcmV0",
        ];
        for (setting, text) in
            Setting::ALL.into_iter().flat_map(|one| secrets.map(|text| (one, text)))
        {
            let reason = setting.check(text).unwrap_err();
            assert!(reason.contains("holds no secrets"), "{setting:?}: {reason}");
            assert!(!reason.contains("c2VjcmV0"), "{setting:?}: {reason}");
        }
    }

    #[test]
    fn the_word_of_a_setting_is_its_name_in_the_file() {
        for setting in Setting::ALL {
            assert_eq!(serde_json::to_value(setting).unwrap(), setting.word());
        }
    }

    #[test]
    fn a_setting_takes_what_its_option_takes() {
        for (setting, text) in [
            (Setting::Broker, "https://func-app-role-broker.azurewebsites.net"),
            (Setting::Broker, "http://127.0.0.1:7071"),
            (Setting::Audience, "api://app-role-broker"),
            (Setting::BrokerIdentity, "id-app-role-broker"),
            (Setting::Policy, "/home/anna/policy.json"),
            (Setting::Tenant, "contoso.onmicrosoft.com"),
            (Setting::Auth, "managed-identity"),
            (Setting::GraphEndpoint, "https://graph.microsoft.us"),
            (Setting::Requests, "https://strequests.queue.core.windows.net"),
        ] {
            assert_eq!(setting.check(text), Ok(()), "{setting:?}");
        }
    }

    #[test]
    fn every_other_value_is_refused() {
        for (setting, text) in [
            (Setting::Broker, "http://broker.contoso.com"),
            (Setting::Broker, "https://anna:pass@broker.contoso.com"),
            (Setting::Broker, "https://broker.contoso.com/?code=1"),
            (Setting::Audience, ""),
            (Setting::Audience, "https://graph.microsoft.com"),
            (Setting::Policy, "policy\u{1b}[2J.json"),
            (Setting::Policy, &"x".repeat(LONGEST + 1)),
            (Setting::Tenant, "contoso"),
            (Setting::Auth, "anna"),
            (Setting::GraphEndpoint, "https://graph.contoso.com"),
            (Setting::Requests, "https://strequests.blob.core.windows.net"),
            (Setting::Audit, "https://contoso.com"),
            (Setting::HostStorage, "UseDevelopmentStorage=true"),
        ] {
            assert!(setting.check(text).is_err(), "{setting:?}: {text}");
        }
    }
}
