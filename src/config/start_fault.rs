//! Faults that prevent a start.

use std::fmt;

/// A setting or a file that prevents the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFault {
    /// The setting or file.
    pub name: String,
    /// The problem, and what to do about it: the rest of a sentence that begins with the name.
    pub problem: String,
}

impl StartFault {
    /// A fault of a setting or a file.
    pub(crate) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self { name: name.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for StartFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.problem)
    }
}

/// The faults so far, so that one start reports all of them.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<StartFault>);

impl Faults {
    /// Returns the value of a setting. After a fault, keeps the fault and returns a default that is never
    /// used.
    pub(super) fn check<T: Default>(&mut self, read: Result<T, StartFault>) -> T {
        read.unwrap_or_else(|fault| {
            self.0.push(fault);
            T::default()
        })
    }

    /// Adds faults.
    pub(super) fn add(&mut self, faults: Vec<StartFault>) {
        self.0.extend(faults);
    }

    /// All faults.
    pub(super) fn all(self) -> Vec<StartFault> {
        self.0
    }
}
