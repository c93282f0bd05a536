//! Requesters, as far as a trigger can prove them.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ids::ObjectId;

/// Length of a storage queue's name, in characters ("Naming queues and metadata").
const QUEUE_NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// Longest name of a function or a function key, in characters.
const MAX_NAME_LENGTH: usize = 128;

/// Keys that every function app has. They are shared, so they identify no requester.
const SHARED_KEYS: [&str; 3] = ["default", "master", "_master"];

/// A requester, as far as a trigger can prove it.
///
/// On the wire: a JSON string, `queue:<queue>`, `eventgrid:<function>`, `http:<object id>`,
/// `key:<name of a function key>`, `cli:<object id>`, `timer:<function>` or `admin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Requester {
    /// The senders to this storage queue.
    Queue(String),
    /// The publishers of the events that reach this function.
    EventGrid(String),
    /// The application or user with this object id, signed in over HTTP.
    Http(ObjectId),
    /// The holders of the function key with this name.
    Key(String),
    /// The operator with this object id, at the command line.
    Cli(ObjectId),
    /// The broker's own function with a timer. No rule can name it, so it is granted nothing.
    Timer(String),
    /// The callers of the host's admin endpoint. No rule can name them, so they are granted nothing.
    Admin,
}

/// The error for a requester that no trigger could ever prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected queue:<storage queue>, eventgrid:<function>, http:<object id>, \
     key:<function key other than default and master> or cli:<object id>"
)]
pub struct InvalidRequester;

impl Requester {
    /// Reads a requester as the policy names it. `admin` and `timer:…` are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidRequester> {
        let (kind, name) = text.split_once(':').ok_or(InvalidRequester)?;
        let object_id = || ObjectId::parse(name).map_err(|_| InvalidRequester);
        match kind {
            "queue" if is_queue_name(name) => Ok(Self::Queue(name.to_owned())),
            "eventgrid" if is_name(name) => Ok(Self::EventGrid(name.to_owned())),
            "key" if is_name(name) && !is_shared_key(name) => Ok(Self::Key(name.to_owned())),
            "http" => object_id().map(Self::Http),
            "cli" => object_id().map(Self::Cli),
            _ => Err(InvalidRequester),
        }
    }
}

fn is_queue_name(name: &str) -> bool {
    QUEUE_NAME_LENGTH.contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_LENGTH).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn is_shared_key(key: &str) -> bool {
    SHARED_KEYS.iter().any(|name| name.eq_ignore_ascii_case(key))
}

impl fmt::Display for Requester {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) => write!(formatter, "queue:{name}"),
            Self::EventGrid(function) => write!(formatter, "eventgrid:{function}"),
            Self::Http(object_id) => write!(formatter, "http:{object_id}"),
            Self::Key(name) => write!(formatter, "key:{name}"),
            Self::Cli(object_id) => write!(formatter, "cli:{object_id}"),
            Self::Timer(function) => write!(formatter, "timer:{function}"),
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

    const ID: &str = "11111111-1111-1111-1111-111111111111";

    #[test]
    fn a_requester_that_no_trigger_can_prove_is_refused() {
        for text in [
            "",
            "*",
            "admin",
            "admin:",
            "timer:EndAssignments",
            "timer:",
            "queue",
            "queue:",
            "queue:ab",
            "queue:Upper",
            "queue:a/b",
            "queue:*",
            "http:*",
            "http:me",
            "key:default",
            "key:Master",
            "key:_master",
            "key:",
            "cli:root",
            "eventgrid:",
            "eventgrid:a b",
        ] {
            assert_eq!(Requester::parse(text), Err(InvalidRequester), "{text:?}");
        }
    }

    #[test]
    fn a_requester_is_displayed_as_it_was_read() {
        for text in [
            "queue:app-role-requests",
            "eventgrid:ResourceEvent",
            "key:team-orders",
            &format!("http:{ID}"),
            &format!("cli:{ID}"),
        ] {
            assert_eq!(Requester::parse(text).unwrap().to_string(), text);
        }
    }
}
