//! The arguments of `app-role submit`.

use std::path::PathBuf;

use app_roles::requester::Requester;
use clap::{Arg, Args, Subcommand, ValueEnum};

use crate::{
    broker_api::BrokerOptions, examples, request::RequestArguments,
    storage_account::RequestsAccount,
};

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, mut_args(of_sending_everywhere))]
pub(crate) struct SubmitArguments {
    #[command(flatten)]
    pub(super) file: FileArguments,
    #[command(flatten)]
    pub(super) sending: Sending,
    #[command(subcommand)]
    pub(super) command: Option<SubmitCommand>,
}

/// The arguments of a file. All others may also stand behind a subcommand.
const OF_FILE: [&str; 4] = ["file", "principal", "plan", "summary"];

fn of_sending_everywhere(argument: Arg) -> Arg {
    let is_of_file = OF_FILE.contains(&argument.get_id().as_str());
    argument.global(!is_of_file)
}

#[derive(Debug, Args)]
pub(super) struct FileArguments {
    /// File of requests, for example app-roles.json; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Principal of the requests that name none, in place of the principal of the file
    #[arg(long, value_name = "PRINCIPAL", requires = "file")]
    pub(super) principal: Option<String>,
    /// Ask for the decisions without changing anything, and print them as Markdown for a pull request
    #[arg(long, requires = "file")]
    pub(super) plan: bool,
    /// Also append the outcome as Markdown to this file, for example the summary of a job
    #[arg(long, value_name = "FILE", requires = "file")]
    pub(super) summary: Option<PathBuf>,
}

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
    pub(super) request: RequestArguments,
    /// Label that identifies the request in results and logs
    #[arg(long, value_name = "LABEL")]
    pub(super) request_id: Option<String>,
    /// Time after which the broker must not carry out the request, for example 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(super) not_after: Option<String>,
    /// Ask for a decision without changing anything
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Assignment {
    #[command(flatten)]
    pub(super) submission: Submission,
    /// Time that the assignments last, for example PT8H or P30D; default: as long as the policy allows
    #[arg(long, value_name = "DURATION", conflicts_with = "end")]
    pub(super) duration: Option<String>,
    /// Time when the assignments end, for example 2026-12-01T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(super) end: Option<String>,
}

/// How requests are sent, and how long their answers are waited for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sending")]
pub(super) struct Sending {
    /// Wait for the final results: of a queue's requests, and of requests that need an approval
    #[arg(long)]
    pub(super) wait: bool,
    /// Way to send; default: over HTTP if the broker's URL is known, and otherwise by queue
    #[arg(long, value_enum, value_name = "WAY")]
    pub(super) via: Option<Via>,
    #[command(flatten)]
    pub(super) queue: QueueOptions,
    /// Path of the broker's function; copies of the function have other routes
    #[arg(long, value_name = "PATH", default_value = "api/app-role-assignments")]
    pub(super) route: String,
    #[command(flatten)]
    pub(super) broker: BrokerOptions,
}

/// The way of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Via {
    /// A call of the broker's HTTP API
    Http,
    /// A message in the broker's request queue
    Queue,
}

/// The queues of requests and results.
#[derive(Debug, Args)]
pub(super) struct QueueOptions {
    #[command(flatten)]
    pub(super) account: RequestsAccount,
    /// Request queue
    #[arg(long, value_name = "NAME", value_parser = queue_name)]
    #[arg(default_value = "app-role-requests")]
    pub(super) queue: String,
    /// Results queue; default: the name of the request queue with `-results` in place of `-requests`
    #[arg(long, value_name = "NAME", value_parser = queue_name)]
    results: Option<String>,
}

impl QueueOptions {
    /// The name of the results queue. `None` if it was not stated and does not follow from the name of the
    /// request queue.
    pub(super) fn results(&self) -> Option<String> {
        let stem = self.queue.strip_suffix("-requests");
        self.results.clone().or_else(|| stem.map(|stem| format!("{stem}-results")))
    }
}

fn queue_name(text: &str) -> Result<String, String> {
    match Requester::parse(&format!("queue:{text}")) {
        Ok(Requester::Queue(name)) => Ok(name),
        _ => Err("not the name of a storage queue".to_owned()),
    }
}
