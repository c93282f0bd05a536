//! Who asks, as far as the entrance proves it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Shortest and longest name of a storage queue ("Naming queues and metadata").
const QUEUE_NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// Who asks, as far as the entrance proves it.
///
/// On the wire: a JSON string, `queue:<queue name>` or `admin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Requester {
    /// Whoever may write to this storage queue.
    Queue(String),
    /// Whoever called the host's admin endpoint. No rule can name it, so it is granted nothing.
    Admin,
}

/// A requester in the policy that no entrance could ever prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a requester is `queue:` and the name of a storage queue: 3 to 63 lower-case letters, digits \
     and hyphens"
)]
pub struct InvalidRequester;

impl Requester {
    /// Reads a requester as the policy names it.
    pub fn parse(text: &str) -> Result<Self, InvalidRequester> {
        match text.split_once(':') {
            Some(("queue", name)) if is_queue_name(name) => Ok(Self::Queue(name.to_owned())),
            _ => Err(InvalidRequester),
        }
    }
}

fn is_queue_name(name: &str) -> bool {
    QUEUE_NAME_LENGTH.contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl fmt::Display for Requester {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) => write!(formatter, "queue:{name}"),
            Self::Admin => formatter.write_str("admin"),
        }
    }
}

impl Serialize for Requester {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_queue_makes_a_requester() {
        for text in ["", "admin", "queue:", "queue:ab", "queue:Upper", "queue:a/b", "http:x", "*"] {
            assert_eq!(Requester::parse(text), Err(InvalidRequester), "{text:?}");
        }
        let requester = Requester::parse("queue:app-role-requests").unwrap();
        assert_eq!(requester.to_string(), "queue:app-role-requests");
    }
}
