//! `app-role plan`: what the broker would do with a request. Nothing is changed.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use app_roles::{
    ids::ObjectId,
    outcome::{Code, RoleOutcome, Status},
    policy::Denial,
    request::{MAX_REQUEST_BYTES, Request},
    requester::Requester,
    result::ResultPrincipal,
};
use broker::{Answer, Ask};
use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    io_reason::io_reason,
    options::{BrokerAddress, BrokerIdentity, GlobalOptions},
    output::{Progress, Screen},
    policy_in_force, result,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// File with the request, as sent to a queue; `-` reads standard input
    file: PathBuf,
    /// Requester, as the policy names it, for example queue:app-role-requests
    #[arg(long, value_parser = Requester::parse)]
    requester: Requester,
    #[command(flatten)]
    address: BrokerAddress,
    #[command(flatten)]
    broker: BrokerIdentity,
}

/// Runs `app-role plan`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &PlanArguments,
) -> Result<Exit, Failure> {
    let request = Request::decode(&bytes(&arguments.file)?).map_err(|fault| {
        Failure::failed(format!("the broker would reject the request: {fault}"))
    })?;
    let request = Request { dry_run: true, ..request };
    let session = Session::open(global).await?;
    if let Some(reason) = session.policy().unavailable_reason() {
        screen.note(format!("warning: no policy: {reason}"));
    }
    let ask = session.ask(&arguments.requester);
    let broker = session.directory().broker_identity(arguments.broker.name()).await?;
    let progress = Progress::start("deciding as the broker would …");
    let (answer, in_force) = tokio::join!(
        decide(&session, &ask, &request, broker),
        policy_in_force::ask(global, &arguments.address),
    );
    drop(progress);
    let is_denied = answer.roles.iter().any(|role| role.status == Status::Denied);
    let is_forbidden = answer.roles.iter().any(|role| role.code == Some(Code::Forbidden));
    let result = session.broker().unrecorded_result(&ask, &request, answer);
    let exit = result::print(screen, &result)?;
    if let Some(in_force) = in_force {
        in_force.show(screen);
    }
    if is_denied {
        screen.note("hint: `app-role policy explain` shows what the nearest rule lacks");
    }
    if is_forbidden {
        screen
            .note("hint: names are looked up with your own permissions, which are not sufficient");
    }
    Ok(exit)
}

/// Runs the broker's own code, with the operator's permissions.
async fn decide(
    session: &Session,
    ask: &Ask,
    request: &Request,
    broker: Option<ObjectId>,
) -> Answer {
    let mut answer = session.broker().rehearse(ask, request).await;
    let principal = answer.principal.as_ref().map(ResultPrincipal::object_id);
    if principal.is_some() && principal == broker {
        // The broker's code ran as the operator, so it treated the operator as its own identity.
        let denied = RoleOutcome::denied(&Denial::OwnIdentity);
        let names = request.roles.iter();
        answer.roles = names.map(|name| denied.clone().with_requested_name(name)).collect();
    }
    answer
}

/// Reads the request. One byte more than the largest request is enough to detect a larger one.
fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!("{} cannot be read: {}", file.display(), io_reason(&error)))
    };
    let most = u64::try_from(MAX_REQUEST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let open = std::fs::File::open(file).map_err(unreadable)?;
        open.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    Ok(bytes)
}
