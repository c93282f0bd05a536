//! The limit of `--timeout` on a whole command.

use std::time::Duration;

use crate::{exit::Exit, failure::Failure, traffic::Traffic};

/// The time that a command has to report the timeout itself.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Runs a command, and ends it when its time is over. The error then lists the changes that are uncertain.
pub(crate) async fn within(
    limit: Option<Duration>,
    traffic: &Traffic,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let Some(limit) = limit else { return command.await };
    let mut command = std::pin::pin!(command);
    tokio::select! {
        outcome = &mut command => outcome,
        // The future still exists, so its requests are still in progress.
        () = tokio::time::sleep(limit) => Err(over(limit, &traffic.uncertain_changes())),
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
