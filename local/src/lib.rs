//! The broker's world on one machine: an emulated tenant, a stand-in for the Azure Functions host,
//! and Azurite.

pub mod functions_host;
pub mod ports;
pub mod storage;
pub mod tenant;

/// Makes rustls usable. reqwest is built without a TLS provider, and panics if it finds none, even if
/// no connection ever needs TLS.
pub fn install_crypto_provider() {
    // An error says that a provider is there already, which is all that is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
}
