//! What the answers of the table service mean ("Table service error codes").

use serde_json::Value;

use super::transaction::{self, Inner};
use crate::{
    call_error::{CallError, Kind},
    exchange::Reply,
    status::summary,
};

/// The number of characters of an error that are logged. The message and its ids fit.
const MAX_EXCERPT: usize = 500;

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What was asked for was done, or is in the body.
    Done,
    /// There is no such table.
    NoTable,
    /// There is no such entity.
    NoEntity,
    /// There is an entity with these keys.
    EntityExists,
    /// There is a table with this name.
    TableExists,
    /// The entity is not the version that was read.
    Changed,
}

/// What to do about a refusal with this status and code: the rest of a sentence, or nothing.
pub(super) type Advice = fn(u16, &str) -> &'static str;

/// What a request was to achieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To see whether it is there: 200.
    Look,
    /// To read: 200, with a body.
    Read,
    /// To change: 201, or 204 without content. No other status is the service's word that it is stored.
    Write,
    /// To make this number of changes in one transaction: 202, with the status of each.
    Transaction(usize),
}

/// A refusal: its status, code and message.
struct Refusal {
    status: u16,
    code: String,
    message: String,
}

/// What an answer to a request means. An error means that it is none of the known ones; it completes a
/// sentence that begins with the table.
pub(super) fn meaning(
    reply: &Reply,
    purpose: Purpose,
    advice: Advice,
) -> Result<Meaning, CallError> {
    let status = reply.status.as_u16();
    match (purpose, status) {
        (Purpose::Look, 200) | (Purpose::Write, 201 | 204) => Ok(Meaning::Done),
        (Purpose::Read, 200) => whole(reply).map(|_| Meaning::Done),
        (Purpose::Transaction(changes), 202) => match transaction::read(whole(reply)?) {
            Inner::Made(made) if made == changes => Ok(Meaning::Done),
            Inner::Made(made) => {
                let what = format!("confirmed {made} of the {changes} changes of a transaction");
                Err(unclear(&what))
            }
            Inner::Refused(status, body) => refusal((status, body), reply, advice),
        },
        // The status counts even if the body did not arrive.
        _ => refusal((status, reply.body().unwrap_or_default()), reply, advice),
    }
}

/// The body of an answer, if all of it arrived.
fn whole(reply: &Reply) -> Result<&[u8], CallError> {
    reply.body().map_err(|error| {
        CallError::new(Kind::Transient, format!("did not send its whole answer: {error}"))
    })
}

/// An answer that is not one of the table service, for instance the page of a proxy. It may pass.
pub(super) fn unclear(what: &str) -> CallError {
    CallError::new(Kind::Later, what.to_owned())
}

fn refusal(
    (status, body): (u16, &[u8]),
    reply: &Reply,
    advice: Advice,
) -> Result<Meaning, CallError> {
    let refusal = Refusal::read(status, body, reply.header("x-ms-error-code"));
    match (status, refusal.code.as_str()) {
        (404, "TableNotFound") => Ok(Meaning::NoTable),
        (404, "ResourceNotFound" | "EntityNotFound") => Ok(Meaning::NoEntity),
        (409, "EntityAlreadyExists") => Ok(Meaning::EntityExists),
        (409, "TableAlreadyExists") => Ok(Meaning::TableExists),
        (412, "UpdateConditionNotSatisfied" | "ConditionNotMet") => Ok(Meaning::Changed),
        // The name of a table is free again after a minute ("Delete Table").
        (409, "TableBeingDeleted") => {
            Err(CallError::by_status(503, reply, refusal.sentence(advice)))
        }
        _ => Err(CallError::by_status(status, reply, refusal.sentence(advice))),
    }
}

impl Refusal {
    /// Reads the code and the message. The code is in the body, in JSON or XML, or in a header. The
    /// message of a refused signature repeats what was signed, so only that of JSON is shown.
    fn read(status: u16, body: &[u8], header: Option<&str>) -> Self {
        let text = String::from_utf8_lossy(body);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = |pointer| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let xml = || text.split_once("ode>")?.1.split_once('<').map(|(code, _)| code.to_owned());
        let code = said("/odata.error/code").or_else(xml).or_else(|| header.map(str::to_owned));
        let message = match (said("/odata.error/message/value"), &code) {
            (Some(message), _) => message,
            (None, Some(_)) => String::new(),
            (None, None) => text.into_owned(),
        };
        let message = message.chars().take(MAX_EXCERPT).collect();
        Self { status, code: code.unwrap_or_default(), message }
    }

    /// The rest of a sentence that begins with the table.
    fn sentence(&self, advice: Advice) -> String {
        let Self { status, code, message } = self;
        let code: String = code.chars().take(MAX_EXCERPT).collect();
        format!("answered {}{}", summary(*status, &code, message), advice(*status, &code))
    }
}
