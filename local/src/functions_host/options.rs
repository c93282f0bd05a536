//! What a host is started with.

use std::{path::PathBuf, time::Duration};

use super::{log::Echo, queue_listener::MESSAGE_LEASE};

/// What a host is started with.
#[derive(Clone)]
pub struct Options {
    /// The folder of host.json.
    pub app_root: PathBuf,
    /// Variables that win over this process's own and over local.settings.json.
    pub environment: Vec<(String, String)>,
    /// What to do when the handler answers success without content.
    pub empty_answer: EmptyAnswer,
    /// How long a message stays hidden while its function runs; renewed when half of it is over.
    /// Ten minutes in the real host, which has no setting for it. Whole seconds.
    pub message_lease: Duration,
    /// Called with every line of the log as it is written.
    pub echo: Option<Echo>,
}

impl Options {
    /// An app as it would run for real.
    #[must_use]
    pub fn new(app_root: impl Into<PathBuf>) -> Self {
        Self {
            app_root: app_root.into(),
            environment: Vec::new(),
            empty_answer: EmptyAnswer::Hang,
            message_lease: MESSAGE_LEASE,
            echo: None,
        }
    }
}

/// What the host does with a success that has no content, or only white space or `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyAnswer {
    /// Wait for content until `functionTimeout`, as the real host does.
    Hang,
    /// Fail the invocation and say why, so that a test need not wait.
    Fail,
}
