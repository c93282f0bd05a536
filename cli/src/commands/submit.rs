//! `app-role submit`: requests to the broker, over HTTP or by queue. The operator needs no permissions in the
//! tenant, but must be a requester of the policy.

mod arguments;
mod asked;
mod by_http;
mod by_queue;
mod log;
mod many;
mod refusal;
mod results_queue;
mod sending;
mod single;
mod summary;

use app_roles::request::Action;
use arguments::{Assignment, FileArguments, Submission};
pub(crate) use arguments::{SubmitArguments, SubmitCommand};
use asked::Asked;
use many::Report;
use sending::{Limit, Sender};
use serde_json::json;
use summary::SummaryFile;

use crate::{
    exit::Exit, failure::Failure, options::GlobalOptions, output::Screen, request::WrittenRequest,
    request_file::RequestFile,
};

/// The fields of a request, and what stands for them on the command line.
const TYPED: [(&str, &str); 8] = [
    ("principal", "PRINCIPAL"),
    ("api", "API"),
    ("roles", "ROLE"),
    ("reason", "--reason"),
    ("requestId", "--request-id"),
    ("duration", "--duration"),
    ("endDateTime", "--end"),
    ("notAfter", "--not-after"),
];

/// Runs `app-role submit`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: SubmitArguments,
) -> Result<Exit, Failure> {
    let limit = Limit::begin(global);
    let SubmitArguments { file, mut sending, command } = arguments;
    if let Some(command) = command {
        if file.file.is_some() {
            return Err(Failure::usage("--file has requests of its own, so no other can be added")
                .hint("leave out --file, or the subcommand"));
        }
        let request = request(command)?;
        let sender = Sender::open(global, &sending, limit)?;
        let asked = Asked::new(request);
        let ended = sender.send(screen, std::slice::from_ref(&asked), false).await?;
        return single::print(screen, &asked, (&sender, ended));
    }
    // A plan is known only from the results.
    sending.wait |= file.plan;
    let sender = || Sender::open(global, &sending, limit);
    send_file(screen, &file, sender).await
}

/// Makes a request from the arguments of a subcommand.
fn request(command: SubmitCommand) -> Result<WrittenRequest, Failure> {
    let (action, submission, [duration, end]) = match command {
        SubmitCommand::Assign(Assignment { duration, end, submission }) => {
            (Action::Assign, submission, [duration, end])
        }
        SubmitCommand::Revoke(submission) => (Action::Revoke, submission, [None, None]),
    };
    let Submission { request, request_id, not_after, dry_run } = submission;
    let mut fields = request.json(action);
    fields.insert("dryRun".to_owned(), json!(dry_run));
    let stated = [
        ("requestId", request_id),
        ("duration", duration),
        ("endDateTime", end),
        ("notAfter", not_after),
    ];
    for (field, text) in stated {
        if let Some(text) = text {
            fields.insert(field.to_owned(), json!(text));
        }
    }
    // The broker would reject an invalid request.
    WrittenRequest::decode(fields).map_err(|fault| Failure::usage(as_typed(&fault.to_string())))
}

/// Names the option or the argument that was typed, in place of the field of the request.
fn as_typed(fault: &str) -> String {
    let named = TYPED.iter().find_map(|(field, typed)| {
        let rest = fault.strip_prefix(field)?;
        // A part of a field, such as `roles[1]`, is the same argument.
        let (_, reason) = rest.split_once(':').filter(|(part, _)| !part.contains(' '))?;
        Some(format!("{typed}:{reason}"))
    });
    named.unwrap_or_else(|| fault.to_owned())
}

/// Sends the requests of a file.
async fn send_file(
    screen: Screen,
    arguments: &FileArguments,
    sender: impl FnOnce() -> Result<Sender, Failure>,
) -> Result<Exit, Failure> {
    let Some(path) = &arguments.file else {
        return Err(Failure::usage("there is nothing to submit").hint(
            "name a file of requests with --file, or use `submit assign` or `submit revoke`",
        ));
    };
    let file = RequestFile::new(path, arguments.principal.as_deref());
    let requests = file.read(screen)?.into_iter();
    let requests = requests.map(|one| if arguments.plan { one.into_dry_run() } else { one });
    let all: Vec<_> = requests.map(Asked::new).collect();
    let sender = sender()?;
    let mut summary = arguments.summary.as_deref().map(SummaryFile::open).transpose()?;
    let what = if arguments.plan { "asking about" } else { "sending" };
    let number = match all.len() {
        1 => "1 request".to_owned(),
        number => format!("{number} requests"),
    };
    screen.note(format!("{what} {number} of {} {}", file.name(), sender.route()));
    let ended = sender.send(screen, &all, true).await?;
    let report = Report { all: &all, sender: &sender, ended };
    let lines = summary::lines(&report, &file.name(), arguments.plan);
    // A failure from here on says nothing about the requests, and the rest of the output is still printed.
    let appended = summary.as_mut().map_or(Ok(()), |summary| summary.append(&lines));
    let mut printed = Ok(());
    if screen.prints_document() {
        printed = screen.json(&report.document());
    } else if arguments.plan {
        for line in &lines {
            screen.unwrapped(line);
        }
    } else {
        report.print(screen);
    }
    report.advise(screen);
    if let Some(hint) = report.hint() {
        screen.note(format!("hint: {hint}"));
    }
    let is_changed = all.iter().any(Asked::may_have_changed);
    appended.and(printed).map_err(|failure| failure.after_a_change(is_changed))?;
    Ok(report.exit())
}
