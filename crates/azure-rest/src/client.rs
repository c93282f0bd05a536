//! The HTTP clients.

use std::{path::Path, sync::Arc};

use azure_core::http::{AsyncRawResponse, HttpClient, Request, Url, headers::HeaderName};

use crate::{
    certificate_authorities,
    endpoints::is_loopback,
    timing::CallTiming,
    traffic::{self, Call},
};

/// Builds the HTTP client for requests with a token.
///
/// It follows no redirects and ignores proxy settings, so that a token cannot reach an address that is
/// not configured here. It speaks HTTPS only, unless `endpoint` is an emulator on this machine.
///
/// An error means that the machine has no certificate authorities to trust.
pub fn build(endpoint: &Url, timing: &CallTiming) -> Result<reqwest::Client, reqwest::Error> {
    for_tokens(endpoint, timing).build()
}

/// Builds the client of [`build`] for a program whose operator chose a proxy.
///
/// The proxy only passes on connections with TLS (`CONNECT`), so it sees no token. An emulator on this
/// machine is not reached by a proxy.
pub fn build_behind(
    proxy: reqwest::Proxy,
    endpoint: &Url,
    timing: &CallTiming,
) -> Result<reqwest::Client, reqwest::Error> {
    match is_loopback(endpoint) {
        true => build(endpoint, timing),
        false => for_tokens(endpoint, timing).proxy(proxy).build(),
    }
}

/// Builds the client of [`build`], which trusts the certificate authorities in this file only.
///
/// Linux has them twice: in one file, and in a directory with one file for each. By default rustls
/// reads both, and the directory takes half of the start-up time.
///
/// If the file has no usable certificate, rustls looks for others.
pub fn build_trusting(
    authorities: &Path,
    endpoint: &Url,
    timing: &CallTiming,
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = for_tokens(endpoint, timing);
    match certificate_authorities::read(authorities) {
        Some(authorities) => builder.tls_certs_only(authorities).build(),
        None => builder.build(),
    }
}

fn for_tokens(endpoint: &Url, timing: &CallTiming) -> reqwest::ClientBuilder {
    builder(timing).https_only(endpoint.scheme() == "https" && !is_loopback(endpoint))
}

/// Builds the HTTP client for the identity endpoint, which issues tokens and receives none.
///
/// It speaks HTTP: the endpoint is on this machine or at a link-local address ("How to use managed
/// identities for App Service and Azure Functions", REST endpoint reference). So it does not load
/// certificate authorities, which would take a large part of the start-up time.
///
/// An error means that TLS cannot be set up.
pub fn build_for_identity_endpoint(timing: &CallTiming) -> Result<reqwest::Client, reqwest::Error> {
    builder(timing).tls_certs_only([]).build()
}

/// Installs the TLS provider. reqwest is built without one, and panics if none is installed.
pub fn install_tls() {
    // A second installation fails, which is harmless: the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes an HTTP client")]
fn builder(timing: &CallTiming) -> reqwest::ClientBuilder {
    install_tls();
    reqwest::Client::builder()
        .user_agent(concat!("app-role-broker/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(timing.connect)
        .timeout(timing.call)
}

/// The client as a transport of the Azure SDK.
#[must_use]
pub fn transport(client: &reqwest::Client) -> azure_core::http::Transport {
    azure_core::http::Transport::new(Arc::new(Told(client.clone())))
}

/// A client for the Azure SDK whose requests are reported to the observer ([`traffic`]).
#[derive(Debug)]
struct Told(reqwest::Client);

#[async_trait::async_trait]
impl HttpClient for Told {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let call = Call::begin(request.method().as_str(), request.url());
        let answer = HttpClient::execute_request(&self.0, request).await;
        if let Ok(response) = &answer {
            let headers = response.headers();
            let id =
                traffic::named(|name| headers.get_optional_str(&HeaderName::from_static(name)));
            call.answered(response.status().into(), id);
        }
        answer
    }
}

/// An error with its causes, for the log. The outermost error rarely says more than that a request
/// failed.
#[must_use]
pub fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
