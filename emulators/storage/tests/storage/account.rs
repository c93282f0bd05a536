//! An account for each test.

use std::time::Duration;

use storage_emulator::{Account, Azurite};

/// A visibility timeout that no test outlasts.
pub(crate) const HIDDEN: Duration = Duration::from_secs(600);

pub(crate) async fn account() -> Account {
    Azurite::shared().await.unwrap().account().unwrap()
}
