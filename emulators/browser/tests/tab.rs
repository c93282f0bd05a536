//! What a tab reports about pages that do what they must not do, so that silence about a page means something.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{io::Write as _, sync::LazyLock};

use browser::{Browser, BrowserError, Tab, Window};

const WINDOW: Window = Window { width: 800, height: 600, dark: false };

static BROWSER: LazyLock<Option<Browser>> = LazyLock::new(|| match Browser::start() {
    Ok(browser) => Some(browser),
    Err(error @ BrowserError::NoBrowser) => {
        // The test runner shows only what is not printed with a macro.
        let line = format!("NOT RUN: the driver of a browser: {error}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    }
    Err(error) => panic!("{error}"),
});

fn look(page: &str, test: impl FnOnce(&Tab<'_>)) {
    let Some(browser) = BROWSER.as_ref() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    test(&browser.open(&file, WINDOW).unwrap());
}

#[test]
fn requests_violations_errors_and_dialogs_are_reported() {
    let policy = "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\">";
    look(&format!("<!doctype html>{policy}<img src=http://127.0.0.1:9/x>"), |tab| {
        let faults = tab.faults().unwrap();
        assert!(faults.contains(&"img-src http://127.0.0.1:9/x".to_owned()), "{faults:?}");
    });
    look(
        "<!doctype html><script>console.warn('a'); alert('b'); throw new Error('c')</script>",
        |tab| {
            assert_eq!(tab.faults().unwrap(), ["warn: a", "dialog: b", "error: c"]);
        },
    );
    look("<!doctype html><link rel=stylesheet href=http://127.0.0.1:9/x.css>", |tab| {
        let requests = tab.requests().unwrap();
        assert!(requests.contains(&"http://127.0.0.1:9/x.css".to_owned()), "{requests:?}");
    });
}

#[test]
fn a_page_that_not_everyone_can_use_fails_the_audit() {
    let page = |body: &str| {
        format!(
            "<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>{body}</main>"
        )
    };
    look(&page("<label>Search <input></label>"), |tab| {
        assert_eq!(tab.audit().unwrap(), Vec::<String>::new());
    });
    look(&page("<input><p style='color: #ccc; background: #fff'>pale</p>"), |tab| {
        let findings = tab.audit().unwrap().join("\n");
        assert!(findings.contains("label: input"), "{findings}");
        assert!(findings.contains("color-contrast: p"), "{findings}");
    });
}

#[test]
fn the_next_file_is_that_of_the_tab_that_offered_it() {
    let page = |text: &str| {
        format!("<!doctype html><a download=file.txt href='data:text/plain,{text}'>File</a>")
    };
    look(&page("one"), |one| {
        look(&page("other"), |other| {
            other.click("a").unwrap();
            one.click("a").unwrap();
            assert_eq!(one.download().unwrap().text, "one");
            assert_eq!(other.download().unwrap().text, "other");
        });
    });
}

#[test]
fn what_the_browser_refuses_is_an_error_and_the_tab_goes_on() {
    look("<!doctype html><p>text</p>", |tab| {
        assert!(matches!(tab.click("button"), Err(BrowserError::Refused(_))));
        assert!(matches!(tab.evaluate("nothing"), Err(BrowserError::Refused(_))));
        assert_eq!(tab.evaluate("document.body.textContent").unwrap(), "text");
    });
}
