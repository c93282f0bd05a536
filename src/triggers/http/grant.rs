//! POST: a request.

use app_roles::request::{Request, RequestFault, request_id_of};
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
    let decoded = decode(call).map_err(|problem| (unreadable(call, &problem), problem));
    let request = decoded.as_ref().map_err(|(unreadable, _)| unreadable);
    let recorded =
        app.broker.grant(ask, request).await.map_err(|again| response::not_now(&again))?;
    let result = recorded.results().first().ok_or_else(response::no_result)?;
    let response = match decoded {
        Ok(_) => response::of_result(result, ask.invocation_id)?,
        Err((_, problem)) => response::of_invalid(problem, result, ask.invocation_id),
    };
    Ok(replies::with_sentences(&recorded).response(RESPONSE_BINDING, response))
}

fn decode(call: &HttpRequest) -> Result<Request, Problem> {
    body::no_parameters(call)?;
    let text = body::json_text(call)?;
    Request::decode(text.as_bytes()).map_err(|invalid| {
        let kind = match invalid.fault {
            RequestFault::TooLarge(_) => ProblemType::TooLarge,
            RequestFault::Json { .. } => ProblemType::Invalid,
        };
        Problem::new(kind, invalid.to_string())
    })
}

/// Describes a call that is not a valid request, so that the broker can answer it.
fn unreadable(call: &HttpRequest, problem: &Problem) -> Unreadable {
    let request_id = call.body.as_deref().and_then(|body| request_id_of(body.as_bytes()));
    Unreadable { request_id, kind: problem.kind.name(), detail: problem.detail.clone() }
}
