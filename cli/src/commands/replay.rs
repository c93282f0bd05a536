//! `app-role replay`: sends failed requests back to their queues.

use clap::Args;
use serde_json::json;

use crate::{
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::Screen,
    replay::{FAILED_REQUESTS, Replay},
    storage::QueueError,
    storage_account,
};

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Storage account with the queue app-role-failed: a queue endpoint, for example
    /// `https://stbroker.queue.core.windows.net`, or a connection string
    #[arg(long, value_name = "ACCOUNT")]
    failed: String,
    /// Storage account with the request queues: a queue endpoint or a connection string
    #[arg(long, value_name = "ACCOUNT")]
    requests: String,
    /// List what would be replayed without changing anything
    #[arg(long)]
    dry_run: bool,
}

/// Runs `app-role replay`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ReplayArguments,
) -> Result<Exit, Failure> {
    let failed = storage_account::open(global, "--failed", &arguments.failed)?;
    let requests = storage_account::open(global, "--requests", &arguments.requests)?;
    let mut replay = Replay::new(&failed, requests).map_err(unreadable)?;
    if arguments.dry_run {
        return preview(screen, &replay).await;
    }
    let tally = replay.run(|entry| screen.say(entry.to_string())).await.map_err(unreadable)?;
    if screen.is_json() {
        screen.json(&json!({
            "replayed": tally.replayed, "left": tally.left, "failed": tally.failed,
        }))?;
    } else {
        screen.say(tally.to_string());
    }
    match (tally.failed, tally.replayed) {
        (0, _) => Ok(Exit::Done),
        (count, replayed) => {
            screen.note(format!(
                "hint: {count} messages are still in {FAILED_REQUESTS}; run it again"
            ));
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
            screen.say(entry.to_string());
        }
        let shown = entries.len();
        screen.say(format!("{shown} of about {count} messages; nothing was changed"));
    }
    Ok(Exit::Done)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unreadable(error: QueueError) -> Failure {
    let failure = Failure::failed(error.to_string());
    match error {
        QueueError::NotFound(..) => {
            failure.hint("the queue is created with the first failed request")
        }
        _ => {
            failure.hint("you need the Azure role Storage Queue Data Contributor on both accounts")
        }
    }
}
