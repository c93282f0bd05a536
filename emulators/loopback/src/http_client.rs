//! HTTP clients for servers on this machine.

/// A client builder without proxies and without trusted certificates, for `http://127.0.0.1` only.
///
/// A client that loads the machine's certificates takes longer to build than most tests run.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // reqwest panics without a TLS provider, even if no connection uses TLS. An error says that this
    // process has installed one already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().tls_certs_only([])
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
