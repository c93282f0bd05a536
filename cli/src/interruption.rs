//! The operator's interruption of a command that is changing something.

use std::pin::Pin;

use futures_util::FutureExt as _;

/// Waits for Ctrl-C, or for the signal that ends a process.
///
/// Once it is created, neither of them ends the process. A command that listens must end soon after one
/// arrives, and report what it leaves behind.
pub(crate) struct Interruption {
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
    has_come: bool,
}

impl Interruption {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        let mut listening = Self { signal: Box::pin(signal()), has_come: false };
        // The first poll registers the handlers.
        listening.has_come = listening.signal.as_mut().now_or_never().is_some();
        listening
    }

    /// Returns whether the operator has interrupted the command.
    pub(crate) fn has_come(&mut self) -> bool {
        self.has_come = self.has_come || self.signal.as_mut().now_or_never().is_some();
        self.has_come
    }

    /// Waits until the operator interrupts the command.
    pub(crate) async fn comes(&mut self) {
        if !self.has_come {
            self.signal.as_mut().await;
            self.has_come = true;
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            () = control_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => control_c().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    control_c().await;
}

/// Waits for Ctrl-C. If that cannot be noticed, the system ends the process as usual.
async fn control_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
