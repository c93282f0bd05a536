//! What an operator sees of replaying.

use clap::Args;
use serde_json::json;

use super::{Entry, FAILED_REQUESTS, Replay};
use crate::{
    arguments::GlobalOptions,
    credential::account,
    failure::{Exit, Failure},
    output::Screen,
    storage::QueueError,
};

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The account that has the queue app-role-failed: an endpoint such as
    /// `https://stbroker.queue.core.windows.net`, to which you are signed in, or a connection string
    #[arg(long, value_name = "ACCOUNT")]
    failed: String,
    /// The account that has the queues of requests
    #[arg(long, value_name = "ACCOUNT")]
    requests: String,
    /// Say what would be replayed, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Replays, or with `--dry-run` only says what would be.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &ReplayArguments,
) -> Result<Exit, Failure> {
    let failed = account(global, "--failed", &arguments.failed)?;
    let requests = account(global, "--requests", &arguments.requests)?;
    let mut replay = Replay::new(&failed, requests).map_err(unreadable)?;
    if arguments.dry_run {
        return preview(*screen, &replay).await;
    }
    let tally = replay.run(|entry| tell(*screen, entry)).await.map_err(unreadable)?;
    if screen.is_json() {
        screen.json(&json!({
            "replayed": tally.replayed, "left": tally.left, "failed": tally.failed,
        }))?;
    } else {
        screen.say(&tally.to_string());
    }
    match (tally.failed, tally.replayed) {
        (0, _) => Ok(Exit::Done),
        (count, replayed) => {
            screen.note(&format!("{count} messages are still in {FAILED_REQUESTS}: run it again"));
            Ok(if replayed == 0 { Exit::Failed } else { Exit::Partly })
        }
    }
}

async fn preview(screen: Screen, replay: &Replay) -> Result<Exit, Failure> {
    let (entries, count) = replay.preview().await.map_err(unreadable)?;
    if screen.is_json() {
        let messages: Vec<_> = entries.iter().map(ToString::to_string).collect();
        screen.json(&json!({ "messages": messages, "about": count }))?;
    } else {
        for entry in &entries {
            tell(screen, entry);
        }
        let looked = entries.len();
        screen.say(&format!("looked at {looked} of about {count} messages; nothing was changed"));
    }
    Ok(Exit::Done)
}

fn tell(screen: Screen, entry: &Entry) {
    screen.say(&entry.to_string());
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unreadable(error: QueueError) -> Failure {
    let failure = Failure::failed(error.to_string());
    match error {
        QueueError::NotFound { .. } => {
            failure.hint("the broker makes the queue when it first gives up")
        }
        _ => failure.hint("you need the role Storage Queue Data Contributor on both accounts"),
    }
}
