//! Queues, tables and the proxy, each against Azurite.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod proxy;
mod queues;
mod tables;

use std::time::Duration;

use storage_emulator::{Account, Azurite};

/// A visibility timeout that no test outlasts.
const HIDDEN: Duration = Duration::from_secs(600);

async fn account() -> Account {
    Azurite::shared().await.unwrap().account().unwrap()
}
