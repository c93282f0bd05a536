//! Calls about approvals: what waits for the caller's decision, and the decision.
//!
//! Only a sign-in proves who decides. An approval that its caller may not see is answered like one that does
//! not exist.

use std::sync::Arc;

use app_roles::{
    approval_decision::{ApprovalDecision, InvalidDecision},
    approval_view::ApprovalView,
    ids::ApprovalId,
    policy::ApproverObstacle,
    requester::Requester,
};
use azure_rest::retry::Deadline;
use broker::{Ask, Ballot, BallotOutcome};
use function_folders::use_case::APPROVAL_BINDING;
use functions_handler::{
    http_request::HttpRequest,
    http_response::HttpResponse,
    invocation::Invocation,
    reply::{Outputs, Reply},
};

use super::{
    body,
    frame::{self, Endpoint},
    problem::{Problem, ProblemType},
    requester, response,
    verdict::OK,
};
use crate::app::App;

/// The parameter of the route.
const ID: &str = "id";

/// The detail of a response about an approval that does not exist, or that its caller may not see.
const UNKNOWN: &str = "no approval has this id, or you are not one of its approvers";

/// The detail of a response to a decision on something that has changed.
const CHANGED: &str = "the digest is not that of the approval, because the policy, a role or the \
                       principal has changed; read it again, and decide on what it means now";

/// The detail of a response to a decision that comes too late.
const DECIDED: &str = "the approval takes no more decisions, or you have decided otherwise before; its \
                       state and its decisions are in approval";

/// Works on one call.
pub async fn run(app: &Arc<App>, invocation: &Invocation) -> Reply {
    frame::run::<Approvals>(app, invocation).await
}

/// Calls of approvers.
struct Approvals;

impl Endpoint for Approvals {
    const BINDING: &str = APPROVAL_BINDING;

    async fn caller(
        app: &App,
        request: &HttpRequest,
        deadline: Deadline,
    ) -> Result<Requester, Problem> {
        requester::identify_signed_in(app, request, deadline).await
    }

    async fn answer(app: &App, ask: &Ask, request: &HttpRequest) -> Result<Outputs, Problem> {
        let response = match (request.parameter_of_route(ID), request.method.as_str()) {
            (None, "GET") => list(app, ask, request).await,
            (Some(id), "GET") => show(app, ask, request, id).await,
            (Some(id), "POST") => decide(app, ask, request, id).await,
            (None, _) => Err(Problem::method_not_allowed("GET")),
            (Some(_), _) => Err(Problem::method_not_allowed("GET, POST")),
        };
        response.map(frame::response_only)
    }
}

/// Responds with the approvals on which the caller may decide.
async fn list(app: &App, ask: &Ask, call: &HttpRequest) -> Result<HttpResponse, Problem> {
    body::no_body(call)?;
    body::no_parameters(call)?;
    let list = app.broker.approvals().list(ask).await.map_err(|again| response::not_now(&again))?;
    response::of_json(OK, &list)
}

/// Responds with one approval.
async fn show(app: &App, ask: &Ask, call: &HttpRequest, id: &str) -> Result<HttpResponse, Problem> {
    body::no_body(call)?;
    body::no_parameters(call)?;
    let found = app.broker.approvals().show(ask, parse(id)?).await;
    match found.map_err(|again| response::not_now(&again))? {
        Some(approval) => response::of_json(OK, &approval),
        None => Err(unknown()),
    }
}

/// Decodes the decision in the body and passes it to the broker.
async fn decide(
    app: &App,
    ask: &Ask,
    call: &HttpRequest,
    id: &str,
) -> Result<HttpResponse, Problem> {
    let id = parse(id)?;
    let ballot = decode(call)?;
    let outcome = app.broker.approvals().decide(ask, id, &ballot).await;
    of_outcome(outcome.map_err(|again| response::not_now(&again))?)
}

/// Reads the id of an approval. A text that is not an id is answered like the id of an unknown approval.
fn parse(id: &str) -> Result<ApprovalId, Problem> {
    ApprovalId::parse(id).map_err(|_| unknown())
}

fn decode(call: &HttpRequest) -> Result<Ballot, Problem> {
    body::no_parameters(call)?;
    let text = body::json_text(call)?;
    let decision = ApprovalDecision::decode(text.as_bytes()).map_err(|invalid| {
        let kind = match invalid {
            InvalidDecision::TooLarge(_) => ProblemType::TooLarge,
            InvalidDecision::Json { .. } => ProblemType::Invalid,
        };
        Problem::new(kind, invalid.to_string())
    })?;
    let ApprovalDecision { decision, digest, reason } = decision;
    Ok(Ballot { vote: decision, digest, reason })
}

fn of_outcome(outcome: BallotOutcome) -> Result<HttpResponse, Problem> {
    let with_approval = |kind, detail: &str, approval: ApprovalView| {
        Err(Problem::new(kind, detail).with_approval(approval))
    };
    match outcome {
        BallotOutcome::Counted(approval) => response::of_json(OK, &approval),
        BallotOutcome::NotFound | BallotOutcome::NotAllowed(ApproverObstacle::NotNamed) => {
            Err(unknown())
        }
        BallotOutcome::NotAllowed(obstacle) => {
            Err(Problem::new(ProblemType::NotAnApprover, obstacle.to_string()))
        }
        BallotOutcome::Changed(approval) => {
            with_approval(ProblemType::ApprovalChanged, CHANGED, approval)
        }
        BallotOutcome::Closed(approval) => {
            with_approval(ProblemType::AlreadyDecided, DECIDED, approval)
        }
    }
}

fn unknown() -> Problem {
    Problem::new(ProblemType::NotFound, UNKNOWN)
}

#[cfg(test)]
mod tests;
