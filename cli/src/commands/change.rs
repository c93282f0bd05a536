//! `app-role assign` and `app-role revoke`: changing roles with the operator's own rights.
//!
//! The policy does not decide here; what it says is shown as advice. Whatever is dangerous must be
//! spelled out with `--privileged`. Everything is looked up and shown before anything is changed.

mod execution;
mod plan;

use std::path::PathBuf;

use app_roles::request::{Action, Request};
use clap::Args;
use plan::Plan;
use serde_json::json;

use crate::{
    arguments::GlobalOptions,
    confirmation::confirm,
    failure::{Exit, Failure},
    output::Screen,
    record::Record,
    request::{RequestArguments, decode},
    result::{self, Began},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct ChangeArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Mean it: privileged roles, and what is protected, yourself or the broker
    #[arg(long)]
    privileged: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Append what is done to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub(crate) async fn assign(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    run(global, *screen, Action::Assign, arguments).await
}

pub(crate) async fn revoke(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    run(global, *screen, Action::Revoke, arguments).await
}

async fn run(
    global: &GlobalOptions,
    screen: Screen,
    action: Action,
    arguments: ChangeArguments,
) -> Result<Exit, Failure> {
    let request = read(&arguments, action)?;
    let record = arguments.record.as_deref().map(Record::open).transpose()?;
    let session = Session::open(global).await?;
    let began = Began::now();
    let plan = Plan::make(&session, &arguments.request, &request, arguments.privileged).await?;
    plan.show(screen);
    let changes = plan.changes();
    let decision = if arguments.dry_run || changes == 0 {
        plan.rehearsed()
    } else {
        let what = if changes == 1 { "1 role".to_owned() } else { format!("{changes} roles") };
        confirm(&format!("{} {what}?", action.verb()), arguments.yes)?;
        plan.carry_out(&session, &request, record).await?
    };
    let result = began.result(&session, &session.requester, &request, decision);
    let exit = result::print(screen, &result)?;
    if exit == Exit::Denied && !arguments.privileged {
        screen.note("hint: --privileged says that you mean it");
    }
    Ok(exit)
}

fn read(arguments: &ChangeArguments, action: Action) -> Result<Request, Failure> {
    let mut request = arguments.request.json(action);
    request.insert("dryRun".to_owned(), json!(arguments.dry_run));
    decode(&request)
}
