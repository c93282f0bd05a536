//! The page of the report in Chromium: how long a person waits for it, and for a filter.

use std::{path::Path, time::Instant};

use anyhow::{Context as _, Result};
use browser::{Browser, BrowserError, Tab, Window};

use crate::figure::{Figure, Target, Unit};

/// After this time, a person begins to doubt whether a page works.
const FIRST_USE: Target = Target::AtMost(2000.0);
/// Within this time, a page seems to react at once ("Response Times: The 3 Important Limits", Nielsen).
const FILTERING: Target = Target::AtMost(100.0);

/// The number of measurements. A figure is their median.
const TIMES: usize = 7;

const WINDOW: Window = Window { width: 1400, height: 900, dark: false };

/// What a person does to the list of assignments: the control, the value, and the event.
const FILTERS: [(&str, &str, &str); 8] = [
    ("search", "orders", "input"),
    ("search", "orders 7", "input"),
    ("search", "no such text", "input"),
    ("search", "", "input"),
    ("privileged", "yes", "change"),
    ("coverage", "none", "change"),
    ("ending", "none", "change"),
    ("sort", "-since", "change"),
];

/// Measures a page. Returns no figures where no browser is installed.
pub(super) fn figures(name: &str, file: &Path) -> Result<Vec<Figure>> {
    let browser = match Browser::start() {
        Err(error @ BrowserError::NoBrowser) => {
            println!("NOT RUN: the page in a browser: {error}");
            return Ok(Vec::new());
        }
        started => started?,
    };
    println!("\nThe page {name} in {}", browser.version());
    let file = file.canonicalize()?;
    let first_use = median(|| first_use(&browser, &file))?;
    let tab = browser.open_at(&file, "#/assignments", WINDOW)?;
    let mut slowest: f64 = 0.0;
    for (control, value, event) in FILTERS {
        let taken = median(|| {
            // Each measurement begins with all rows.
            tab.time("document.querySelector('.quiet').click()")?;
            milliseconds(&tab, &act(control, value, event))
        })?;
        println!("  {taken:>6.1} ms  {control} = {value:?}");
        slowest = slowest.max(taken);
    }
    Ok(vec![
        Figure::new(format!("first use of the page, {name}"), Unit::Milliseconds, first_use)
            .held_to(FIRST_USE),
        Figure::new(format!("slowest filter of the page, {name}"), Unit::Milliseconds, slowest)
            .held_to(FILTERING),
    ])
}

/// The time from opening the file until the rows of a first search were drawn.
fn first_use(browser: &Browser, file: &Path) -> Result<f64> {
    let started = Instant::now();
    let tab = browser.open_at(file, "#/assignments", WINDOW)?;
    tab.time(&act("search", "orders", "input"))?;
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

fn milliseconds(tab: &Tab<'_>, script: &str) -> Result<f64> {
    Ok(tab.time(script)?.as_secs_f64() * 1000.0)
}

/// A script that sets a control as a person would.
fn act(control: &str, value: &str, event: &str) -> String {
    format!(
        "const control = document.querySelector('#{control}-input'); control.value = {value:?}; \
         control.dispatchEvent(new Event('{event}'));"
    )
}

fn median(mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut times = (0..TIMES).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    times.sort_by(f64::total_cmp);
    times.get(TIMES / 2).copied().context("no measurement")
}
