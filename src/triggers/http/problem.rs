//! Problem responses.

use serde::Serialize;

use app_roles::{ids::InvocationId, result::RequestResult};
use functions_handler::http_response::HttpResponse;

/// The media type of problems (RFC 9457, "Problem Details for HTTP APIs").
const PROBLEM_JSON: &str = "application/problem+json";

/// The prefix of problem types. They are names, not addresses, because this project has no web site.
const TYPE_PREFIX: &str = "urn:app-role-broker:problem:";

/// The `Retry-After` in seconds. The broker has retried for twenty seconds by then, and the delay that
/// Microsoft Graph asks for is mostly less than a minute.
const RETRY_AFTER: &str = "30";

/// The problem types. `docs/http-api.md` documents each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemType {
    Invalid,
    Expired,
    Unauthenticated,
    Denied,
    NotFound,
    MethodNotAllowed,
    Ambiguous,
    LengthRequired,
    TooLarge,
    UnsupportedMediaType,
    GraphRefused,
    Unavailable,
    Paused,
}

impl ProblemType {
    /// Name, status and title.
    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Invalid => ("invalid", 400, "Not a request, or one that cannot be fulfilled"),
            Self::Expired => ("expired", 400, "The request came too late"),
            Self::Unauthenticated => ("unauthenticated", 401, "The call does not say who asks"),
            Self::Denied => ("denied", 403, "The policy does not allow it"),
            Self::NotFound => ("not-found", 404, "Something named does not exist"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", 405, "Only GET and POST mean something")
            }
            Self::Ambiguous => ("ambiguous", 409, "A name means more than one thing"),
            Self::LengthRequired => {
                ("length-required", 411, "The call does not say how long its body is")
            }
            Self::TooLarge => ("too-large", 413, "The request is too large"),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", 415, "The body is not declared as JSON")
            }
            Self::GraphRefused => ("graph-refused", 502, "Microsoft Graph refused"),
            Self::Unavailable => ("unavailable", 503, "It cannot be done at the moment"),
            Self::Paused => ("paused", 503, "The broker is paused"),
        }
    }

    /// The status code.
    pub(super) fn status(self) -> u16 {
        self.row().1
    }

    /// The identifier that distinguishes problems for callers.
    pub(super) fn uri(self) -> String {
        format!("{TYPE_PREFIX}{}", self.name())
    }

    /// The last part of the identifier.
    pub(super) fn name(self) -> &'static str {
        self.row().0
    }
}

/// A problem: why a call did not succeed.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: ProblemType,
    pub(super) detail: String,
    result: Option<Box<RequestResult>>,
    challenge: Option<&'static str>,
}

/// A problem as callers see it. Where there is a result, its members are beside these.
///
/// ```json
/// { "type": "urn:app-role-broker:problem:denied", "title": "The policy does not allow it",
///   "status": 403, "detail": "no rule for key:orders-team names the API 4444…",
///   "instance": "urn:uuid:5f0a7d0e-…", "invocationId": "5f0a7d0e-…", "roles": [ … ] }
/// ```
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Problem"))]
#[serde(rename_all = "camelCase")]
pub(super) struct ProblemDetails<'a> {
    /// What kind of problem it is: an identifier, not an address.
    #[serde(rename = "type")]
    kind: String,
    /// The same for people.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What happened this time, and what to do.
    detail: &'a str,
    /// This occurrence: the id of the invocation, which is in every line of the log.
    instance: String,
    /// What came of each role, and all else that a result has.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    result: Option<RequestResult>,
}

impl Problem {
    pub(super) fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), result: None, challenge: None }
    }

    /// Adds the result.
    pub(super) fn with_result(self, result: RequestResult) -> Self {
        Self { result: Some(Box::new(result)), ..self }
    }

    /// Adds the authentication scheme (RFC 9110, section 11.6.1).
    pub(super) fn with_challenge(self, scheme: &'static str) -> Self {
        Self { challenge: Some(scheme), ..self }
    }

    /// The response to the caller.
    pub(super) fn response(self, invocation: InvocationId) -> HttpResponse {
        let response = HttpResponse::new(self.kind.status(), PROBLEM_JSON, self.body(invocation));
        let response = response.header("Cache-Control", "no-store");
        match (self.kind, self.challenge) {
            (_, Some(scheme)) => response.header("WWW-Authenticate", scheme),
            (ProblemType::Unavailable | ProblemType::Paused, _) => {
                response.header("Retry-After", RETRY_AFTER)
            }
            (ProblemType::MethodNotAllowed, _) => response.header("Allow", "GET, POST"),
            _ => response,
        }
    }

    fn body(&self, invocation: InvocationId) -> String {
        let (_, status, title) = self.kind.row();
        let details = |result| ProblemDetails {
            kind: self.kind.uri(),
            title,
            status,
            detail: &self.detail,
            instance: format!("urn:uuid:{invocation}"),
            result,
        };
        let result =
            self.result.as_ref().and_then(|result| result.as_ref().clone().truncated_to_fit().ok());
        // Strings and numbers can always be written; an empty object is still valid JSON.
        serde_json::to_string(&details(result)).unwrap_or_else(|_| "{}".to_owned())
    }
}

#[cfg(test)]
impl ProblemType {
    /// Every kind.
    pub(super) const ALL: [Self; 13] = [
        Self::Invalid,
        Self::Expired,
        Self::Unauthenticated,
        Self::Denied,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Ambiguous,
        Self::LengthRequired,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::GraphRefused,
        Self::Unavailable,
        Self::Paused,
    ];
}
