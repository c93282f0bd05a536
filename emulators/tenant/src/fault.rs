//! Faults: errors of Microsoft's services that have no cause in this tenant's state.

use std::collections::{BTreeMap, VecDeque};

use warp::http::{StatusCode, header::RETRY_AFTER};

use crate::{
    failure::{Detail, Failure},
    request_log::Route,
};

/// A response that replaces the regular one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) answer: FaultAnswer,
    pub(crate) after_the_effect: bool,
}

/// The caller's view of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultAnswer {
    Error(Failure),
    /// A body as it is, with status 200.
    Text(String),
    ConnectionClosed,
}

/// The ordered faults, by route.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: BTreeMap<Route, VecDeque<Fault>>,
    every: BTreeMap<Route, Fault>,
}

impl Fault {
    /// An error with this status, code and message. The identity endpoint's errors have no code. A
    /// status outside 100..=999 becomes 500.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::failing(Failure::new(status, code, message))
    }

    /// A success whose body is this text, whatever was asked for.
    #[must_use]
    pub fn text(body: &str) -> Self {
        Self::answering(FaultAnswer::Text(body.to_owned()))
    }

    /// The connection is closed without a response.
    #[must_use]
    pub fn connection_closed() -> Self {
        Self::answering(FaultAnswer::ConnectionClosed)
    }

    /// Adds a `Retry-After` header, in seconds or as an HTTP date. A closed connection has no headers.
    #[must_use]
    pub fn retry_after(mut self, text: &str) -> Self {
        if let FaultAnswer::Error(failure) = &mut self.answer {
            failure.headers.push((RETRY_AFTER.to_string(), text.to_owned()));
        }
        self
    }

    /// Adds an entry to `details`, which some errors of Microsoft Graph have.
    #[must_use]
    pub fn detail(mut self, code: &str, message: &str) -> Self {
        if let FaultAnswer::Error(failure) = &mut self.answer {
            failure.details.push(Detail { code: code.to_owned(), message: message.to_owned() });
        }
        self
    }

    /// Processes the request first and then answers with the fault, so that the caller cannot know
    /// whether its write took effect.
    #[must_use]
    pub fn after_the_effect(mut self) -> Self {
        self.after_the_effect = true;
        self
    }

    /// A fault from an error.
    pub(crate) fn failing(failure: Failure) -> Self {
        Self::answering(FaultAnswer::Error(failure))
    }

    fn answering(answer: FaultAnswer) -> Self {
        Self { answer, after_the_effect: false }
    }
}

impl Faults {
    pub(crate) fn answer_next(&mut self, route: Route, fault: Fault) {
        self.next.entry(route).or_default().push_back(fault);
    }

    pub(crate) fn answer_every(&mut self, route: Route, fault: Fault) {
        self.every.insert(route, fault);
    }

    pub(crate) fn clear(&mut self, route: Route) {
        self.next.remove(&route);
        self.every.remove(&route);
    }

    /// Takes the fault for a request, if one is ordered.
    pub(crate) fn take(&mut self, route: Route) -> Option<Fault> {
        let queued = self.next.get_mut(&route).and_then(VecDeque::pop_front);
        queued.or_else(|| self.every.get(&route).cloned())
    }
}
