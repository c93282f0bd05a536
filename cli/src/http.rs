//! Sends this program's own HTTP requests.

use azure_core::http::Url;
use azure_rest::{client, reason::reason, timing::CallTiming, traffic};
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;

use crate::{failure::Failure, proxy};

/// The largest body to read, in bytes. A page of 1,000 audit rows has about a megabyte.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Builds a client for requests to `endpoint`, through the proxy of the environment if there is one.
pub(crate) fn client(endpoint: &Url, timing: &CallTiming) -> Result<Client, Failure> {
    let client = match proxy::from_environment()? {
        Some(proxy) => client::build_behind(proxy, endpoint, timing),
        None => client::build(endpoint, timing),
    };
    client.map_err(|_| no_client())
}

/// Reports that no HTTP client could be built.
pub(crate) fn no_client() -> Failure {
    Failure::failed("there are no certificate authorities to trust")
        .code("noCertificateAuthorities")
        .hint("install the certificate authorities of the operating system")
}

/// Why a request has no answer.
pub(crate) struct NoAnswer {
    pub(crate) failure: Failure,
    /// Whether the request, or a part of it, has left this machine.
    pub(crate) is_sent: bool,
}

impl From<NoAnswer> for Failure {
    fn from(NoAnswer { failure, .. }: NoAnswer) -> Self {
        failure
    }
}

/// Sends a request and returns the response, whatever its status is.
pub(crate) async fn send(call: RequestBuilder) -> Result<Response, NoAnswer> {
    let (client, request) = call.build_split();
    let request = request.map_err(|_| NoAnswer {
        failure: Failure::failed(
            "a request cannot be sent: an address, a key or a token is not valid in HTTP",
        ),
        is_sent: false,
    })?;
    let address = without_query(request.url());
    traffic::send(RequestBuilder::from_parts(client, request)).await.map_err(|error| NoAnswer {
        failure: Failure::failed(format!("{address} does not answer: {}", reason(&error)))
            .code("noAnswer"),
        is_sent: !error.is_connect(),
    })
}

/// Reads the body of a response as JSON.
pub(crate) async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let address = without_query(response.url());
    wire_formats::json::from_slice(&body(response).await?).map_err(|fault| {
        // The position is left out, because the operator does not see the text.
        let place = fault.path().map(|path| format!(" at {path}")).unwrap_or_default();
        Failure::failed(format!("{address} does not answer with the expected JSON{place}"))
            .code("unexpectedAnswer")
    })
}

/// Reads the body of a response, unless it is larger than any body that this program expects.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let address = without_query(response.url());
    let mut bytes = Vec::new();
    let unreadable = |error: reqwest::Error| {
        Failure::failed(format!("the answer of {address} cannot be read: {}", reason(&error)))
            .code("noAnswer")
    };
    while let Some(chunk) = response.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(Failure::failed(format!("the answer of {address} is too large")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Removes the query from a URL, because it may contain a signature.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url
}
