//! From what a trigger delivers to a use case of the broker, and from its outcome to a reply.

mod delivery;
mod events;
mod health;
mod http;
mod message;
mod queue;
mod replies;
mod timer;

use std::sync::Arc;

use function_folders::use_case::UseCase;
use functions_handler::{invocation::Invocation, reply::Reply};

use crate::app::App;

/// Runs one invocation of a function with this use case.
pub async fn run(app: &Arc<App>, use_case: &UseCase, invocation: &Invocation) -> Reply {
    match use_case {
        UseCase::RequestQueue { requester } => queue::run(app, requester, invocation).await,
        UseCase::RequestEndpoint => http::run(app, invocation).await,
        UseCase::EventQueue { requester } => events::run_queued(app, requester, invocation).await,
        UseCase::PushedEvents { requester } => events::run_pushed(app, requester, invocation).await,
        UseCase::Health => health::run(app).await,
        UseCase::Reconcile => timer::run(app, invocation).await,
    }
}
