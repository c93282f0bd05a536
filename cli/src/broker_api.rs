//! The broker over HTTP: where it is, and as whom it is asked.

use std::time::Duration;

use azure_core::http::Url;
use azure_rest::{client, timing::CallTiming, token::TokenSource};
use reqwest::{RequestBuilder, header::AUTHORIZATION};

use crate::{
    arguments::{BrokerAddress, BrokerOptions, GlobalOptions},
    credential,
    failure::Failure,
    session,
};

/// The environment variable that may hold a function key. There is no option for it: the command line
/// of a process is no secret.
const KEY: &str = "APP_ROLE_BROKER_KEY";

/// Header of a function key ("Work with access keys in Azure Functions").
const KEY_HEADER: &str = "x-functions-key";

/// How long one call may take. The broker answers within 25 seconds; a function app that was asleep
/// takes some more.
const CALL: Duration = Duration::from_secs(90);

/// The broker over HTTP.
pub(crate) struct BrokerApi {
    base: Url,
    pub(crate) client: reqwest::Client,
    proof: Proof,
}

/// Who asks: a function key, a sign-in, or both, since the host may want a key from everybody.
#[derive(Default)]
struct Proof {
    key: Option<String>,
    tokens: Option<TokenSource>,
}

impl BrokerApi {
    /// Finds out where the broker is and as whom to ask; nothing is sent yet.
    pub(crate) fn open(global: &GlobalOptions, options: &BrokerOptions) -> Result<Self, Failure> {
        let api = Self::anonymous(global, &options.address)?;
        let (_, timing) = session::graph(global)?;
        Ok(Self { proof: proof(global, options, &timing.calls)?, ..api })
    }

    /// The same for what the broker answers to everybody.
    pub(crate) fn anonymous(
        global: &GlobalOptions,
        address: &BrokerAddress,
    ) -> Result<Self, Failure> {
        let (_, timing) = session::graph(global)?;
        let base = base(address)?;
        let client = client::build(&base, &CallTiming { call: CALL, ..timing.calls })
            .map_err(|error| Failure::failed(format!("no HTTP client: {error}")))?;
        Ok(Self { base, client, proof: Proof::default() })
    }

    /// Where something lies below the broker's address, and nowhere else: a key or token goes there.
    pub(crate) fn address(&self, path: &str) -> Result<Url, Failure> {
        let joined = self.base.join(path.trim_start_matches('/')).ok();
        joined.filter(|url| url.as_str().starts_with(self.base.as_str())).ok_or_else(|| {
            Failure::usage(format!("{path:?} is no path below the broker's address"))
        })
    }

    /// A call that says who asks.
    pub(crate) async fn authorize(
        &self,
        mut call: RequestBuilder,
    ) -> Result<RequestBuilder, Failure> {
        if let Some(key) = &self.proof.key {
            call = call.header(KEY_HEADER, key);
        }
        let Some(tokens) = &self.proof.tokens else { return Ok(call) };
        let token = tokens.token().await.map_err(|error| {
            Failure::failed(format!("you are not signed in: {error}"))
                .hint("sign in with `az login`, and check --audience")
        })?;
        Ok(call.header(AUTHORIZATION, token.authorization()))
    }
}

fn base(address: &BrokerAddress) -> Result<Url, Failure> {
    let hint = "for instance https://func-app-role-broker.azurewebsites.net";
    let Some(text) = address.broker.as_deref().filter(|text| !text.is_empty()) else {
        return Err(Failure::usage("--broker does not say where the broker is").hint(hint));
    };
    let url = Url::parse(&format!("{}/", text.trim_end_matches('/'))).ok();
    // A key or token goes there: in the clear to this machine only.
    url.filter(|url| {
        let is_local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
        url.scheme() == "https" || (url.scheme() == "http" && is_local)
    })
    .ok_or_else(|| Failure::usage("--broker is no address that begins with https://").hint(hint))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a function key must not be in the arguments, which others can list"
)]
fn proof(
    global: &GlobalOptions,
    options: &BrokerOptions,
    timing: &CallTiming,
) -> Result<Proof, Failure> {
    let key = std::env::var(KEY).ok().filter(|key| !key.is_empty());
    let audience = options.audience.as_deref().filter(|text| !text.is_empty());
    if key.is_none() && audience.is_none() {
        let sentence = format!("neither {KEY} nor --audience says how to ask the broker");
        return Err(Failure::usage(sentence).hint(format!(
            "put a function key into {KEY}, or name with --audience for what the broker takes tokens"
        )));
    }
    let tokens = |audience: &str| -> Result<TokenSource, Failure> {
        let make = credential::maker(global.auth, timing)?;
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        Ok(TokenSource::new(make, scope, timing.clone()))
    };
    Ok(Proof { key, tokens: audience.map(tokens).transpose()? })
}
