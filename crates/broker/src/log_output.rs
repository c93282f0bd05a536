//! Whether log lines reach their reader.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether log lines reach their reader. The log's writer and the broker share it.
///
/// The line about a write is the only trace of it if the process ends before the write is recorded. So
/// nothing is written to Microsoft Graph once a line could not be written.
#[derive(Debug, Clone, Default)]
pub struct LogOutput(Arc<AtomicBool>);

impl LogOutput {
    /// A line could not be written.
    pub fn set_broken(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether a line could not be written. It stays so: the host restarts the handler.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.load(Relaxed)
    }
}
