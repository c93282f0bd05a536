//! `app-role approvals`: requests that wait for the operator's approval, over HTTP. The operator must sign
//! in as an approver whom a rule of the policy names.

mod approval;
mod arguments;
mod changes;
mod client;
mod decision;
mod details;
mod list;
mod problem;
mod status;

use app_roles::approval::Vote;
use arguments::{ApproveArguments, DenyArguments, ListArguments, ShowArguments, StatusArguments};
use clap::Subcommand;
use client::Approvals;
use decision::Ballot;

use crate::{examples, exit::Exit, failure::Failure, options::GlobalOptions, output::Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsCommand {
    /// List the requests that wait for your approval
    #[command(visible_alias = "ls", after_help = examples::APPROVALS_LIST)]
    List(ListArguments),
    /// Show exactly what an approval covers
    ///
    /// The digest covers the action, all IDs, rules and ends, the requester and the policy. Names are what
    /// the broker found for these IDs.
    #[command(after_help = examples::APPROVALS_SHOW)]
    Show(ShowArguments),
    /// Show what became of your own request, by the ID of its approval
    ///
    /// Only the requester sees it, with the key or the sign-in that sent the request.
    #[command(after_help = examples::APPROVALS_STATUS)]
    Status(StatusArguments),
    /// Show a request, and approve it
    #[command(after_help = examples::APPROVALS_APPROVE)]
    Approve(ApproveArguments),
    /// Show a request, and deny it
    #[command(after_help = examples::APPROVALS_DENY)]
    Deny(DenyArguments),
}

/// Runs `app-role approvals`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    command: &ApprovalsCommand,
) -> Result<Exit, Failure> {
    match command {
        ApprovalsCommand::List(arguments) => {
            list::run(screen, &Approvals::open(global, &arguments.broker)?).await
        }
        ApprovalsCommand::Show(arguments) => {
            let approvals = Approvals::open(global, &arguments.broker)?;
            details::run(screen, &approvals, arguments.id).await
        }
        ApprovalsCommand::Status(StatusArguments { id, reading }) => {
            status::run(global, screen, (*id, reading)).await
        }
        ApprovalsCommand::Approve(ApproveArguments { id, reason, yes, digest, broker }) => {
            let ballot = Ballot {
                vote: Vote::Approve,
                reason: reason.as_ref(),
                digest: digest.as_ref(),
                yes: *yes,
            };
            decision::run(screen, &Approvals::open(global, broker)?, *id, &ballot).await
        }
        ApprovalsCommand::Deny(DenyArguments { id, reason, yes, broker }) => {
            let ballot =
                Ballot { vote: Vote::Deny, reason: reason.as_ref(), digest: None, yes: *yes };
            decision::run(screen, &Approvals::open(global, broker)?, *id, &ballot).await
        }
    }
}
