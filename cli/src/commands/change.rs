//! `app-role assign` and `app-role revoke`: changes with the operator's own permissions.
//!
//! The policy does not decide here. Its decision is shown as advice. Dangerous changes need
//! `--privileged`. The whole plan is shown before the first change.

mod execution;
mod plan;
mod record;

use std::path::PathBuf;

use app_roles::request::{Action, Request};
use clap::Args;
use execution::Execution;
use plan::Plan;
use record::Record;
use serde_json::json;

use crate::{
    confirmation::confirm,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::Screen,
    request::{RequestArguments, decode},
    result,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct ChangeArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Allow privileged roles, and changes to protected principals and APIs, to yourself and to the
    /// broker
    #[arg(long)]
    privileged: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Show the plan without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Append a JSON line to this file before and after each change
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Runs `app-role assign`.
pub(crate) async fn assign(
    global: &GlobalOptions,
    screen: Screen,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    run(global, screen, Action::Assign, arguments).await
}

/// Runs `app-role revoke`.
pub(crate) async fn revoke(
    global: &GlobalOptions,
    screen: Screen,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    run(global, screen, Action::Revoke, arguments).await
}

async fn run(
    global: &GlobalOptions,
    screen: Screen,
    action: Action,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    let request = request(&arguments, action)?;
    let record = arguments.record.as_deref().map(Record::open).transpose()?;
    let session = Session::open(global).await?;
    let ask = session.ask(session.requester());
    let plan = Plan::make(&session, &arguments.request, &request, arguments.privileged).await?;
    plan.show(screen);
    let changes = plan.changes();
    let answer = if arguments.dry_run || changes == 0 {
        plan.dry_run()
    } else {
        let roles = if changes == 1 { "1 role".to_owned() } else { format!("{changes} roles") };
        confirm(screen, &format!("{} {roles}?", plan::verb(action)), arguments.yes)?;
        Execution { session: &session, request: &request, record }.run(plan).await?
    };
    let result = session.broker().unrecorded_result(&ask, &request, answer);
    let exit = result::print(screen, &result)?;
    if exit == Exit::Denied && !arguments.privileged {
        screen.note("hint: pass --privileged to allow this change");
    }
    Ok(exit)
}

fn request(arguments: &ChangeArguments, action: Action) -> Result<Request, Failure> {
    let mut request = arguments.request.json(action);
    request.insert("dryRun".to_owned(), json!(arguments.dry_run));
    decode(&request)
}
