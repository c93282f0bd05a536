//! One page in the browser.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{driver::Driver, error::BrowserError};

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The width in CSS pixels.
    pub width: u16,
    /// The height in CSS pixels.
    pub height: u16,
    /// Whether the person prefers dark colors.
    pub dark: bool,
}

/// A file that a page has offered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Download {
    /// The file's name.
    pub name: String,
    /// The file's content.
    pub text: String,
}

/// A page in a profile of its own, which is closed when the value is dropped.
pub struct Tab<'browser> {
    driver: &'browser Driver,
    id: u64,
    loading: Duration,
    _downloads: TempDir,
}

impl<'browser> Tab<'browser> {
    pub(crate) fn new(
        driver: &'browser Driver,
        id: u64,
        milliseconds: f64,
        downloads: TempDir,
    ) -> Self {
        let loading = duration(milliseconds);
        Self { driver, id, loading, _downloads: downloads }
    }

    /// How long the page took from its request to its event `load`.
    #[must_use]
    pub fn loading(&self) -> Duration {
        self.loading
    }

    /// Returns the value of a JavaScript expression in the page. It must be JSON.
    ///
    /// # Errors
    ///
    /// If the expression throws.
    pub fn evaluate(&self, script: &str) -> Result<Value, BrowserError> {
        self.ask("evaluate", json!({ "script": script }))
    }

    /// Runs JavaScript statements in the page and returns how long it took until their effect was drawn.
    ///
    /// # Errors
    ///
    /// If the script throws.
    pub fn time(&self, script: &str) -> Result<Duration, BrowserError> {
        let milliseconds = self.ask("time", json!({ "script": script }))?;
        Ok(duration(milliseconds.as_f64().unwrap_or_default()))
    }

    /// Clicks the middle of the first element that a CSS selector finds.
    ///
    /// # Errors
    ///
    /// If there is no such element, or it cannot be clicked.
    pub fn click(&self, selector: &str) -> Result<(), BrowserError> {
        self.act("click", json!({ "selector": selector }))
    }

    /// Writes into an element, one key after another.
    ///
    /// # Errors
    ///
    /// If there is no such element.
    pub fn write(&self, selector: &str, text: &str) -> Result<(), BrowserError> {
        self.act("write", json!({ "selector": selector, "text": text }))
    }

    /// Chooses an option of a `select` by its value.
    ///
    /// # Errors
    ///
    /// If there is no such element.
    pub fn choose(&self, selector: &str, value: &str) -> Result<(), BrowserError> {
        self.act("choose", json!({ "selector": selector, "value": value }))
    }

    /// Presses a key, for instance `Tab` or `Enter`.
    ///
    /// # Errors
    ///
    /// If there is no such key.
    pub fn press(&self, key: &str) -> Result<(), BrowserError> {
        self.act("press", json!({ "key": key }))
    }

    /// Goes back in the history of the tab.
    ///
    /// # Errors
    ///
    /// If the browser does not answer.
    pub fn back(&self) -> Result<(), BrowserError> {
        self.act("back", json!({}))
    }

    /// Changes the window.
    ///
    /// # Errors
    ///
    /// If the browser does not answer.
    pub fn resize(&self, window: Window) -> Result<(), BrowserError> {
        self.act("resize", json!({ "window": window }))
    }

    /// Returns what axe-core finds serious or critical, one text for each finding.
    ///
    /// # Errors
    ///
    /// If axe-core fails in the page.
    pub fn audit(&self) -> Result<Vec<String>, BrowserError> {
        Ok(texts(&self.ask("audit", json!({}))?))
    }

    /// Waits for the next file that the page offers.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn download(&self) -> Result<Download, BrowserError> {
        let download = self.ask("download", json!({}))?;
        serde_json::from_value(download).map_err(BrowserError::Answer)
    }

    /// Prints the page to a PDF file, with the events that printing has.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn print(&self, file: &Path) -> Result<(), BrowserError> {
        self.act("print", json!({ "file": file }))
    }

    /// Writes a picture of the window, or of the whole page.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn screenshot(&self, file: &Path, whole: bool) -> Result<(), BrowserError> {
        self.act("screenshot", json!({ "file": file, "whole": whole }))
    }

    /// Returns messages on the console, errors, dialogs, and violations of the content security policy.
    ///
    /// # Errors
    ///
    /// If the browser does not answer.
    pub fn faults(&self) -> Result<Vec<String>, BrowserError> {
        Ok(texts(&self.ask("faults", json!({}))?))
    }

    /// Returns the addresses that were requested, of which the first is the page's own.
    ///
    /// # Errors
    ///
    /// If the browser does not answer.
    pub fn requests(&self) -> Result<Vec<String>, BrowserError> {
        Ok(texts(&self.ask("requests", json!({}))?))
    }

    fn act(&self, action: &str, given: Value) -> Result<(), BrowserError> {
        self.ask(action, given).map(drop)
    }

    fn ask(&self, action: &str, mut given: Value) -> Result<Value, BrowserError> {
        if let Some(fields) = given.as_object_mut() {
            fields.insert("action".to_owned(), action.into());
            fields.insert("tab".to_owned(), self.id.into());
        }
        self.driver.ask(&given)
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        // A browser that has ended has closed the tab, too.
        let _ = self.act("close", json!({}));
    }
}

fn duration(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds.max(0.0) / 1000.0)
}

fn texts(list: &Value) -> Vec<String> {
    let each = list.as_array().into_iter().flatten();
    each.map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned)).collect()
}
