//! Whether log lines reach the host.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether log lines reach the host. The log's writer and the broker share it.
///
/// If the process ends before a write is recorded, the write's log line is its only trace. So nothing is
/// written to Microsoft Graph after a line could not be written.
#[derive(Debug, Clone, Default)]
pub struct LogOutput(Arc<AtomicBool>);

impl LogOutput {
    /// Notes that a line could not be written.
    pub fn set_broken(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether a line could not be written. This does not change back: the host restarts the handler.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.load(Relaxed)
    }
}
