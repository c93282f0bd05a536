//! The broker's HTTP API.

use std::time::Duration;

use azure_core::http::Url;
use azure_rest::{timing::CallTiming, token::TokenSource};
use clap::Args;
use reqwest::{RequestBuilder, header::AUTHORIZATION};

use crate::{
    audience, broker_address,
    cloud::Cloud,
    environment::{self, FUNCTION_KEY},
    failure::Failure,
    http,
    options::{Account, BrokerAddress, GlobalOptions},
    sign_in,
};

/// Header of a function key ("Work with access keys in Azure Functions").
const KEY_HEADER: &str = "x-functions-key";

/// The timeout of one call. The broker answers within 25 seconds, and a cold start of the function app
/// takes some more.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);

/// An example in hints.
pub(crate) const EXAMPLE: &str =
    "for example --broker https://func-app-role-broker.azurewebsites.net";

/// How to authenticate to the broker.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerOptions {
    #[command(flatten)]
    pub(crate) address: BrokerAddress,
    /// Audience of the broker's tokens, for example `api://app-role-broker`, to authenticate with your
    /// own account. To authenticate with a function key, set `APP_ROLE_BROKER_KEY`. A broker may need
    /// both
    #[arg(long, env = "APP_ROLE_BROKER_AUDIENCE", hide_env_values = true, value_name = "URI")]
    audience: Option<String>,
}

/// How to sign in to the broker as a person.
#[derive(Debug, Clone, Args)]
pub(crate) struct SignInOptions {
    #[command(flatten)]
    address: BrokerAddress,
    /// Audience of the broker's tokens, for example `api://app-role-broker`. You sign in with your own
    /// account, because a function key proves no person
    #[arg(long, env = "APP_ROLE_BROKER_AUDIENCE", hide_env_values = true, value_name = "URI")]
    audience: Option<String>,
}

/// A client of the broker's HTTP API.
pub(crate) struct BrokerApi {
    base: Url,
    client: reqwest::Client,
    timing: CallTiming,
    key: Option<String>,
    tokens: Option<TokenSource>,
    account: Account,
}

impl BrokerApi {
    /// A client that authenticates. Nothing is sent yet.
    pub(crate) fn authenticated(
        global: &GlobalOptions,
        cloud: &Cloud,
        options: &BrokerOptions,
    ) -> Result<Self, Failure> {
        let api = Self { account: global.auth, ..Self::anonymous(cloud, &options.address)? };
        let key = environment::variable(FUNCTION_KEY);
        let audience = stated(options.audience.as_deref());
        if key.is_none() && audience.is_none() {
            return Err(Failure::usage("no function key and no audience: cannot authenticate")
                .hint(format!("set {FUNCTION_KEY}, or pass --audience to use your own account")));
        }
        let tokens = audience.map(|audience| tokens(global, cloud, audience)).transpose()?;
        Ok(Self { key, tokens, ..api })
    }

    /// A client that signs in with the operator's own account, and sends no function key. Nothing is sent
    /// yet.
    pub(crate) fn signed_in(
        global: &GlobalOptions,
        cloud: &Cloud,
        options: &SignInOptions,
    ) -> Result<Self, Failure> {
        let api = Self { account: global.auth, ..Self::anonymous(cloud, &options.address)? };
        let Some(audience) = stated(options.audience.as_deref()) else {
            let sentence = match environment::variable(FUNCTION_KEY) {
                Some(_) => {
                    "a function key proves no person, and only a person can see and decide on \
                     approvals"
                }
                None => "no audience: cannot sign in to the broker",
            };
            return Err(Failure::usage(sentence).hint(
                "pass --audience to use your own account, for example --audience \
                 api://app-role-broker",
            ));
        };
        Ok(Self { tokens: Some(tokens(global, cloud, audience)?), ..api })
    }

    /// A client for what the broker answers without authentication.
    pub(crate) fn anonymous(cloud: &Cloud, address: &BrokerAddress) -> Result<Self, Failure> {
        let base = base(address)?;
        let timing = CallTiming { call: CALL_TIMEOUT, ..cloud.timing.calls.clone() };
        let client = http::client(&base, &timing)?;
        let account = Account::default();
        Ok(Self { base, client, timing, key: None, tokens: None, account })
    }

    /// The waits between retries.
    pub(crate) fn timing(&self) -> &CallTiming {
        &self.timing
    }

    /// Returns the URL of a path below the broker's address. Any other path is refused, because keys and
    /// tokens are sent there.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Failure> {
        let joined = self.base.join(path.trim_start_matches('/')).ok();
        joined
            .filter(|url| url.as_str().starts_with(self.base.as_str()))
            .ok_or_else(|| Failure::usage(format!("{path:?} is not a path below --broker")))
    }

    /// Starts a GET request. It authenticates unless the client is anonymous.
    pub(crate) async fn get(&self, url: Url) -> Result<RequestBuilder, Failure> {
        self.authorized(self.client.get(url)).await
    }

    /// Starts a POST request. It authenticates unless the client is anonymous.
    pub(crate) async fn post(&self, url: Url) -> Result<RequestBuilder, Failure> {
        self.authorized(self.client.post(url)).await
    }

    /// Adds the key and the token, if the client has any.
    async fn authorized(&self, mut call: RequestBuilder) -> Result<RequestBuilder, Failure> {
        if let Some(key) = &self.key {
            call = call.header(KEY_HEADER, key);
        }
        let Some(tokens) = &self.tokens else { return Ok(call) };
        let token = tokens.token().await;
        let token = token.map_err(|error| {
            let failure = sign_in::failed(self.account, &error);
            match failure.code {
                None => failure.hint("sign in with `az login`, and check --audience"),
                Some(_) => failure,
            }
        })?;
        Ok(call.header(AUTHORIZATION, token.authorization()))
    }
}

/// Returns an option's text. An empty environment variable counts as unset.
fn stated(option: Option<&str>) -> Option<&str> {
    option.filter(|text| !text.is_empty())
}

/// The tokens of the operator's own account for an audience.
fn tokens(global: &GlobalOptions, cloud: &Cloud, audience: &str) -> Result<TokenSource, Failure> {
    audience::check(audience).map_err(|problem| Failure::usage(format!("--audience {problem}")))?;
    let credentials = sign_in::credentials(global, cloud)?;
    let scope = format!("{}/.default", audience.trim_end_matches('/'));
    Ok(TokenSource::new(credentials, scope, cloud.timing.calls.clone()))
}

fn base(address: &BrokerAddress) -> Result<Url, Failure> {
    let Some(text) = address.url() else {
        return Err(Failure::usage("the URL of the broker is missing: pass --broker").hint(EXAMPLE));
    };
    broker_address::parse(text)
        .and_then(|_| broker_address::parse(&format!("{}/", text.trim_end_matches('/'))))
        .map_err(|problem| Failure::usage(format!("--broker {problem}")).hint(EXAMPLE))
}
