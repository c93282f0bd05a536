//! Looks at pages in a browser, if this machine has one.

use std::{io::Write as _, sync::LazyLock};

use browser::{Browser, BrowserError, Tab, Window};
use serde_json::Value;

use super::super::page;

/// A desktop, a tablet and the narrowest window that pages must fit into ("Web Content Accessibility
/// Guidelines 2.2", reflow).
pub(super) const WIDE: Window = Window { width: 1400, height: 900, dark: false };
pub(super) const MIDDLE: Window = Window { width: 800, height: 900, dark: false };
pub(super) const NARROW: Window = Window { width: 320, height: 700, dark: false };

/// One browser for all tests. It ends with the process.
static BROWSER: LazyLock<Option<Browser>> = LazyLock::new(|| match Browser::start() {
    Ok(browser) => Some(browser),
    Err(error @ BrowserError::NoBrowser) => {
        // The test runner shows only what is not printed with a macro.
        let line = format!("NOT RUN: the report's page in a browser: {error}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    }
    Err(error) => panic!("{error}"),
});

/// Opens the page of a document at an address, and lets a test look at it. No test may make the page ask for
/// anything, complain, or offend its content security policy.
pub(super) fn look(document: &Value, address: &str, test: impl FnOnce(&Tab<'_>)) {
    look_through(WIDE, document, address, test);
}

/// As `look`, in a window of another size.
pub(super) fn look_through(
    window: Window,
    document: &Value,
    address: &str,
    test: impl FnOnce(&Tab<'_>),
) {
    look_at((&page(document), address), window, |tab| {
        test(tab);
        assert_blameless(tab, address);
    });
}

/// Opens a page, which may be damaged, at an address.
pub(super) fn look_at((page, address): (&str, &str), window: Window, test: impl FnOnce(&Tab<'_>)) {
    let Some(browser) = BROWSER.as_ref() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.html");
    std::fs::write(&file, page).unwrap();
    test(&browser.open_at(&file, address, window).unwrap());
}

fn assert_blameless(tab: &Tab<'_>, address: &str) {
    assert_eq!(tab.faults().unwrap(), Vec::<String>::new(), "at {address}");
    let requests = tab.requests().unwrap();
    let foreign = requests.iter().filter(|address| {
        !["file:", "blob:", "data:"].iter().any(|scheme| address.starts_with(scheme))
    });
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&String>::new(), "at {address}");
    assert_eq!(requests.iter().filter(|address| address.starts_with("file:")).count(), 1);
}

/// The texts of the elements that a selector finds.
pub(super) fn texts(tab: &Tab<'_>, selector: &str) -> Vec<String> {
    let script =
        format!("Array.from(document.querySelectorAll({selector:?}), (it) => it.textContent)");
    serde_json::from_value(tab.evaluate(&script).unwrap()).unwrap()
}

/// The text of the first element that a selector finds.
pub(super) fn text(tab: &Tab<'_>, selector: &str) -> String {
    let found = texts(tab, selector).into_iter().next();
    found.unwrap_or_else(|| panic!("no {selector}"))
}

/// The main texts of a column, without details and marks below them.
pub(super) fn column(tab: &Tab<'_>, label: &str) -> Vec<String> {
    let script = format!(
        "Array.from(document.querySelectorAll('.list tbody [data-label=\"{label}\"]'), (cell) => \
         cell.querySelector(':scope > bdi, :scope > a > bdi, :scope > time')?.textContent ?? cell.textContent)"
    );
    serde_json::from_value(tab.evaluate(&script).unwrap()).unwrap()
}

/// What the page says about the number of rows.
pub(super) fn status(tab: &Tab<'_>) -> String {
    text(tab, "[role=status]")
}

/// Waits until the page shows an address.
pub(super) fn wait_for(tab: &Tab<'_>, address: &str) {
    let script = format!(
        "new Promise((done) => {{ const look = () => shownAddress === {address:?} ? done() : \
         requestAnimationFrame(look); look(); }})"
    );
    tab.evaluate(&script).unwrap();
}

/// Clicks a link and waits for its view. Returns the address.
pub(super) fn follow(tab: &Tab<'_>, selector: &str) -> String {
    let script = format!("document.querySelector({selector:?}).getAttribute('href')");
    let address = tab.evaluate(&script).unwrap().as_str().unwrap().to_owned();
    tab.click(selector).unwrap();
    wait_for(tab, &address);
    address
}

/// Goes to another address of the same page.
pub(super) fn go(tab: &Tab<'_>, address: &str) {
    tab.evaluate(&format!("void (location.hash = {address:?})")).unwrap();
    wait_for(tab, address);
}

/// The address that the page is at.
pub(super) fn address(tab: &Tab<'_>) -> String {
    tab.evaluate("location.hash").unwrap().as_str().unwrap().to_owned()
}
