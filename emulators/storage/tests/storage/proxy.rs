//! Trouble on the way to the queues.

use storage_emulator::{Account, Queue, StorageProxy, Trouble};

use crate::account::{HIDDEN, account};

const SEED: u64 = 7;
/// Many more than connections that one client opens without need.
const CALLS: usize = 40;

/// A proxy for the queues of an account.
async fn proxy(account: &Account) -> StorageProxy {
    StorageProxy::start(account.queue_endpoint().port().unwrap(), SEED).await.unwrap()
}

/// A queue that exists, by way of a proxy.
async fn queue(account: &Account, proxy: &StorageProxy) -> Queue {
    let proxied = account.clone().with_queue_port(proxy.port()).unwrap();
    let queue = proxied.queue("troubled").unwrap();
    queue.create_if_missing().await.unwrap();
    queue
}

#[tokio::test]
async fn every_call_over_a_refused_connection_fails_and_names_the_queue_and_no_signature() {
    let account = account().await;
    let proxy = proxy(&account).await;
    let queue = queue(&account.without_retries(), &proxy).await;
    proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 0.0 }));
    for error in [
        queue.send("text").await.unwrap_err(),
        queue.receive(32, HIDDEN).await.unwrap_err(),
        queue.exists().await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("queue 'troubled'"), "{error}");
        assert!(!error.to_string().contains("sig="), "{error}");
    }
    proxy.set_trouble(None);
    queue.send("text").await.unwrap();
    assert_eq!(queue.approximate_count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_reset_hits_a_connection_after_some_requests_that_went_well() {
    let account = account().await;
    let proxy = proxy(&account).await;
    let queue = queue(&account.clone().without_retries(), &proxy).await;
    proxy.set_trouble(Some(Trouble { refuse: 0.0, reset: 1.0 }));
    let mut outcomes = Vec::new();
    for call in 0..CALLS {
        outcomes.push(queue.send(&format!("text {call}")).await.is_ok());
    }
    let succeeded = outcomes.iter().filter(|ok| **ok).count();
    assert!(succeeded > 0 && succeeded < CALLS, "{outcomes:?}");
    // An answer that was lost may have been to a message that was stored.
    let stored = account.queue("troubled").unwrap().approximate_count().await.unwrap();
    assert!(usize::try_from(stored).unwrap() > succeeded, "{stored} of {succeeded}");
}

#[tokio::test]
async fn a_client_that_tries_again_gets_through_some_trouble() {
    let account = account().await;
    let proxy = proxy(&account).await;
    let queue = queue(&account, &proxy).await;
    proxy.set_trouble(Some(Trouble { refuse: 0.2, reset: 0.2 }));
    queue.send("text").await.unwrap();
    assert!(!queue.peek().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_without_a_service_behind_it_resets_every_connection() {
    // No service has the port that is reserved for multiplexing.
    let proxy = StorageProxy::start(1, SEED).await.unwrap();
    let account = account().await.without_retries().with_queue_port(proxy.port()).unwrap();
    let error = account.queue("absent").unwrap().exists().await.unwrap_err();
    assert!(error.to_string().contains("queue 'absent'"), "{error}");
}
