//! Printing what came of one request.

use serde_json::json;

use super::{
    asked::{Asked, State},
    refusal,
    sending::{Ended, Sender},
};
use crate::{broker_result, exit::Exit, failure::Failure, output::Screen};

/// Prints what came of a request, and returns the exit status.
pub(super) fn print(
    screen: Screen,
    asked: &Asked,
    (sender, ended): (&Sender, Ended),
) -> Result<Exit, Failure> {
    let exit = asked.outcome(sender.waits()).exit();
    match &*asked.state() {
        State::Answered(result) | State::Pending(result) => {
            if screen.prints_document() {
                screen.json(result)?;
            } else {
                broker_result::show(screen, result);
            }
            match exit {
                _ if ended == Ended::Interrupted => Ok(Exit::Interrupted),
                Exit::Done | Exit::Pending => Ok(exit),
                _ => Err(refusal::of_result(result, exit)),
            }
        }
        State::Queued(id) if !sender.waits() => {
            let queue = sender.queue().unwrap_or_default();
            if screen.prints_document() {
                screen.json(&json!({ "messageId": id, "queue": queue }))?;
            } else {
                screen.say(format!("sent to the queue {queue} as message {id}"));
            }
            Ok(Exit::Done)
        }
        State::Queued(id) => Err(unanswered(&format!("message {id} was sent"), (sender, ended))),
        State::Called => Err(unanswered("the request may have been sent", (sender, ended))),
        State::NotSent if ended == Ended::Interrupted => {
            Err(Failure { exit: Exit::Interrupted, ..not_sent() })
        }
        State::NotSent => Err(not_sent()),
        State::Failed(failure) => Err(failure.clone()),
    }
}

fn not_sent() -> Failure {
    Failure::failed("nothing was sent")
}

/// Says that a request was sent and has no answer, and what to do.
fn unanswered(what: &str, (sender, ended): (&Sender, Ended)) -> Failure {
    let begin = match ended {
        Ended::Interrupted => "stopped waiting".to_owned(),
        _ => format!("no answer within {} s", sender.timeout().as_secs()),
    };
    let sentence = format!("{begin}; {what} {}", sender.route());
    let exit = if ended == Ended::Interrupted { Exit::Interrupted } else { Exit::Pending };
    Failure { exit, ..Failure::failed(sentence) }.hint(ADVICE)
}

/// What to do about requests that were sent and have no answer.
pub(super) const ADVICE: &str = "the broker may still carry out what was sent: `app-role list` shows what a \
                                 principal holds, and sending a request again is safe";
