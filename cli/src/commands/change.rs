//! `app-role assign` and `app-role revoke`: changes with the operator's own permissions.
//!
//! The policy does not decide here. Its decision is shown as advice, if there is a policy file. Dangerous
//! changes need `--privileged`. The whole plan is shown before the first change.

mod execution;
mod plan;
mod policy;
mod record;

use std::path::PathBuf;

use app_roles::{
    outcome::Status,
    request::{Action, Request},
    requester::Requester,
};
use clap::Args;
use execution::{Executed, Execution};
use plan::{Asked, Plan};
use policy::PolicyChoice;
use record::Record;
use serde_json::json;

use crate::{
    confirmation::confirm,
    exit::Exit,
    failure::Failure,
    options::{BrokerAddress, GlobalOptions},
    output::Screen,
    request::{RequestArguments, decode},
    result,
    session::Session,
};

/// The statuses of roles that were changed, or may have been.
const CHANGED: [Status; 3] = [Status::Assigned, Status::Revoked, Status::Unknown];

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
    /// Requester, as the policy names it, for whom the decision of the policy is shown; default: you, signed
    /// in to the broker over HTTP
    #[arg(long, value_parser = Requester::parse)]
    requester: Option<Requester>,
    #[command(flatten)]
    address: BrokerAddress,
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
    let (policy, choice) = PolicyChoice::read(global)?;
    let record = arguments.record.as_deref().map(Record::open).transpose()?;
    let session = Session::with_policy(global, policy).await?;
    let ask = session.ask(session.requester());
    let operator = || Requester::Http(session.operator());
    let requester = arguments.requester.clone().unwrap_or_else(operator);
    let asked = Asked {
        names: &arguments.request,
        request: &request,
        privileged: arguments.privileged,
        requester: choice.is_file().then_some(&requester),
    };
    let (plan, in_force) =
        tokio::join!(Plan::make(&session, asked), policy::in_force(global, &arguments.address));
    let plan = plan?;
    plan.show(screen, |screen| choice.show(screen, in_force.as_ref(), &requester));
    let changes = plan.changes();
    let is_blocked = plan.is_blocked();
    let executed = if arguments.dry_run || changes == 0 {
        Executed { answer: plan.dry_run(), is_interrupted: false, unrecorded: None }
    } else {
        let roles = if changes == 1 { "1 role".to_owned() } else { format!("{changes} roles") };
        confirm(screen, &format!("{} {roles}?", plan::verb(action)), arguments.yes)?;
        Execution { session: &session, request: &request, record }.run(plan).await
    };
    let Executed { answer, is_interrupted, unrecorded } = executed;
    let is_changed = answer.roles.iter().any(|role| CHANGED.contains(&role.status));
    let result = session.broker().unrecorded_result(&ask, &request, answer);
    let exit =
        result::print(screen, &result).map_err(|failure| failure.after_a_change(is_changed))?;
    if is_interrupted {
        let principal = &arguments.request.principal;
        screen.note(format!(
            "hint: the command was interrupted; `app-role list {principal:?}` shows what is assigned now"
        ));
        if let Some(failure) = unrecorded {
            screen.note(failure.sentence);
        }
        return Ok(Exit::Interrupted);
    }
    if let Some(failure) = unrecorded {
        return Err(failure.after_a_change(is_changed));
    }
    if is_blocked && !arguments.privileged {
        screen.note("hint: pass --privileged to allow this change");
    }
    Ok(exit)
}

fn request(arguments: &ChangeArguments, action: Action) -> Result<Request, Failure> {
    let mut request = arguments.request.json(action);
    request.insert("dryRun".to_owned(), json!(arguments.dry_run));
    decode(&request)
}
