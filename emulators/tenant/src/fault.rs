//! Faults: what Microsoft's services do now and then without any cause in this tenant's state.

use std::collections::{BTreeMap, VecDeque};

use warp::http::{StatusCode, header::RETRY_AFTER};

use super::{
    failure::{Detail, Failure},
    requests::Route,
};

/// An answer that a route gives instead of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) answer: FaultAnswer,
    pub(super) after_the_effect: bool,
}

/// What the caller gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FaultAnswer {
    Error(Failure),
    ConnectionClosed,
}

/// Faults waiting for a request, by route.
#[derive(Debug, Default)]
pub(super) struct Faults {
    next: BTreeMap<Route, VecDeque<Fault>>,
    every: BTreeMap<Route, Fault>,
}

impl Fault {
    /// An error answer with the given code and message. On the identity endpoint, whose errors have
    /// no code, only status and message are used. A status outside 100..=999 becomes 500.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::failing(Failure::new(status, code, message))
    }

    /// The connection is closed without a single byte of an answer.
    #[must_use]
    pub fn connection_closed() -> Self {
        Self::answering(FaultAnswer::ConnectionClosed)
    }

    /// Adds a `Retry-After` header, as it is given: seconds or an HTTP date.
    #[must_use]
    pub fn retry_after(self, text: &str) -> Self {
        self.header(RETRY_AFTER.as_str(), text)
    }

    /// Adds a header, or replaces the one that the answer would have had. A closed connection has no
    /// headers.
    #[must_use]
    pub fn header(mut self, name: &str, text: &str) -> Self {
        if let FaultAnswer::Error(failure) = &mut self.answer {
            failure.headers.push((name.to_owned(), text.to_owned()));
        }
        self
    }

    /// Adds one of the `details` that some errors of Microsoft Graph have.
    #[must_use]
    pub fn detail(mut self, code: &str, message: &str) -> Self {
        if let FaultAnswer::Error(failure) = &mut self.answer {
            failure.details.push(Detail { code: code.to_owned(), message: message.to_owned() });
        }
        self
    }

    /// Sets the code in Microsoft Graph's `innerError`. Unless set, a 429 has the code 429 there, as
    /// in the sample of Microsoft Learn, "Microsoft Graph throttling guidance"; others have none.
    #[must_use]
    pub fn inner_error_code(mut self, code: &str) -> Self {
        if let FaultAnswer::Error(failure) = &mut self.answer {
            failure.inner_error_code = Some(code.to_owned());
        }
        self
    }

    /// The request is processed first, and only then the fault is answered in place of its result:
    /// the caller can't know that its write took place.
    #[must_use]
    pub fn after_the_effect(mut self) -> Self {
        self.after_the_effect = true;
        self
    }

    /// An error answer.
    pub(super) fn failing(failure: Failure) -> Self {
        Self::answering(FaultAnswer::Error(failure))
    }

    fn answering(answer: FaultAnswer) -> Self {
        Self { answer, after_the_effect: false }
    }
}

impl Faults {
    pub(super) fn answer_next(&mut self, route: Route, fault: Fault) {
        self.next.entry(route).or_default().push_back(fault);
    }

    pub(super) fn answer_every(&mut self, route: Route, fault: Fault) {
        self.every.insert(route, fault);
    }

    pub(super) fn clear(&mut self, route: Route) {
        self.next.remove(&route);
        self.every.remove(&route);
    }

    /// The fault for a request that has just arrived.
    pub(super) fn take(&mut self, route: Route) -> Option<Fault> {
        let queued = self.next.get_mut(&route).and_then(VecDeque::pop_front);
        queued.or_else(|| self.every.get(&route).cloned())
    }
}
