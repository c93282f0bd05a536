//! What is told while requests are sent and waited for.

use std::cell::Cell;

use super::asked::Asked;
use crate::{
    output::{Progress, Screen},
    result,
};

/// Tells how it goes: in a line for each request on standard error, and as progress on a terminal.
pub(super) struct Log {
    screen: Screen,
    progress: Progress,
    number: usize,
    answered: Cell<usize>,
    waits: bool,
    lines: bool,
}

impl Log {
    /// Begins to tell about this number of requests. With `lines`, each answer is told in a line.
    pub(super) fn start(screen: Screen, (number, waits): (usize, bool), lines: bool) -> Self {
        let progress = Progress::start("waiting for the broker …");
        Self { screen, progress, number, answered: Cell::new(0), waits, lines }
    }

    /// Tells what is being done.
    pub(super) fn tell(&self, text: &str) {
        match self.number {
            1 => self.progress.say(text),
            number => self.progress.bar(self.answered.get(), number, text),
        }
    }

    /// Reports that a request waits for approval. Progress continues.
    pub(super) fn pending(&self, asked: &Asked) {
        self.progress.say("");
        self.screen.note(asked.line(self.waits));
        result::note_pending(self.screen, asked.approval());
    }

    /// Tells what came of a request.
    pub(super) fn answered(&self, asked: &Asked) {
        self.answered.set(self.answered.get() + 1);
        if self.lines {
            self.progress.say("");
            let (answered, number) = (self.answered.get(), self.number);
            self.screen.note(format!("{answered} of {number}: {}", asked.line(self.waits)));
        }
    }
}
