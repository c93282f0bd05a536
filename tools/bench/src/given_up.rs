//! Messages on which the handler or the host gave up.

use anyhow::Result;
use app_process::app::FAILED;
use storage_emulator::Account;

/// The number of messages in the queue of failed requests and in a dead letter queue. The queues exist
/// only if there are some.
pub(crate) async fn count(account: &Account, dead_letters: &str) -> Result<usize> {
    let mut count = 0;
    for name in [dead_letters, FAILED] {
        let queue = account.queue(name)?;
        if queue.exists().await? {
            count += usize::try_from(queue.approximate_count().await?)?;
        }
    }
    Ok(count)
}
