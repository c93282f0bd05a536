//! Requests over HTTP, and looks at what a principal holds.
//!
//! Unlike a queue, nobody delivers a call again but its caller, who waits: every answer is final, and
//! one that says 503 means that the same call is worth repeating. A call that the host does not fail is
//! a success to it, whatever status the caller sees.

mod body;
mod call;
mod client_principal;
mod holdings;
mod problem;
mod requester;
mod verdict;

use std::time::Duration;

use call::Call;
use problem::{Problem, ProblemType};
use tracing::Instrument;

use super::{REQUEST_BINDING, RESPONSE_BINDING, Workbench, audit, bad_envelope};
use app_roles::ids::InvocationId;
use function_folders::function_json::FunctionFolder;
use functions_handler::{
    invocation::Invocation,
    reply::{HttpResponse, Outputs, Reply},
};

/// A function that answers callers over HTTP.
#[derive(Debug)]
pub struct RequestEndpoint;

impl RequestEndpoint {
    /// Checks that the folder's bindings are what this trigger needs.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        let mut outputs = folder.outputs.iter();
        if outputs.any(|output| output.kind == "http" && output.name == RESPONSE_BINDING) {
            return audit::check_binding(folder).map(|()| Self);
        }
        Err(format!(
            "there must be an output binding of type \"http\" named {RESPONSE_BINDING:?}: without it \
             the host answers every caller 200"
        ))
    }

    /// Runs one call to its reply.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
        let id = id.unwrap_or_else(InvocationId::random);
        if invocation.is_too_large {
            let problem = Problem::new(ProblemType::TooLarge, body::TOO_LARGE);
            return reply(problem.response(id));
        }
        let request = match invocation.http_request(REQUEST_BINDING) {
            Ok(request) => request,
            Err(fault) => return bad_envelope(invocation, &fault),
        };
        let call = Call::new(invocation.function.clone(), id, request);
        let timing = &workbench.timing;
        // A write that begins at the last moment still gets its answer.
        let limit = timing.http_request + timing.calls.write_answer;
        let work = call.answer(workbench.clone()).in_current_span();
        match in_time(limit, work).await {
            Some(outputs) => Reply::Succeeded(outputs),
            None => {
                tracing::warn!(event = "call.too_slow", "the caller is told to ask again");
                reply(Problem::new(ProblemType::Unavailable, TOO_SLOW).response(id))
            }
        }
    }
}

/// What a caller learns whose call is still worked on.
const TOO_SLOW: &str = "the broker is still working on this; send the same again, what is done by then \
                        is not done twice";

fn reply(response: HttpResponse) -> Reply {
    Reply::Succeeded(Outputs::default().response(RESPONSE_BINDING, response))
}

/// Does some work, and waits so long for it. The work goes on if it takes longer: a write that has
/// begun must be finished and recorded.
async fn in_time<T>(limit: Duration, work: impl Future<Output = T> + Send + 'static) -> Option<T>
where
    T: Send + 'static,
{
    match tokio::time::timeout(limit, tokio::spawn(work)).await {
        Ok(Ok(done)) => Some(done),
        // The server knows what to do about a crash.
        Ok(Err(failure)) => match failure.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
        Err(_) => None,
    }
}

#[cfg(test)]
mod openapi_tests;
#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_not_waited_for_and_goes_on() {
        let (release, finished) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (released, done) = (release.clone(), finished.clone());
        let work = async move {
            released.notified().await;
            done.notify_one();
        };
        let began = tokio::time::Instant::now();
        assert_eq!(in_time(LIMIT, work).await, None);
        assert_eq!(began.elapsed(), LIMIT);
        release.notify_one();
        finished.notified().await;
    }

    #[tokio::test]
    #[should_panic(expected = "a use case that crashes")]
    async fn a_crash_stays_a_crash() {
        in_time(LIMIT, async { panic!("a use case that crashes") }).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_ends_is_the_answer() {
        assert_eq!(in_time(LIMIT, async { 7 }).await, Some(7));
    }
}
