//! `cargo run -p local -- replay`: what an operator sees of replaying.

#![expect(clippy::print_stdout, reason = "a command speaks to a person at a terminal")]

use local::{
    replay::{FAILED_REQUESTS, Replay},
    storage::QueueService,
};

use crate::Outcome;

/// Replays, or with `dry_run` only says what would be. The accounts may hold keys: they are not printed.
pub(crate) async fn run(failed: &str, requests: &str, dry_run: bool) -> Outcome {
    let open = |flag: &'static str, text: &str| {
        QueueService::open(text).map_err(|error| format!("{flag}: {error}"))
    };
    let mut replay = Replay::new(&open("--failed", failed)?, open("--requests", requests)?)?;
    if dry_run {
        return preview(&replay).await;
    }
    let tally = replay.run(|entry| println!("{entry}")).await?;
    println!("{tally}");
    match tally.failed {
        0 => Ok(()),
        count => {
            Err(format!("{count} messages are still in {FAILED_REQUESTS}: run it again").into())
        }
    }
}

async fn preview(replay: &Replay) -> Outcome {
    let (entries, count) = replay.preview().await?;
    for entry in &entries {
        println!("{entry}");
    }
    println!("looked at {} of about {count} messages; nothing was changed", entries.len());
    Ok(())
}
