//! Progress: one line on standard error, on a terminal only.
//!
//! The line appears when a command has taken a second, so that a fast command shows none, and no operator
//! waits in silence. It is gone whenever the code of the command runs, so that no other text meets it.

use std::{
    future::poll_fn,
    io::{IsTerminal as _, Write as _},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use super::{text::shown, wrapping::columns};

/// Moves the cursor to the start of the line and clears it ("ECMA-48", Erase in Line).
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// The width of a progress bar, in columns.
const BAR_WIDTH: usize = 20;

/// The time that a command may take in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// The shortest time between two drawings of the line.
const REDRAW: Duration = Duration::from_millis(100);

/// The age of a text from which the line says how old it is.
const STALE: Duration = Duration::from_secs(2);

/// The text of a wait that no command describes.
const WAITING: &str = "waiting for an answer …";

/// The line of this process.
static LINE: Mutex<ProgressLine> = Mutex::new(ProgressLine {
    texts: Vec::new(),
    last_id: 0,
    running_since: None,
    text_since: None,
    drawn_at: None,
    is_shown: false,
    quiet: 0,
});

/// What the line shows.
struct ProgressLine {
    /// The texts of the waits that go on, by their ids. The newest one is shown.
    texts: Vec<(usize, String)>,
    last_id: usize,
    running_since: Option<Instant>,
    text_since: Option<Instant>,
    drawn_at: Option<Instant>,
    is_shown: bool,
    /// The number of reasons to show nothing.
    quiet: usize,
}

/// A text of the progress line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    id: usize,
}

/// As long as it exists, no progress is shown: the operator is being asked something.
#[derive(Debug)]
pub(crate) struct Quiet(());

/// Runs a command, and shows its progress.
pub(crate) async fn with_progress<T>(command: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return command.await;
    }
    let mut command = pin!(command);
    let mut ticks = tokio::time::interval(REDRAW);
    line().running_since = Some(Instant::now());
    poll_fn(|context| {
        line().hide();
        if let Poll::Ready(done) = command.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        while ticks.poll_tick(context).is_ready() {}
        line().show(Instant::now());
        Poll::Pending
    })
    .await
}

impl Progress {
    /// Starts with a text.
    pub(crate) fn start(text: &str) -> Self {
        let mut line = line();
        line.last_id += 1;
        let id = line.last_id;
        line.texts.push((id, String::new()));
        line.set(id, text);
        Self { id }
    }

    /// Shows a bar, and a text after it.
    pub(crate) fn bar(&self, done: usize, all: usize, text: &str) {
        let filled = (done * BAR_WIDTH).checked_div(all).unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
        let (filled, empty) = ("█".repeat(filled), "░".repeat(BAR_WIDTH - filled));
        self.say(&format!("{filled}{empty} {done} of {all}: {text}"));
    }

    /// Replaces the text.
    pub(crate) fn say(&self, text: &str) {
        line().set(self.id, text);
    }

    /// Shows no progress for some time.
    pub(crate) fn quiet() -> Quiet {
        line().quiet += 1;
        Quiet(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut line = line();
        line.texts.retain(|(id, _)| *id != self.id);
        line.text_since = Some(Instant::now());
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        line().quiet -= 1;
    }
}

/// The line. A thread that has panicked leaves nothing half done in it.
fn line() -> MutexGuard<'static, ProgressLine> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProgressLine {
    fn set(&mut self, id: usize, text: &str) {
        if let Some((_, old)) = self.texts.iter_mut().find(|(known, _)| *known == id) {
            text.clone_into(old);
            self.text_since = Some(Instant::now());
        }
    }

    /// What there is to show at a moment.
    fn text(&self, now: Instant) -> Option<String> {
        let running = now.saturating_duration_since(self.running_since?);
        if running < SILENCE || self.quiet > 0 {
            return None;
        }
        let text = self.texts.iter().rev().map(|(_, text)| text.as_str());
        let text = text.into_iter().find(|text| !text.is_empty()).unwrap_or(WAITING);
        let age = self.text_since.map_or(running, |since| now.saturating_duration_since(since));
        let is_stale = age >= STALE;
        Some(if is_stale { format!("{text} ({} s)", age.as_secs()) } else { text.to_owned() })
    }

    fn hide(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            write(CLEAR_LINE);
        }
    }

    fn show(&mut self, now: Instant) {
        let is_early = |at: Instant| now.saturating_duration_since(at) < REDRAW;
        if self.is_shown || self.drawn_at.is_some_and(is_early) {
            return;
        }
        if let Some(text) = self.text(now) {
            write(&format!("{CLEAR_LINE}{}", in_one_row(&text, columns(&std::io::stderr()))));
            (self.is_shown, self.drawn_at) = (true, Some(now));
        }
    }
}

/// Writes to standard error. An error of it cannot be reported.
fn write(text: &str) {
    let mut error = std::io::stderr();
    let _ = error.write_all(text.as_bytes());
    let _ = error.flush();
}

/// Returns the part of a text that fits into one row, because only one row can be cleared.
fn in_one_row(text: &str, columns: Option<u16>) -> String {
    let columns = columns.map_or(usize::MAX, |columns| usize::from(columns.saturating_sub(1)));
    shown(text).chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_line_is_one_printable_row() {
        assert_eq!(in_one_row("a\u{1b}[2J\r\u{202e}\nb", None), "a\u{fffd}[2J \u{fffd} b");
        assert_eq!(in_one_row("waiting for the broker", Some(8)), "waiting");
    }

    #[test]
    fn something_is_shown_from_the_second_second_on() {
        let began = Instant::now();
        let line = |texts: &[&str], text_since, quiet| ProgressLine {
            texts: texts.iter().map(|text| (0, (*text).to_owned())).collect(),
            last_id: 0,
            running_since: Some(began),
            text_since,
            drawn_at: None,
            is_shown: false,
            quiet,
        };
        let later = |milliseconds| began + Duration::from_millis(milliseconds);
        let lately = Some(later(2_500));
        for (line, moment, expected) in [
            (line(&["listing …"], None, 0), 999, None),
            (line(&["listing …"], None, 0), 1_000, Some("listing …")),
            (line(&[], None, 0), 1_000, Some(WAITING)),
            (line(&[""], None, 0), 1_000, Some(WAITING)),
            (line(&["listing …", ""], None, 0), 1_000, Some("listing …")),
            (line(&["listing …", "asking …"], lately, 0), 3_000, Some("asking …")),
            (line(&["listing …"], lately, 0), 5_600, Some("listing … (3 s)")),
            (line(&["listing …"], None, 1), 9_000, None),
        ] {
            assert_eq!(line.text(later(moment)).as_deref(), expected, "{moment}");
        }
    }
}
