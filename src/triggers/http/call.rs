//! One call.

use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    body,
    problem::{Problem, ProblemType},
    requester::identify,
    verdict::{CREATED, Verdict, verdict},
};
use crate::triggers::{
    RESPONSE_BINDING, Workbench,
    audit::{self, AUDIT_BINDING},
    occasion::Occasion,
};
use app_roles::{
    ids::InvocationId,
    outcome::{RoleOutcome, Status},
    request::{InvalidRequest, Request},
    requester::Requester,
    result::RequestResult,
};
use azure_rest::retry::Deadline;
use broker::{Context, Decision};
use functions_handler::{
    http_request::HttpRequest,
    reply::{HttpResponse, Outputs},
};
use microsoft_graph::priority::Priority;

/// The media type of successes.
const JSON: &str = "application/json";

/// One call, before it is known who makes it.
pub(super) struct Call {
    function: String,
    invocation_id: InvocationId,
    pub(super) request: HttpRequest,
    began: Instant,
    started_at: OffsetDateTime,
}

/// One call of somebody.
pub(super) struct KnownCall<'a> {
    pub(super) request: &'a HttpRequest,
    pub(super) workbench: &'a Workbench,
    pub(super) occasion: Occasion<'a>,
    pub(super) deadline: Deadline,
}

impl Call {
    pub(super) fn new(function: String, invocation_id: InvocationId, request: HttpRequest) -> Self {
        let (began, started_at) = (Instant::now(), OffsetDateTime::now_utc());
        Self { function, invocation_id, request, began, started_at }
    }

    /// Works on the call to the answer.
    pub(super) async fn answer(self, workbench: Workbench) -> Outputs {
        let deadline = Deadline::after(workbench.timing.http_request);
        let requester = match identify(&self.request, &workbench, deadline).await {
            Ok(requester) => requester,
            Err(problem) => return outputs(problem.response(self.invocation_id)),
        };
        let span = tracing::info_span!(
            "call",
            function = self.function,
            invocation_id = %self.invocation_id,
            requester = %requester,
            policy_sha256 = workbench.broker.policy().sha256(),
        );
        let call = KnownCall {
            request: &self.request,
            workbench: &workbench,
            occasion: self.occasion(requester),
            deadline,
        };
        let answered = call.dispatch().instrument(span).await;
        answered.unwrap_or_else(|problem| outputs(problem.response(self.invocation_id)))
    }

    fn occasion(&self, requester: Requester) -> Occasion<'_> {
        Occasion {
            function: &self.function,
            invocation_id: self.invocation_id,
            requester,
            sent: None,
            attempt: 1,
            began: self.began,
            started_at: self.started_at,
            rows_before: 0,
        }
    }
}

/// What the host is to write for an answer.
pub(super) fn outputs(response: HttpResponse) -> Outputs {
    Outputs::default().response(RESPONSE_BINDING, response)
}

/// A success; answers about who holds what are not for caches.
pub(super) fn success(status: u16, json: String) -> HttpResponse {
    HttpResponse::new(status, JSON, json).header("Cache-Control", "no-store")
}

impl KnownCall<'_> {
    async fn dispatch(&self) -> Result<Outputs, Problem> {
        if self.workbench.broker.is_paused() {
            tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: the caller is told so");
            let detail = "the broker's operators have paused it; send the same again later";
            return Err(Problem::new(ProblemType::Paused, detail));
        }
        match self.request.method.as_str() {
            "POST" => self.post().await,
            "GET" => self.get().await,
            _ => Err(Problem::new(ProblemType::MethodNotAllowed, "send GET or POST")),
        }
    }

    /// Does what the body asks for.
    async fn post(&self) -> Result<Outputs, Problem> {
        let request = match self.decode() {
            Ok(request) => request,
            Err(problem) => return self.refuse(&problem),
        };
        tracing::debug!(
            event = "request.received",
            request_id = request.request_id.as_ref().map(tracing::field::display),
            "working on a request"
        );
        let context = self.context(true);
        let applied = self.workbench.broker.apply(context, &request).await;
        // Nothing delivers a call again, so this is the end of it, whatever it came to.
        let decision = applied.unwrap_or_else(|not_yet| *not_yet.last);
        self.workbench.broker.audit(context, &request, &decision);
        let (verdict, result) = self.judge(Some(&request), decision);
        self.recorded(Some(&request), &result, self.answer(verdict, &result)?)
    }

    fn decode(&self) -> Result<Request, Problem> {
        body::no_parameters(self.request)?;
        let text = body::json_text(self.request)?;
        Request::decode(text.as_bytes()).map_err(|fault| {
            let kind = match fault {
                InvalidRequest::TooLarge(_) => ProblemType::TooLarge,
                InvalidRequest::Json { .. } => ProblemType::Invalid,
            };
            Problem::new(kind, fault.to_string())
        })
    }

    /// The answer to what is no request. Who sends such things is worth a record too.
    fn refuse(&self, problem: &Problem) -> Result<Outputs, Problem> {
        tracing::warn!(event = "request.invalid", kind = problem.kind.name(), "not a request");
        let role = RoleOutcome::new(Status::Invalid).because(&problem.detail);
        let detail = role.message.clone().unwrap_or_default();
        let decision = Decision { roles: vec![role], ..Decision::default() };
        self.workbench.broker.audit_invalid(self.context(false), &decision);
        let result = self.occasion.result(self.workbench, None, decision);
        let problem = Problem::new(problem.kind, detail).with_result(result.clone());
        self.recorded(None, &result, problem.response(self.occasion.invocation_id))
    }

    fn recorded(
        &self,
        request: Option<&Request>,
        result: &RequestResult,
        response: HttpResponse,
    ) -> Result<Outputs, Problem> {
        let rows = audit::rows(&self.occasion, request, result);
        let rows = rows.map_err(|error| unwritable(&error))?;
        Ok(outputs(response).entities(AUDIT_BINDING, rows))
    }

    /// In which invocation this is asked. Nothing delivers a call again, so it may wait a while for a
    /// young principal.
    pub(super) fn context(&self, may_wait: bool) -> Context<'_> {
        Context {
            invocation_id: self.occasion.invocation_id,
            requester: &self.occasion.requester,
            sent: self.occasion.sent,
            is_first_delivery: may_wait,
            deadline: self.deadline,
            priority: Priority::Normal,
        }
    }

    /// What a decision means to the caller.
    pub(super) fn judge(
        &self,
        request: Option<&Request>,
        decision: Decision,
    ) -> (Verdict, RequestResult) {
        let verdict = verdict(&decision);
        (verdict, self.occasion.result(self.workbench, request, decision))
    }

    /// The answer that says it.
    pub(super) fn answer(
        &self,
        verdict: Verdict,
        result: &RequestResult,
    ) -> Result<HttpResponse, Problem> {
        match verdict {
            Ok(status) => {
                let json = result.to_json().map_err(|error| unwritable(&error))?;
                Ok(with_location(success(status, json), result))
            }
            Err((kind, detail)) => {
                let problem = Problem::new(kind, detail).with_result(result.clone());
                Ok(problem.response(self.occasion.invocation_id))
            }
        }
    }
}

/// Where to see what was created. Relative, so that nothing of the caller's own address is repeated,
/// in which there may be a key.
fn with_location(response: HttpResponse, result: &RequestResult) -> HttpResponse {
    match (response.status_code, &result.principal, &result.api) {
        (CREATED, Some(principal), Some(api)) => {
            let location = format!("?principal={}&api={}", principal.object_id(), api.app_id());
            response.header("Location", &location)
        }
        _ => response,
    }
}

pub(super) fn unwritable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(event = "result.unwritable", "{error}");
    Problem::new(ProblemType::Unavailable, "the result or its record could not be written")
}
