//! Printing the broker's answer.

use reqwest::StatusCode;

use crate::{
    broker_call::Answer,
    broker_result::{self, text},
    exit::Exit,
    failure::Failure,
    output::Screen,
};

/// Prints an answer and returns the exit status.
pub(super) fn print(screen: Screen, answer: &Answer) -> Result<Exit, Failure> {
    let Answer { status, body } = answer;
    let has_roles = !broker_result::roles(body).is_empty();
    // Another document comes from something between here and the broker.
    let is_brokers = has_roles || text(body, "detail").is_some();
    if screen.is_json() && is_brokers {
        screen.json(body)?;
    }
    if !screen.is_json() && has_roles {
        broker_result::show(screen, body);
    }
    match (status.is_success(), has_roles) {
        (true, true) => Ok(Exit::Done),
        (true, false) => Err(Failure::failed("the answer did not come from the broker")
            .hint("check the URL of --broker")),
        (false, _) => Err(Failure { exit: exit(answer), ..refusal(answer) }),
    }
}

fn refusal(answer: &Answer) -> Failure {
    let failure = Failure::failed(format!("the broker refused: {}", answer.detail()));
    match (answer.status, text(&answer.body, "invocationId")) {
        (StatusCode::UNAUTHORIZED, _) => {
            failure.hint("check the function key, or --audience and your sign-in")
        }
        (StatusCode::NOT_FOUND, None) => failure.hint("check the URL of --broker"),
        (_, Some(id)) => failure.hint(format!("the broker's log has more under invocation {id}")),
        _ => failure,
    }
}

/// Returns the exit status of a refused request. It is the one that the change itself would have.
fn exit(answer: &Answer) -> Exit {
    match answer.status {
        _ if broker_result::has_changed(&answer.body) => Exit::Partly,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Denied,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Exit::NotFound,
        _ => Exit::Failed,
    }
}
