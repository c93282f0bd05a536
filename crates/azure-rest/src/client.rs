//! The one HTTP client.

use std::{path::Path, sync::Arc};

use azure_core::http::Url;

use super::authorities;
use crate::timing::CallTiming;

/// Builds the HTTP client for everything that takes a token.
///
/// It follows no redirects and no proxy settings: a token must not travel to an address that nobody
/// configured here. It speaks
/// HTTPS only, unless `endpoint` is an emulator on this machine.
///
/// An error means that the machine has no certificate authorities to trust.
pub fn build(endpoint: &Url, timing: &CallTiming) -> Result<reqwest::Client, reqwest::Error> {
    for_tokens(endpoint, timing).build()
}

/// The same, which trusts the certificate authorities in this file and no others.
///
/// Linux has them twice: in one file, and in a directory with a file and links for each. By itself
/// rustls reads both, and the directory takes half of a start.
///
/// Where nothing usable is in the file, it is left to rustls to find others or to say why not.
pub fn build_trusting(
    authorities: &Path,
    endpoint: &Url,
    timing: &CallTiming,
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = for_tokens(endpoint, timing);
    match authorities::read(authorities) {
        Some(authorities) => builder.tls_certs_only(authorities).build(),
        None => builder.build(),
    }
}

fn for_tokens(endpoint: &Url, timing: &CallTiming) -> reqwest::ClientBuilder {
    builder(timing).https_only(endpoint.scheme() == "https")
}

/// Builds the HTTP client for the identity endpoint, from which tokens come and to which none goes.
///
/// It speaks HTTP: the endpoint is on this machine or at a link-local address ("How to use managed
/// identities for App Service and Azure Functions", REST endpoint reference). So it trusts no certificate
/// authorities, and does not read them either, which takes a good part of a start.
///
/// An error means that TLS cannot be set up.
pub fn build_for_identity_endpoint(timing: &CallTiming) -> Result<reqwest::Client, reqwest::Error> {
    builder(timing).tls_certs_only([]).build()
}

/// Makes rustls usable: reqwest is built without a TLS provider, and panics if it finds none.
pub fn install_tls() {
    // A second installation is refused and harmless: the first one stays.
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

/// The same client as the Azure SDK wants it.
#[must_use]
pub fn transport(client: &reqwest::Client) -> azure_core::http::Transport {
    azure_core::http::Transport::new(Arc::new(client.clone()))
}

/// An error with what caused it, for the log: the outermost one rarely says more than that a request
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
