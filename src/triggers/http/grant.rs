//! POST: a request.

use app_roles::request::{InvalidRequest, Request};
use broker::{Ask, Unreadable};
use function_folders::use_case::RESPONSE_BINDING;
use functions_handler::{http_request::HttpRequest, reply::Outputs};

use super::{
    body,
    problem::{Problem, ProblemType},
    response,
};
use crate::{app::App, triggers::replies};

/// Does what the body asks for.
pub(super) async fn post(app: &App, ask: &Ask, call: &HttpRequest) -> Result<Outputs, Problem> {
    let decoded = decode(call).map_err(|problem| (unreadable(&problem), problem));
    let request = decoded.as_ref().map_err(|(unreadable, _)| unreadable);
    let recorded = app.broker.grant(ask, request).await.map_err(|_| response::paused())?;
    let result = recorded.results().first().ok_or_else(response::no_result)?;
    let response = match decoded {
        Ok(_) => response::of_result(result, ask.invocation_id)?,
        Err((_, problem)) => response::of_invalid(problem, result, ask.invocation_id),
    };
    Ok(replies::with_rows(&recorded).response(RESPONSE_BINDING, response))
}

fn decode(call: &HttpRequest) -> Result<Request, Problem> {
    body::no_parameters(call)?;
    let text = body::json_text(call)?;
    Request::decode(text.as_bytes()).map_err(|fault| {
        let kind = match fault {
            InvalidRequest::TooLarge(_) => ProblemType::TooLarge,
            InvalidRequest::Json { .. } => ProblemType::Invalid,
        };
        Problem::new(kind, fault.to_string())
    })
}

fn unreadable(problem: &Problem) -> Unreadable {
    Unreadable { kind: problem.kind.name(), detail: problem.detail.clone() }
}
