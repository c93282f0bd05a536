//! A relay in front of a service whose first answer is lost.

use azure_core::http::Url;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Starts a relay that drops the answer on its first connection. Returns the address of the service
/// through it.
pub(crate) async fn without_the_first_answer(service: &Url) -> Url {
    let upstream = (service.host_str().unwrap().to_owned(), service.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut relayed = service.clone();
    relayed.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut service = TcpStream::connect(upstream.clone()).await.unwrap();
            tokio::spawn(async move {
                if number > 0 {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut service).await;
                    return;
                }
                let (mut asked, mut answered) = ([0; 65536], [0; 1]);
                loop {
                    tokio::select! {
                        length = client.read(&mut asked) => {
                            let length = length.unwrap();
                            service.write_all(&asked[..length]).await.unwrap();
                        }
                        _ = service.read(&mut answered) => return,
                    }
                }
            });
        }
    });
    relayed
}
