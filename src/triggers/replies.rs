//! Replies to the host.

use app_roles::{failed_request::FailedRequest, request::Request};
use broker::{Again, Ask, Obstacle, Recorded, rfc3339};
use function_folders::use_case::{FAILED_BINDING, RESULT_BINDING};
use functions_handler::{
    invocation::EnvelopeFault,
    reply::{Outputs, Reply},
};

use super::sentences;

/// The reply to a request from a queue: its result, and the message itself if it was given up.
pub(super) fn answered(ask: &Ask, recorded: &Recorded, message: &[u8]) -> Reply {
    let mut outputs = with_sentences(recorded);
    if let Some(reason) = recorded.given_up() {
        tracing::error!(event = "request.given_up", "the last delivery has failed");
        let message = String::from_utf8_lossy(message.trim_ascii());
        match given_up(ask, &message, reason) {
            Ok(failed) => outputs = outputs.and(failed),
            Err(error) => return unwritable(&error),
        }
    }
    for result in recorded.results() {
        match result.to_json() {
            Ok(json) => outputs = outputs.message(RESULT_BINDING, json),
            Err(error) => return unwritable(&error),
        }
    }
    Reply::Succeeded(outputs)
}

/// A sentence about each decision.
pub(super) fn with_sentences(recorded: &Recorded) -> Outputs {
    Outputs::default().log(recorded.results().iter().flat_map(sentences::of_result))
}

/// A message that was given up, for operators.
pub(super) fn given_up(
    ask: &Ask,
    message: &str,
    reason: &str,
) -> Result<Outputs, serde_json::Error> {
    let failed = FailedRequest {
        request: message.to_owned(),
        reason: reason.to_owned(),
        requester: ask.requester.clone(),
        first_seen: ask.sent.time().map(rfc3339),
        attempts: ask.delivery.number,
    };
    let outputs = Outputs::default().message(FAILED_BINDING, failed.to_json()?);
    Ok(outputs.log([sentences::of_given_up(reason)]))
}

/// The reply that makes the host deliver a request again.
pub(super) fn not_yet(request: Option<&Request>, again: &Again) -> Reply {
    if again.obstacle == Obstacle::Paused {
        return paused();
    }
    let request_id = request.and_then(|request| request.request_id.as_ref());
    let request_id = request_id.map(tracing::field::display);
    tracing::warn!(event = "request.not_yet", request_id, "the host will deliver it again");
    try_again()
}

/// The reply of a broker that is paused.
pub(super) fn paused() -> Reply {
    tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: the message goes back");
    Reply::Failed("the broker is paused".to_owned())
}

/// The reply that makes the host deliver a message again. The log says why.
pub(super) fn try_again() -> Reply {
    Reply::Failed("not done yet; the handler's log says why".to_owned())
}

/// The reply to an envelope that does not follow the host's protocol.
pub(super) fn bad_envelope(fault: &EnvelopeFault) -> Reply {
    tracing::error!(event = "host.bad_envelope", "{fault}");
    Reply::Failed(fault.to_string())
}

/// The reply if an answer cannot be serialized as JSON.
pub(super) fn unwritable(error: &dyn std::error::Error) -> Reply {
    tracing::error!(event = "result.unwritable", "{error}");
    Reply::Failed("the result or its record could not be written".to_owned())
}
