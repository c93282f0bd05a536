//! The process that started this one, which is the Functions host.
//!
//! A host that ends does not always end its handler. The answers of such a handler are lost, and the
//! host's messages are delivered to another handler, so it must end too.

#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::Signal;

/// How often to check the parent. On Linux, a signal usually tells sooner that it has ended.
#[cfg(unix)]
const INTERVAL: Duration = Duration::from_secs(1);

/// The process that started this one.
///
/// When it ends, this process gets another parent. Only this change counts: a parent that is process 1 from
/// the start, as in a container, has not ended.
#[cfg(unix)]
pub struct Parent {
    id: u32,
    ended: Option<Signal>,
}

/// The process that started this one. Only Unix tells whether it still runs.
#[cfg(not(unix))]
pub struct Parent;

#[cfg(unix)]
impl Parent {
    /// The parent of this process now.
    #[must_use]
    pub fn of_this_process() -> Self {
        let id = std::os::unix::process::parent_id();
        Self { id, ended: ask_for_signal().ok() }
    }

    /// Completes when the parent has ended.
    pub async fn ended(mut self) {
        // This check follows the request for the signal, so a parent that ended just before it is noticed.
        while std::os::unix::process::parent_id() == self.id {
            let _ = tokio::time::timeout(INTERVAL, received(self.ended.as_mut())).await;
        }
    }
}

#[cfg(not(unix))]
impl Parent {
    /// The parent of this process now.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self
    }

    /// Never completes.
    pub async fn ended(self) {
        std::future::pending().await
    }
}

/// Asks the kernel for a signal when the parent ends (manual page `PR_SET_PDEATHSIG(2const)`).
///
/// The kernel also sends it when only the thread ends that started this process. A host starts its handler
/// from a thread of a pool, so the signal alone does not prove that the host has ended.
///
/// The error means that there is no such signal, for instance in a sandbox.
#[cfg(target_os = "linux")]
fn ask_for_signal() -> std::io::Result<Signal> {
    use rustix::process::{Signal as Number, set_parent_process_death_signal};
    use tokio::signal::unix::{SignalKind, signal};
    // Handle the signal before it can arrive, because its default action ends the process.
    let received = signal(SignalKind::user_defined1())?;
    set_parent_process_death_signal(Some(Number::USR1))?;
    Ok(received)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn ask_for_signal() -> std::io::Result<Signal> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Completes with the next signal. Never completes if `signal` is `None`.
#[cfg(unix)]
async fn received(signal: Option<&mut Signal>) {
    let is_open = match signal {
        Some(signal) => signal.recv().await.is_some(),
        None => false,
    };
    if !is_open {
        std::future::pending::<()>().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn parent(id: u32) -> Parent {
        Parent { id, ended: None }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_signal_a_parent_that_still_runs_has_not_ended() {
        let running = parent(std::os::unix::process::parent_id()).ended();
        assert!(tokio::time::timeout(INTERVAL * 100, running).await.is_err());
    }

    #[tokio::test]
    async fn a_parent_that_ended_before_the_first_look_is_noticed() {
        // No process is the parent of itself.
        assert!(parent(std::process::id()).ended().now_or_never().is_some());
    }
}
