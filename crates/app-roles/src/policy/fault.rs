//! Faults of a policy file.

use std::fmt;

use wire_formats::json::located::Location;

/// The largest number of faults in one sentence. A log line and an answer must stay readable.
const MOST_IN_A_SENTENCE: usize = 10;

/// A fault at one place of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// Where the place begins in the file.
    pub location: Location,
    /// The path in the document, for instance `allow[2].principals[0]`. `policy` is the document itself.
    pub path: String,
    /// The name of the rule, if the fault is in one.
    pub rule: Option<String>,
    /// The fault.
    pub problem: String,
}

impl PolicyFault {
    /// The fault as a line for people and editors: file, line, column, path, rule and fault.
    #[must_use]
    pub fn in_file(&self, file: &str) -> String {
        format!("{file}:{}: {self}", self.location)
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(formatter, "{} (rule {rule:?}): {}", self.path, self.problem),
            None => write!(formatter, "{}: {}", self.path, self.problem),
        }
    }
}

/// All faults of a policy file that is refused, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFaults(pub Vec<PolicyFault>);

impl fmt::Display for PolicyFaults {
    /// The first faults in one sentence, each with its place.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().take(MOST_IN_A_SENTENCE).enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            let Location { line, column } = fault.location;
            write!(formatter, "{separator}{fault} (line {line}, column {column})")?;
        }
        match self.0.len().saturating_sub(MOST_IN_A_SENTENCE) {
            0 => Ok(()),
            1 => formatter.write_str("; and 1 more fault"),
            more => write!(formatter, "; and {more} more faults"),
        }
    }
}

impl std::error::Error for PolicyFaults {}
