//! What can go wrong with a browser.

use std::{io, path::PathBuf};

use pinned_packages::InstallationError;

/// Why a browser does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// No browser is on the `PATH`.
    #[error("no Chromium or Chrome is on the PATH: install one to run what needs a browser")]
    NoBrowser,
    /// The packages that drive it are not installed.
    #[error("the packages that drive the browser are not installed: {0}")]
    Packages(#[from] InstallationError),
    /// The folder for downloads could not be made.
    #[error("no folder for downloads: {0}")]
    Folder(io::Error),
    /// A path has no address, because it is not absolute.
    #[error("{0} is not an absolute path")]
    NotAbsolute(PathBuf),
    /// The process that drives the browser could not be started, or has ended.
    #[error("the driver of the browser has ended: {0}")]
    Ended(io::Error),
    /// The driver's answer cannot be read.
    #[error("the driver of the browser gave no valid answer: {0}")]
    Answer(serde_json::Error),
    /// The browser refused an action, for instance because an element does not exist.
    #[error("the browser refused: {0}")]
    Refused(String),
}
