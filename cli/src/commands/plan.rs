//! `app-role plan`: what the broker would do with a request, and why. Nothing is changed.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use app_roles::{
    outcome::{Code, RoleOutcome, Status},
    policy::Denial,
    request::{LARGEST_REQUEST, Request},
    requester::Requester,
    result::ResultPrincipal,
};
use broker::Decision;
use clap::Args;

use crate::{
    arguments::GlobalOptions,
    failure::{Exit, Failure},
    output::Screen,
    result::{self, Began},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The request, as a queue would take it; `-` is standard input
    file: PathBuf,
    /// Who asks, as the policy names them, for instance queue:app-role-requests
    #[arg(long, value_parser = Requester::parse)]
    requester: Requester,
    /// The broker's identity, which the broker never changes
    #[arg(long, env = "APP_ROLE_BROKER_IDENTITY", value_name = "PRINCIPAL")]
    #[arg(hide_env_values = true)]
    broker_identity: Option<String>,
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &PlanArguments,
) -> Result<Exit, Failure> {
    let request = Request::decode(&bytes(&arguments.file)?)
        .map_err(|fault| Failure::failed(format!("the broker would answer invalid: {fault}")))?;
    // A plan is what a dry run says.
    let request = Request { dry_run: true, ..request };
    let session = Session::open(global).await?;
    if let Some(reason) = session.broker.policy().closed_because() {
        screen.note(&format!("there is no policy: {reason}"));
    }
    let began = Began::now();
    let decision = decide(&session, arguments, &request).await?;
    let is_denied = decision.roles.iter().any(|role| role.status == Status::Denied);
    let is_forbidden = decision.roles.iter().any(|role| role.code == Some(Code::Forbidden));
    let result = began.result(&session, &arguments.requester, &request, decision);
    let exit = result::print(*screen, &result)?;
    if is_denied {
        screen.note("hint: `app-role policy explain` says what the nearest rule lacks");
    }
    if is_forbidden {
        screen.note("hint: names are looked up with your own rights, which were not enough");
    }
    Ok(exit)
}

/// Asks the broker's own code, with the operator's eyes.
async fn decide(
    session: &Session,
    arguments: &PlanArguments,
    request: &Request,
) -> Result<Decision, Failure> {
    let broker = session.broker_identity(arguments.broker_identity.as_deref()).await?;
    let context = session.context(&arguments.requester);
    let mut decision = match session.broker.apply(context, request).await {
        Ok(decision) => decision,
        Err(not_yet) => *not_yet.last,
    };
    let principal = decision.principal.as_ref().map(ResultPrincipal::object_id);
    if principal.is_some() && principal == broker {
        // The broker's code took the operator for the broker.
        let denied = RoleOutcome::denied(&Denial::OwnIdentity);
        let names = request.roles.iter();
        decision.roles = names.map(|name| denied.clone().requested(name)).collect();
    }
    Ok(decision)
}

/// Reads the file, a little more of it than a request may have.
fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!("{} cannot be read: {error}", file.display()))
    };
    let most = u64::try_from(LARGEST_REQUEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let open = std::fs::File::open(file).map_err(unreadable)?;
        open.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    Ok(bytes)
}
