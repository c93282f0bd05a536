//! Events about resources, from a storage queue or pushed by Event Grid. One message is one event.

use app_roles::{
    event::{
        AssignmentRequested, BaselineCheckRequested, Event, Ignored, InvalidEvents, ResourceWritten,
    },
    request::Request,
    requester::Requester,
};
use broker::{Ask, BaselineOutcome, Obstacle, Recorded};
use function_folders::use_case::EVENT_BINDING;
use functions_handler::{
    invocation::{EnvelopeFault, Invocation},
    reply::{Outputs, Reply},
};
use tracing::Instrument;

use super::{delivery, message, replies};
use crate::app::App;

/// Works on one delivery of an event from a queue.
pub async fn run_queued(app: &App, requester: &Requester, invocation: &Invocation) -> Reply {
    let read = || {
        let message = invocation.binary(EVENT_BINDING)?;
        Ok((delivery::of_queue(app, requester, invocation)?, message))
    };
    run(app, read()).await
}

/// Works on one delivery of an event that Event Grid pushes.
pub async fn run_pushed(app: &App, requester: &Requester, invocation: &Invocation) -> Reply {
    let ask = delivery::of_pushed_event(app, requester, invocation);
    let read = invocation.json(EVENT_BINDING).map(|events| (ask, events));
    run(app, read).await
}

async fn run(app: &App, read: Result<(Ask, Vec<u8>), EnvelopeFault>) -> Reply {
    match read {
        Ok((ask, message)) => {
            let span = delivery::span(&ask);
            work_on(app, ask, &message).instrument(span).await
        }
        Err(fault) => replies::bad_envelope(&fault),
    }
}

async fn work_on(app: &App, ask: Ask, message: &[u8]) -> Reply {
    delivery::spread_redeliveries(app, &ask).await;
    let text = message::json_text(message).unwrap_or_default();
    match Event::decode(&text) {
        Ok(Event::ResourceWritten(written)) => apply_baseline(app, &ask, &written).await,
        Ok(Event::AssignmentRequested(asked)) => grant(app, ask, &asked).await,
        Ok(Event::BaselineCheckRequested(check)) => check_baseline(app, &ask, &check).await,
        Ok(Event::Ignored(reason)) => ignore(app, reason),
        Err(fault @ InvalidEvents::Batch(_)) => keep_batch(&ask, &text, &fault.to_string()),
        Err(fault) => {
            tracing::warn!(event = "event.invalid", "{fault}");
            ignore(app, Ignored::Unreadable)
        }
    }
}

/// Keeps a message with several events for operators. If one event failed, a redelivery would answer the
/// others again.
fn keep_batch(ask: &Ask, events: &[u8], reason: &str) -> Reply {
    tracing::error!(event = "event.invalid", "kept for operators: {reason}");
    match replies::given_up(ask, &String::from_utf8_lossy(events), reason) {
        Ok(kept) => Reply::Succeeded(kept),
        Err(error) => replies::unwritable(&error),
    }
}

fn ignore(app: &App, reason: Ignored) -> Reply {
    app.ignored_events.count(reason);
    Reply::Succeeded(Outputs::default())
}

/// Works on a request in an event as on a request from a queue. If it is given up, the event is kept,
/// because that is what this queue accepts.
async fn grant(app: &App, ask: Ask, asked: &AssignmentRequested) -> Reply {
    // An event may have waited before it came into the queue.
    let ask = Ask { sent: ask.sent.earlier(asked.sent), ..ask };
    let event = match asked.to_json() {
        Ok(event) => event,
        Err(error) => return replies::unwritable(&error),
    };
    let decoded = Request::decode(asked.request.as_bytes()).map_err(message::unreadable);
    match app.broker.grant(&ask, decoded.as_ref()).await {
        Ok(recorded) => replies::answered(&ask, &recorded, event.as_bytes()),
        Err(again) => replies::not_yet(decoded.ok().as_ref(), &again),
    }
}

async fn apply_baseline(app: &App, ask: &Ask, written: &ResourceWritten) -> Reply {
    let ResourceWritten { resource, cause, .. } = written;
    let recorded = match app.broker.apply_baseline(ask, written).await {
        Ok(BaselineOutcome::Ignored(reason)) => return ignore(app, reason),
        Ok(BaselineOutcome::Applied(recorded)) => recorded,
        Err(again) if again.obstacle == Obstacle::Paused => return replies::paused(),
        Err(again) => {
            let why = &again.reason;
            tracing::warn!(event = "event.not_yet", %resource, %cause, "not done yet: {why}");
            return replies::try_again();
        }
    };
    let Some(why) = recorded.given_up() else {
        tracing::info!(event = "event.settled", %resource, %cause, "nothing is missing");
        return Reply::Succeeded(replies::with_sentences(&recorded));
    };
    tracing::error!(event = "event.given_up", %resource, %cause, "kept for operators: {why}");
    let kept = written.to_json().and_then(|event| replies::given_up(ask, &event, why));
    match kept {
        Ok(kept) => Reply::Succeeded(kept.and(replies::with_sentences(&recorded))),
        Err(error) => replies::unwritable(&error),
    }
}

/// A check that is given up is not kept: as long as something is missing, the timer asks for it again.
async fn check_baseline(app: &App, ask: &Ask, check: &BaselineCheckRequested) -> Reply {
    let principal_id = check.principal;
    match app.broker.check_baseline(ask, check).await {
        Ok(BaselineOutcome::Ignored(reason)) => ignore(app, reason),
        Ok(BaselineOutcome::Applied(recorded)) => {
            log_check(check, &recorded);
            Reply::Succeeded(replies::with_sentences(&recorded))
        }
        Err(again) if again.obstacle == Obstacle::Paused => replies::paused(),
        Err(again) => {
            let why = &again.reason;
            tracing::warn!(event = "check.not_yet", %principal_id, "not done yet: {why}");
            replies::try_again()
        }
    }
}

fn log_check(check: &BaselineCheckRequested, recorded: &Recorded) {
    let principal_id = check.principal;
    match recorded.given_up() {
        None => tracing::info!(event = "check.settled", %principal_id, "nothing is missing"),
        Some(why) => tracing::error!(
            event = "check.given_up",
            %principal_id,
            "until ReconcileRoles asks for it again: {why}"
        ),
    }
}
