//! `app-role submit`: requests to the broker, over HTTP. The operator needs no permissions in the tenant, but
//! must be a requester of the policy.

mod answer;

use std::time::Duration;

use app_roles::request::Action;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    broker_api::{BrokerApi, BrokerOptions},
    broker_call,
    cloud::Cloud,
    examples,
    exit::Exit,
    failure::Failure,
    numbers,
    options::GlobalOptions,
    output::Screen,
    request::{RequestArguments, decode},
};

#[derive(Debug, Subcommand)]
pub(crate) enum SubmitCommand {
    /// Ask the broker to assign roles
    #[command(after_help = examples::SUBMIT_ASSIGN)]
    Assign(Assignment),
    /// Ask the broker to revoke roles
    #[command(after_help = examples::SUBMIT_REVOKE)]
    Revoke(Submission),
}

#[derive(Debug, Args)]
pub(crate) struct Submission {
    #[command(flatten)]
    request: RequestArguments,
    /// Label that identifies the request in results and logs
    #[arg(long, value_name = "LABEL")]
    request_id: Option<String>,
    /// Time after which the broker must not carry out the request, for example 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    not_after: Option<String>,
    /// Ask for a decision without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Keep retrying for this long while the broker is unavailable
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = numbers::whole)]
    wait: u32,
    /// Path of the broker's function; copies of the function have other routes
    #[arg(long, value_name = "PATH", default_value = "api/app-role-assignments")]
    route: String,
    #[command(flatten)]
    broker: BrokerOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Assignment {
    #[command(flatten)]
    submission: Submission,
    /// Time that the assignments last, for example PT8H or P30D; default: as long as the policy allows
    #[arg(long, value_name = "DURATION", conflicts_with = "end")]
    duration: Option<String>,
    /// Time when the assignments end, for example 2026-12-01T18:00:00Z
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
}

/// Runs `app-role submit`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: SubmitCommand,
) -> Result<Exit, Failure> {
    let (action, submission, [duration, end]) = match arguments {
        SubmitCommand::Assign(Assignment { duration, end, submission }) => {
            (Action::Assign, submission, [duration, end])
        }
        SubmitCommand::Revoke(submission) => (Action::Revoke, submission, [None, None]),
    };
    let mut request = submission.request.json(action);
    request.insert("dryRun".to_owned(), json!(submission.dry_run));
    let stated = [
        ("requestId", &submission.request_id),
        ("duration", &duration),
        ("endDateTime", &end),
        ("notAfter", &submission.not_after),
    ];
    for (field, text) in stated {
        if let Some(text) = text {
            request.insert(field.to_owned(), json!(text));
        }
    }
    // The broker would reject an invalid request.
    decode(&request)?;
    let cloud = Cloud::read(global)?;
    let api = BrokerApi::authenticated(global, &cloud, &submission.broker)?;
    let url = api.url(&submission.route)?;
    let wait = Duration::from_secs(u64::from(submission.wait));
    let request = Value::Object(request);
    let answer = broker_call::send(&api, &url, Some(&request), wait).await?;
    answer::print(screen, &answer)
}
