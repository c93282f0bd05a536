//! HTTP clients for servers on this machine.

use std::time::Duration;

/// How long an idle connection is kept. A server in Node.js, such as Azurite, closes it after 5 seconds
/// ("HTTP", `server.keepAliveTimeout`), and a request that is sent at that moment fails.
const IDLE: Duration = Duration::from_secs(4);

/// A client builder without proxies and without trusted certificates, for `http://127.0.0.1` only.
///
/// A client that loads the machine's certificates takes longer to build than most tests run.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // reqwest panics without a TLS provider, even if no connection uses TLS. An error says that this
    // process has installed one already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().tls_certs_only([]).pool_idle_timeout(IDLE)
}

/// A client builder without proxies, for `https://127.0.0.1` with a certificate of one of these
/// authorities, and for `http://127.0.0.1`.
///
/// # Errors
///
/// If the text is not a list of certificates in PEM.
pub fn http_client_builder_trusting(authorities: &[u8]) -> reqwest::Result<reqwest::ClientBuilder> {
    let authorities = reqwest::Certificate::from_pem_bundle(authorities)?;
    Ok(http_client_builder().tls_certs_only(authorities))
}
