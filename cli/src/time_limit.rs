//! The limit of `--timeout` on a whole command.

use std::time::Duration;

use crate::{exit::Exit, failure::Failure, traffic::Traffic};

/// The time that a command has to report the timeout itself. It is far longer than the time that `submit`
/// gives a call that has just begun, so that the outcome of the other calls is not lost.
pub(crate) const GRACE: Duration = Duration::from_secs(15);

/// Runs a command, and ends it when its time and the grace are over. The error then lists the changes that
/// are uncertain.
pub(crate) async fn within(
    (limit, grace): (Option<Duration>, Duration),
    traffic: &Traffic,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let Some(limit) = limit else { return command.await };
    let mut command = std::pin::pin!(command);
    tokio::select! {
        outcome = &mut command => outcome,
        // The future still exists, so its requests are still in progress.
        () = tokio::time::sleep(limit + grace) => Err(over(limit, &traffic.uncertain_changes())),
    }
}

fn over(limit: Duration, uncertain: &[String]) -> Failure {
    let limit = limit.as_secs();
    let failure = Failure::failed(format!("the command did not end within {limit} s"));
    let failure = failure.code("timedOut");
    if uncertain.is_empty() {
        return failure
            .hint("no change was under way; pass a longer --timeout, or --verbose to see why");
    }
    let sentence = format!(
        "{}, and it is uncertain whether this was done: {}",
        failure.sentence,
        uncertain.join(", ")
    );
    Failure { exit: Exit::Partly, sentence, ..failure }
        .hint("look before you run it again, for example with `app-role list` or `app-role approvals list`")
}
