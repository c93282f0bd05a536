//! The limit of the writes that a rule lets a requester make.

use super::fields::{Faults, Field};
use crate::sha256;

/// The largest limit of writes in an hour.
pub(super) const MOST_PER_HOUR: u32 = 100_000;

/// How many writes a rule lets one requester make within an hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WriteLimit {
    rule: String,
    per_hour: u32,
}

impl WriteLimit {
    pub(super) fn new(rule: &str, per_hour: u32) -> Self {
        Self { rule: rule.to_owned(), per_hour }
    }

    /// The name of the rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// A key for the rule that any store accepts: SHA-256 of its name in lower-case hexadecimal.
    #[must_use]
    pub fn rule_digest(&self) -> String {
        sha256::hexadecimal(self.rule.as_bytes())
    }

    /// The number of writes, from 1 to 100,000.
    #[must_use]
    pub fn per_hour(&self) -> u32 {
        self.per_hour
    }
}

/// Reads a number of writes in an hour.
pub(super) fn read(field: &Field<'_>, faults: &mut Faults) -> Option<u32> {
    let number = field.whole_number(faults)?;
    match u32::try_from(number) {
        Ok(number @ 1..=MOST_PER_HOUR) => Some(number),
        _ => {
            let problem = format!("expected a number of writes from 1 to {MOST_PER_HOUR}");
            faults.add(field, problem);
            None
        }
    }
}
