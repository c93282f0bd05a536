//! New accounts of Azurite, and both kinds of access to their tables and queues.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Url,
};
use azure_rest::{
    client,
    credential::MakeCredential,
    queues::{QueueAddress, QueueService, Queues},
    rest::RestClient,
    retry::Deadline,
    shared_key::SharedKey,
    storage::STORAGE_SCOPE,
    tables::Tables,
    timing::CallTiming,
    token::TokenSource,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use storage_emulator::{Account, Azurite, Certificate};
use tokio::sync::OnceCell;

/// Azurite reads the claims of a token, and not its signature.
#[derive(Debug)]
struct Unsigned;

#[async_trait::async_trait]
impl TokenCredential for Unsigned {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let now = time::OffsetDateTime::now_utc();
        let expires_on = now + time::Duration::hours(1);
        let claims = json!({
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/11111111-1111-1111-1111-111111111111/",
            "nbf": now.unix_timestamp() - 60,
            "iat": now.unix_timestamp() - 60,
            "exp": expires_on.unix_timestamp(),
        });
        let parts = [json!({"alg": "RS256", "typ": "JWT"}).to_string(), claims.to_string()];
        let [header, claims] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
        Ok(AccessToken::new(format!("{header}.{claims}.c2lnbmVk"), expires_on))
    }
}

/// The connection of the queues of an account.
pub(crate) const JOBS: &str = "Jobs";

/// A queue of an account.
pub(crate) fn queue(name: &str) -> QueueAddress {
    QueueAddress { connection: JOBS.to_owned(), name: name.to_owned() }
}

/// The client of the queues of a new account, by its key and over plain HTTP.
pub(crate) async fn queues_with_key() -> (Queues, Account) {
    let account = Azurite::shared_account().await.unwrap();
    (keyed_queues(&account, account.queue_endpoint().as_str(), account.key()), account)
}

/// The client of this account's queues at an address, by this key.
pub(crate) fn keyed_queues(account: &Account, service: &str, key: &str) -> Queues {
    let service = Url::parse(service).unwrap();
    let http = client::build(&service, &timing()).unwrap();
    let key = SharedKey::parse(account.name(), key).unwrap();
    let services = BTreeMap::from([(JOBS.to_owned(), QueueService::Key(service, key))]);
    Queues::new(&rest_client(http.clone()), http, services)
}

/// The client of the queues of a new account, by tokens and over TLS.
pub(crate) async fn queues_with_tokens() -> (Queues, Account) {
    let (account, authorities) = encrypted_account().await;
    let service = Url::parse(account.queue_endpoint().as_str()).unwrap();
    let http = client::build_trusting(authorities, &service, &timing()).unwrap();
    let services = BTreeMap::from([(JOBS.to_owned(), QueueService::Identity(service))]);
    (Queues::new(&rest_client(http.clone()), http, services), account)
}

/// The client of a new account, by its key and over plain HTTP.
pub(crate) async fn with_key() -> (Tables, Account) {
    let account = Azurite::shared_account().await.unwrap();
    (keyed(&account, account.table_endpoint().as_str()), account)
}

/// The client of this account at an address, by its key.
pub(crate) fn keyed(account: &Account, service: &str) -> Tables {
    let (service, timing) = (Url::parse(service).unwrap(), timing());
    let http = client::build(&service, &timing).unwrap();
    let key = SharedKey::parse(account.name(), account.key()).unwrap();
    Tables::with_shared_key(http, service, key, timing)
}

/// The client of a new account, by tokens and over TLS.
pub(crate) async fn with_tokens() -> (Tables, Account) {
    let (account, authorities) = encrypted_account().await;
    let service = Url::parse(account.table_endpoint().as_str()).unwrap();
    let http = client::build_trusting(authorities, &service, &timing()).unwrap();
    (Tables::with_tokens(rest_client(http), service), account)
}

fn rest_client(http: reqwest::Client) -> RestClient {
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(Unsigned)));
    let tokens = TokenSource::new(make, STORAGE_SCOPE.to_owned(), timing());
    RestClient::new(http, Arc::new(tokens), timing())
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

fn timing() -> CallTiming {
    CallTiming::default().scaled(0.1)
}

/// A new account over TLS, and the file of the authority that signed its certificate.
async fn encrypted_account() -> (Account, &'static PathBuf) {
    static ENCRYPTED: OnceCell<(Azurite, PathBuf)> = OnceCell::const_new();
    let (azurite, authorities) = ENCRYPTED.get_or_init(encrypted_azurite).await;
    (azurite.account().unwrap(), authorities)
}

/// An Azurite with a new certificate, and the file of the authority that signed it.
async fn encrypted_azurite() -> (Azurite, PathBuf) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let served = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let served = served.signed_by(&key, &authority).unwrap();
    let folder = tempfile::tempdir().unwrap().keep();
    let files = ["authorities.pem", "certificate.pem", "key.pem"].map(|name| folder.join(name));
    let [trusted, certificate, key_file] = files;
    std::fs::write(&trusted, authority.pem()).unwrap();
    std::fs::write(&certificate, served.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let authorities = authority.pem().into_bytes();
    let certificate = Certificate { certificate, key: key_file, authorities };
    (Azurite::start_encrypted(certificate).await.unwrap(), trusted)
}
