#![doc = include_str!("../README.md")]

mod chromium;
mod driver;
mod error;
mod tab;

use std::path::{Path, PathBuf};

use driver::Driver;
pub use error::BrowserError;
use pinned_packages::{Installer, PinnedPackages};
use serde_json::{Value, json};
pub use tab::{Download, Tab, Window};
use tempfile::TempDir;
use url::Url;

const PACKAGES: PinnedPackages = PinnedPackages {
    name: "browser-driver",
    files: &[
        ("package.json", include_str!("../driver/package.json")),
        ("package-lock.json", include_str!("../driver/package-lock.json")),
        (".npmrc", include_str!("../driver/.npmrc")),
        ("driver.js", include_str!("../driver/driver.js")),
        ("tab.js", include_str!("../driver/tab.js")),
    ],
    installer: Installer::Npm,
};

/// A running Chromium. It ends with the process that started it.
pub struct Browser {
    driver: Driver,
    version: String,
}

impl Browser {
    /// Starts the Chromium of this machine. Blocks.
    ///
    /// # Errors
    ///
    /// `NoBrowser` if there is none, other errors if it cannot be driven.
    pub fn start() -> Result<Self, BrowserError> {
        let program = chromium::find(std::env::var_os("PATH")).ok_or(BrowserError::NoBrowser)?;
        let installation = PACKAGES.ensure()?;
        let mut command = installation.interpreter();
        command.arg(installation.folder().join("driver.js"));
        let driver = Driver::start(command)?;
        let version = driver.ask(&json!({ "action": "start", "program": program }))?;
        Ok(Self { driver, version: version.as_str().unwrap_or_default().to_owned() })
    }

    /// The name and version, as the browser gives them.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Opens a file in a profile of its own, and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// If the file has no absolute path, or the browser cannot open it.
    pub fn open(&self, file: &Path, window: Window) -> Result<Tab<'_>, BrowserError> {
        self.open_at(file, "", window)
    }

    /// Opens a file at a fragment of its address, for instance `#/rules`.
    ///
    /// # Errors
    ///
    /// As for `open`.
    pub fn open_at(
        &self,
        file: &Path,
        fragment: &str,
        window: Window,
    ) -> Result<Tab<'_>, BrowserError> {
        let address =
            Url::from_file_path(file).map_err(|()| BrowserError::NotAbsolute(file.to_owned()))?;
        let downloads = TempDir::new().map_err(BrowserError::Folder)?;
        let opened = self.driver.ask(&json!({
            "action": "open",
            "address": format!("{address}{fragment}"),
            "window": window,
            "downloads": PathBuf::from(downloads.path()),
        }))?;
        let id = opened.get("tab").and_then(Value::as_u64).unwrap_or_default();
        let milliseconds = opened.get("milliseconds").and_then(Value::as_f64).unwrap_or_default();
        Ok(Tab::new(&self.driver, id, milliseconds, downloads))
    }
}
