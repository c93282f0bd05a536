//! A check of a run, with its figures and the faults that it found.

use std::fmt;

/// The number of faults that are printed of each check.
const FAULTS_SHOWN: usize = 5;

/// A check, its figures and the faults that it found.
#[derive(Debug)]
pub(crate) struct Check {
    what: &'static str,
    figures: String,
    faults: Vec<String>,
}

impl Check {
    pub(crate) fn new(what: &'static str, figures: String, faults: Vec<String>) -> Self {
        Self { what, figures, faults }
    }

    /// What is checked. It begins with a letter in parentheses.
    #[cfg(test)]
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// Whether the check found no fault.
    pub(crate) fn passed(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "ok    " } else { "FAILED" };
        write!(formatter, "{verdict} {}: {}", self.what, self.figures)?;
        for fault in self.faults.iter().take(FAULTS_SHOWN) {
            write!(formatter, "\n         {fault}")?;
        }
        match self.faults.len().saturating_sub(FAULTS_SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "\n         and {more} more"),
        }
    }
}
