//! An account for each test.

use std::time::Duration;

use storage_emulator::{Account, Azurite};

/// A visibility timeout that no test outlasts.
pub(crate) const HIDDEN: Duration = Duration::from_secs(600);

pub(crate) async fn account() -> Account {
    Azurite::shared_account().await.unwrap()
}

#[tokio::test]
async fn there_is_an_account_for_every_test_of_a_large_suite() {
    let mut names = std::collections::BTreeSet::new();
    let mut ports = std::collections::BTreeSet::new();
    while ports.len() < 2 {
        let account = account().await;
        let (name, port) = (account.name().to_owned(), account.queue_endpoint().port());
        assert!(names.insert((name, port)), "an account was given away twice");
        ports.insert(port);
    }
    let last = account().await.queue("messages").unwrap();
    last.create_if_missing().await.unwrap();
    last.send("text").await.unwrap();
    assert_eq!(last.approximate_count().await.unwrap(), 1);
}
