//! `app-role replay`: sends failed requests back to their queues.

use app_roles::requester::Requester;
use clap::Args;
use serde_json::json;

use crate::{
    confirmation::{check_can_ask, confirm_unless_interrupted},
    exit::Exit,
    failure::Failure,
    interruption::Interruption,
    options::GlobalOptions,
    output::{Progress, Screen},
    replay::{Batch, Entry, FAILED_REQUESTS, Limits, Replay, Tally},
    storage::{Permissions, QueueError},
    storage_account::{AccountText, FAILED, RequestsAccount},
};

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Storage account with the queue app-role-failed, by its queue endpoint: for example
    /// `https://stbroker.queue.core.windows.net`. The variable may hold a connection string
    #[arg(long, env = "APP_ROLE_HOST_STORAGE", hide_env_values = true, value_name = "ENDPOINT")]
    failed: Option<AccountText>,
    #[command(flatten)]
    account: RequestsAccount,
    /// Request queue to which its own requests may go back; can be repeated. Requests of other
    /// requesters stay where they are
    #[arg(long = "queue", value_name = "NAME", required = true, value_parser = queue_name)]
    queues: Vec<String>,
    /// Replay requests that were sent more than 24 hours ago, too
    #[arg(long)]
    allow_older: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
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
    let of_failed = (Permissions::Process, "there are no failed requests to read");
    let failed = FAILED.require(global, arguments.failed.as_ref(), of_failed)?;
    let requests = arguments.account.open(global, Permissions::Send)?;
    let queues = arguments.queues.iter().cloned().collect();
    let limits = Limits { queues, allow_older: arguments.allow_older };
    let mut replay = Replay::new(&failed, requests, limits).map_err(unreadable)?;
    if arguments.dry_run {
        return preview(screen, &replay).await;
    }
    if replay.is_empty().await.map_err(unreadable)? {
        return nothing(screen);
    }
    check_can_ask(arguments.yes)?;
    let mut interruption = Interruption::listen();
    let progress = Progress::start("receiving the failed requests …");
    let batch = tokio::select! {
        batch = replay.receive() => batch.map_err(unreadable)?,
        () = interruption.comes() => return Err(interrupted_while_receiving()),
    };
    drop(progress);
    if let Err(failure) = ask(screen, &batch, (arguments.yes, &mut interruption)).await {
        replay.release(batch).await;
        return Err(failure);
    }
    let is_full = batch.is_full();
    let report = |entry: &Entry| screen.say(entry.to_string());
    let tally = replay.send_until(batch, interruption.comes(), report).await;
    let exit = show(screen, tally, is_full)?;
    if interruption.has_come() {
        screen.note(
            "hint: the replay was interrupted; run it again, nothing is lost and twice is harmless",
        );
        return Ok(Exit::Interrupted);
    }
    Ok(exit)
}

/// Says that there is nothing to do.
fn nothing(screen: Screen) -> Result<Exit, Failure> {
    if screen.prints_document() {
        return show(screen, Tally::default(), false);
    }
    screen.say(format!(
        "nothing to replay: {FAILED_REQUESTS} is empty, or another replay has had its messages for less \
         than 10 minutes"
    ));
    Ok(Exit::Done)
}

fn interrupted_while_receiving() -> Failure {
    Failure::interrupted("interrupted, nothing was sent").hint(format!(
        "messages of {FAILED_REQUESTS} that were received already are visible again in 10 minutes"
    ))
}

/// Shows what will be done, and asks the operator, unless there is nothing to do.
async fn ask(
    screen: Screen,
    batch: &Batch,
    (yes, interruption): (bool, &mut Interruption),
) -> Result<(), Failure> {
    for entry in batch.refused() {
        screen.say(entry.to_string());
    }
    let targets: Vec<_> =
        batch.targets().iter().map(|(queue, count)| format!("{count} to {queue}")).collect();
    if targets.is_empty() || yes {
        return Ok(());
    }
    for entry in batch.pending() {
        screen.say(entry.to_string());
    }
    let question = format!("Replay {}?", targets.join(", "));
    confirm_unless_interrupted(screen, &question, interruption).await
}

fn show(screen: Screen, tally: Tally, is_full: bool) -> Result<Exit, Failure> {
    let Tally { replayed, left, too_old, failed, uncertain } = tally;
    if screen.prints_document() {
        screen
            .json(&json!({
                "replayed": replayed, "left": left, "tooOld": too_old, "failed": failed,
            }))
            .map_err(|failure| failure.after_a_change(replayed + uncertain > 0))?;
    } else {
        screen.say(tally.to_string());
    }
    if failed > 0 {
        screen.note(format!(
            "hint: {failed} messages are still in {FAILED_REQUESTS}; run it again. You need the Azure \
             role Storage Queue Data Message Sender on the request queues"
        ));
    }
    if too_old > 0 {
        screen.note(
            "hint: find out whether requests older than 24 hours are still wanted, then pass --allow-older",
        );
    }
    if is_full {
        screen.note("hint: the queue may have more messages; run it again");
    }
    match (failed + too_old, replayed + uncertain) {
        (0, _) if !is_full => Ok(Exit::Done),
        (_, 0) => Ok(Exit::Failed),
        _ => Ok(Exit::Partly),
    }
}

async fn preview(screen: Screen, replay: &Replay) -> Result<Exit, Failure> {
    let progress = Progress::start("reading the failed requests …");
    if replay.is_empty().await.map_err(unreadable)? && !screen.prints_document() {
        drop(progress);
        return nothing(screen);
    }
    let entries = match replay.preview().await {
        Err(QueueError::NotFound(..)) => Vec::new(),
        entries => entries.map_err(unreadable)?,
    };
    drop(progress);
    if screen.prints_document() {
        let messages: Vec<_> = entries.iter().map(ToString::to_string).collect();
        screen.json(&json!({ "messages": messages }))?;
    } else {
        for entry in &entries {
            screen.say(entry.to_string());
        }
        let shown = entries.len();
        screen.say(format!("the first {shown} messages, 32 at most; nothing was changed"));
    }
    Ok(Exit::Done)
}

fn queue_name(text: &str) -> Result<String, String> {
    match Requester::parse(&format!("queue:{text}")) {
        Ok(Requester::Queue(name)) => Ok(name),
        _ => Err("not the name of a storage queue".to_owned()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unreadable(error: QueueError) -> Failure {
    let failure = Failure::failed(error.to_string());
    match error {
        QueueError::Denied(..) => failure.hint(format!(
            "you need the Azure role Storage Queue Data Message Processor on {FAILED_REQUESTS}"
        )),
        _ => failure.hint("run the command again"),
    }
}
