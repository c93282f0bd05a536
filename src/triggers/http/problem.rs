//! Problem responses.

use std::borrow::Cow;

use serde::Serialize;

use app_roles::{
    approval_view::ApprovalView, ids::InvocationId, outcome::Code, result::RequestResult,
};
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
    NotAnApprover,
    NotFound,
    MethodNotAllowed,
    Ambiguous,
    ApprovalChanged,
    AlreadyDecided,
    LengthRequired,
    TooLarge,
    UnsupportedMediaType,
    RateLimited,
    GraphRefused,
    Unavailable,
    RecordUnavailable,
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
            Self::NotAnApprover => {
                ("not-an-approver", 403, "The caller may not decide on this approval")
            }
            Self::NotFound => ("not-found", 404, "Something named does not exist"),
            Self::MethodNotAllowed => ("method-not-allowed", 405, "The method means nothing here"),
            Self::Ambiguous => ("ambiguous", 409, "A name means more than one thing"),
            Self::ApprovalChanged => {
                ("approval-changed", 409, "The approval means something else by now")
            }
            Self::AlreadyDecided => {
                ("already-decided", 409, "The approval does not take this decision any more")
            }
            Self::LengthRequired => {
                ("length-required", 411, "The call does not say how long its body is")
            }
            Self::TooLarge => ("too-large", 413, "The request is too large"),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", 415, "The body is not declared as JSON")
            }
            Self::RateLimited => {
                ("rate-limited", 429, "The caller may ask for no more at the moment")
            }
            Self::GraphRefused => ("graph-refused", 502, "Microsoft Graph refused"),
            Self::Unavailable => ("unavailable", 503, "It cannot be done at the moment"),
            Self::RecordUnavailable => {
                ("record-unavailable", 503, "The decision cannot be recorded at the moment")
            }
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
    code: Option<Code>,
    result: Option<Box<RequestResult>>,
    approval: Option<Box<ApprovalView>>,
    /// A header that this kind of problem needs.
    header: Option<(&'static str, Cow<'static, str>)>,
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
    /// The reason for programs, if there is no result that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    /// The approval as it is now, if it is not what the caller has decided on.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a ApprovalView>,
    /// What came of each role, and all else that a result has.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    result: Option<RequestResult>,
}

impl Problem {
    pub(super) fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        let (code, result, approval, header) = (None, None, None, None);
        Self { kind, detail: detail.into(), code, result, approval, header }
    }

    /// A method that the address does not take (RFC 9110, section 15.5.6). `methods` are those that it
    /// takes, separated by commas.
    pub(super) fn method_not_allowed(methods: &'static str) -> Self {
        let detail = format!("send {}", methods.replace(", ", " or "));
        let header = Some(("Allow", methods.into()));
        Self { header, ..Self::new(ProblemType::MethodNotAllowed, detail) }
    }

    /// Adds the reason for programs. Used where there is no result that states it.
    pub(super) fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Adds the result.
    pub(super) fn with_result(self, result: RequestResult) -> Self {
        Self { result: Some(Box::new(result)), ..self }
    }

    /// Adds the authentication scheme (RFC 9110, section 11.6.1).
    pub(super) fn with_challenge(self, scheme: &'static str) -> Self {
        Self { header: Some(("WWW-Authenticate", scheme.into())), ..self }
    }

    /// Adds the number of seconds after which the same call may succeed (RFC 9110, section 10.2.3).
    pub(super) fn with_retry_after(self, seconds: u64) -> Self {
        Self { header: Some(("Retry-After", seconds.to_string().into())), ..self }
    }

    /// Adds the approval as it is now.
    pub(super) fn with_approval(self, approval: ApprovalView) -> Self {
        Self { approval: Some(Box::new(approval)), ..self }
    }

    /// The response to the caller.
    pub(super) fn response(self, invocation: InvocationId) -> HttpResponse {
        let response = HttpResponse::new(self.kind.status(), PROBLEM_JSON, self.body(invocation));
        let response = response.header("Cache-Control", "no-store");
        match (self.kind, self.header) {
            (_, Some((name, value))) => response.header(name, &value),
            (
                ProblemType::Unavailable | ProblemType::RecordUnavailable | ProblemType::Paused,
                None,
            ) => response.header("Retry-After", RETRY_AFTER),
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
            code: self.code,
            approval: self.approval.as_deref(),
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
    pub(super) const ALL: [Self; 18] = [
        Self::Invalid,
        Self::Expired,
        Self::Unauthenticated,
        Self::Denied,
        Self::NotAnApprover,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Ambiguous,
        Self::ApprovalChanged,
        Self::AlreadyDecided,
        Self::LengthRequired,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimited,
        Self::GraphRefused,
        Self::Unavailable,
        Self::RecordUnavailable,
        Self::Paused,
    ];
}
