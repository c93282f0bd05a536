//! Microsoft Graph over TLS, like the real one.

use std::{net::Ipv4Addr, sync::Arc};

use reqwest::Url;
use rustls::{ServerConfig, crypto::ring};
use tempfile::TempDir;
use tenant_emulator::Route;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificates::{Authority, authority, certificate},
    world::{Setup, TIMEOUT, role, valid_request},
};

/// A server with a certificate for 127.0.0.1, signed by this authority, and the protocols of Graph's
/// servers.
fn server(authority: &Authority) -> ServerConfig {
    let (certificate, key) = certificate(authority);
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut server = builder
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key.into())
        .unwrap();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server
}

/// The outcome of a TLS handshake: the negotiated protocol, or the error.
type Handshake = Result<String, String>;

/// A tenant behind a TLS server.
struct Encrypted {
    setup: Setup,
    handshakes: watch::Receiver<Vec<Handshake>>,
    folder: TempDir,
}

impl Encrypted {
    /// `trusted` is the only authority that the handler trusts.
    async fn tenant(presented: &Authority, trusted: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("authorities.pem");
        std::fs::write(&bundle, trusted.pem()).unwrap();
        let setup = Setup::new().await;
        let tenant = setting(&setup, "GRAPH_ENDPOINT");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (report, handshakes) = watch::channel(Vec::new());
        let upstream = Url::parse(&tenant).unwrap().port().unwrap();
        tokio::spawn(serve(listener, server(presented), upstream, report));
        let setup = setup
            .with_setting("GRAPH_ENDPOINT", &format!("https://{address}"))
            .with_setting("ARM_ENDPOINT", &format!("https://{address}"))
            .with_setting("SSL_CERT_FILE", bundle.to_str().unwrap());
        Self { setup, handshakes, folder }
    }
}

fn setting(setup: &Setup, name: &str) -> String {
    let environment = setup.tenant.environment();
    environment.into_iter().find(|(set, _)| set == name).unwrap().1
}

/// Decrypts each connection and forwards it to the tenant.
async fn serve(
    listener: TcpListener,
    server: ServerConfig,
    upstream: u16,
    report: watch::Sender<Vec<Handshake>>,
) {
    let acceptor = TlsAcceptor::from(Arc::new(server));
    while let Ok((connection, _)) = listener.accept().await {
        let (acceptor, report) = (acceptor.clone(), report.clone());
        tokio::spawn(async move {
            let accepted = acceptor.accept(connection).await;
            let handshake = match &accepted {
                Ok(stream) => {
                    let agreed = stream.get_ref().1.alpn_protocol().unwrap_or_default();
                    Ok(String::from_utf8_lossy(agreed).into_owned())
                }
                Err(error) => Err(error.to_string()),
            };
            report.send_modify(|handshakes| handshakes.push(handshake));
            let Ok(mut encrypted) = accepted else { return };
            let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await.unwrap();
            // Either side may close the connection, in any way.
            let _ = copy_bidirectional(&mut encrypted, &mut plain).await;
        });
    }
}

#[tokio::test]
async fn a_request_is_served_over_http_2_if_graphs_certificate_is_from_a_trusted_authority() {
    let authority = authority("Contoso Root");
    let Encrypted { setup, handshakes, folder: _folder } =
        Encrypted::tenant(&authority, &authority).await;
    let world = setup.start().await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    let handshakes = handshakes.borrow();
    assert!(!handshakes.is_empty());
    assert!(handshakes.iter().all(|one| one.as_deref() == Ok("h2")), "{handshakes:?}");
}

#[tokio::test]
async fn graph_with_an_untrusted_certificate_is_sent_no_token_and_the_log_says_why() {
    let Encrypted { setup, mut handshakes, folder: _folder } =
        Encrypted::tenant(&authority("Fabrikam Root"), &authority("Contoso Root")).await;
    let world = setup.start().await;
    world.requests.send(&valid_request()).await.unwrap();
    let line = world.log_line("invalid peer certificate: UnknownIssuer").await;
    assert!(line.contains("retry.waiting"), "{line}");
    let refused = handshakes.wait_for(|handshakes| !handshakes.is_empty());
    let refused = tokio::time::timeout(TIMEOUT, refused).await.unwrap().unwrap();
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    for route in
        [Route::ReadServicePrincipal, Route::ListServicePrincipals, Route::CreateAssignment]
    {
        assert_eq!(world.tenant.count(route), 0);
    }
}
