//! Requests over HTTP, and reads of what a principal holds.
//!
//! Only the caller can repeat a call, and it waits for the response. So every response is final, and 503
//! says that the same call may work later.

pub mod approvals;
mod body;
mod client_principal;
mod frame;
mod grant;
mod problem;
mod read;
mod requester;
mod response;
mod time_limit;
mod verdict;

use std::sync::Arc;

use app_roles::requester::Requester;
use azure_rest::retry::Deadline;
use broker::Ask;
use frame::Endpoint;
use function_folders::use_case::REQUEST_BINDING;
use functions_handler::{
    http_request::HttpRequest,
    invocation::Invocation,
    reply::{Outputs, Reply},
};
use problem::Problem;

use crate::app::App;

/// Works on one call.
pub async fn run(app: &Arc<App>, invocation: &Invocation) -> Reply {
    frame::run::<Requests>(app, invocation).await
}

/// Calls of requesters.
struct Requests;

impl Endpoint for Requests {
    const BINDING: &str = REQUEST_BINDING;

    async fn caller(
        app: &App,
        request: &HttpRequest,
        deadline: Deadline,
    ) -> Result<Requester, Problem> {
        requester::identify(app, request, deadline).await
    }

    async fn answer(app: &App, ask: &Ask, request: &HttpRequest) -> Result<Outputs, Problem> {
        match request.method.as_str() {
            "POST" => grant::post(app, ask, request).await,
            "GET" => read::get(app, ask, request).await.map(frame::response_only),
            _ => Err(Problem::method_not_allowed("GET, POST")),
        }
    }
}

#[cfg(test)]
mod openapi_tests;
