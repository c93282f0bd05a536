//! What the answers of the queue service mean ("Queue service error codes").

use super::request::Purpose;
use crate::{exchange::Reply, status::summary};

/// The number of characters of an error that are logged. The code and one sentence fit.
const MAX_EXCERPT: usize = 500;

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What was asked for is done.
    Done,
    /// There is no such queue.
    NoQueue,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The status, which says what another attempt would achieve.
    pub(super) status: u16,
    /// The code of the service; empty if the answer has none.
    pub(super) code: String,
    /// What was sent without a code, for instance by a proxy.
    text: String,
}

/// What the answer to a request means.
pub(super) fn meaning(reply: &Reply, purpose: Purpose) -> Result<Meaning, Refusal> {
    let status = reply.status.as_u16();
    match (purpose, status) {
        // No other status is the service's word that the message is stored.
        (Purpose::Put, 201) | (Purpose::Create, 201 | 204) | (Purpose::Look, 200..300) => {
            return Ok(Meaning::Done);
        }
        _ => {}
    }
    let refusal = Refusal::read(reply);
    match (purpose, status, refusal.code.as_str()) {
        (Purpose::Put | Purpose::Look, 404, "QueueNotFound") => Ok(Meaning::NoQueue),
        // It has other metadata: another program created it.
        (Purpose::Create, 409, "QueueAlreadyExists") => Ok(Meaning::Done),
        // Its name is free again after half a minute ("Delete Queue").
        (_, 409, "QueueBeingDeleted") => Err(Refusal { status: 503, ..refusal }),
        _ => Err(refusal),
    }
}

impl Refusal {
    /// Reads the code, which is in the body or in a header. The message of a refused signature repeats
    /// what was signed, so no message with a code is kept. The status counts even if the body did not
    /// arrive.
    fn read(reply: &Reply) -> Self {
        let body = reply.body().unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        let in_body = || Some(text.split_once("<Code>")?.1.split_once('<')?.0.to_owned());
        let code = in_body().or_else(|| reply.header("x-ms-error-code").map(str::to_owned));
        let excerpt = |text: &str| text.chars().take(MAX_EXCERPT).collect();
        Self {
            status: reply.status.as_u16(),
            text: if code.is_some() { String::new() } else { excerpt(&text) },
            code: excerpt(&code.unwrap_or_default()),
        }
    }

    /// The rest of a sentence that begins with the queue.
    pub(super) fn sentence(&self) -> String {
        let Self { status, code, text } = self;
        format!("answered {}", summary(*status, code, text))
    }
}
