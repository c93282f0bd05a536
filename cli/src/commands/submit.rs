//! `app-role submit`: asking the broker, over HTTP. No right in the tenant is needed for it, only to be
//! a requester of the policy.

mod answer;
mod call;

use app_roles::request::Action;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    arguments::{BrokerOptions, GlobalOptions},
    examples,
    failure::{Exit, Failure},
    output::Screen,
    request::{RequestArguments, decode},
};

#[derive(Debug, Subcommand)]
pub(crate) enum SubmitArguments {
    /// Ask for roles
    #[command(after_help = examples::SUBMIT_ASSIGN)]
    Assign(Submission),
    /// Ask for roles to be taken away
    #[command(after_help = examples::SUBMIT_REVOKE)]
    Revoke(Submission),
}

#[derive(Debug, Args)]
pub(crate) struct Submission {
    #[command(flatten)]
    request: RequestArguments,
    /// Your own label of the request
    #[arg(long, value_name = "LABEL")]
    request_id: Option<String>,
    /// When the request loses its meaning, for instance 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    not_after: Option<String>,
    /// Have it decided, and nothing changed
    #[arg(long)]
    dry_run: bool,
    /// How long to go on while the broker cannot do it, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u32,
    /// Where requests go, below the broker's address; a copied function has a route of its own
    #[arg(long, value_name = "PATH", default_value = "api/app-role-assignments")]
    route: String,
    #[command(flatten)]
    broker: BrokerOptions,
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: SubmitArguments,
) -> Result<Exit, Failure> {
    let (action, submission) = match arguments {
        SubmitArguments::Assign(submission) => (Action::Assign, submission),
        SubmitArguments::Revoke(submission) => (Action::Revoke, submission),
    };
    let mut request = submission.request.json(action);
    request.insert("dryRun".to_owned(), json!(submission.dry_run));
    if let Some(label) = &submission.request_id {
        request.insert("requestId".to_owned(), json!(label));
    }
    if let Some(moment) = &submission.not_after {
        request.insert("notAfter".to_owned(), json!(moment));
    }
    // What the broker would refuse to read is not sent.
    decode(&request)?;
    let answer = call::send(global, &submission, &request).await?;
    answer::print(*screen, &answer)
}
