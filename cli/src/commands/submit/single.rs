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
    let lost = |failure: Failure| failure.after_a_change(asked.may_have_changed());
    match &*asked.state() {
        State::Answered(result) | State::Pending(result) => {
            if screen.prints_document() {
                screen.json(result).map_err(lost)?;
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
                screen.json(&json!({ "messageId": id, "queue": queue })).map_err(lost)?;
            } else {
                screen.say(format!("sent to the queue {queue} as message {id}"));
            }
            Ok(Exit::Done)
        }
        State::Queued(id) => Err(unanswered(&format!("message {id} was sent"), (sender, ended))),
        State::Called => Err(unanswered("the request may have been sent", (sender, ended))),
        State::Lost(failure) => {
            let what = format!("{}; the request may have been sent", failure.sentence);
            Err(uncertain(format!("{what} {}", sender.route()), ended))
        }
        State::NotSent if ended == Ended::Interrupted => {
            Err(Failure::interrupted("nothing was sent"))
        }
        State::NotSent => Err(not_sent(sender)),
        State::Failed(failure) => Err(failure.clone()),
    }
}

/// Says that the time was over before anything was sent.
fn not_sent(sender: &Sender) -> Failure {
    Failure::failed(format!("nothing was sent within {} s", sender.timeout().as_secs()))
        .code("timedOut")
        .hint("pass a longer --timeout, or --verbose to see why")
}

/// Says that a request was sent and has no answer, and what to do.
fn unanswered(what: &str, (sender, ended): (&Sender, Ended)) -> Failure {
    let begin = match ended {
        Ended::Interrupted => "stopped waiting".to_owned(),
        _ => format!("no answer within {} s", sender.timeout().as_secs()),
    };
    uncertain(format!("{begin}; {what} {}", sender.route()), ended)
}

fn uncertain(sentence: String, ended: Ended) -> Failure {
    let exit = if ended == Ended::Interrupted { Exit::Interrupted } else { Exit::Pending };
    Failure { exit, ..Failure::failed(sentence) }.hint(ADVICE)
}

/// What to do about requests that were sent and have no answer.
pub(super) const ADVICE: &str = "the broker may still carry out what was sent: `app-role list` shows what a \
                                 principal holds, and sending a request again is safe";
