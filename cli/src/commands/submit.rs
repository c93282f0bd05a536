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
use sending::Sender;
use serde_json::json;
use summary::SummaryFile;

use crate::{
    exit::Exit, failure::Failure, options::GlobalOptions, output::Screen, request::WrittenRequest,
    request_file::RequestFile,
};

/// Runs `app-role submit`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: SubmitArguments,
) -> Result<Exit, Failure> {
    let SubmitArguments { file, mut sending, command } = arguments;
    if let Some(command) = command {
        if file.file.is_some() {
            return Err(Failure::usage("--file has requests of its own, so no other can be added")
                .hint("leave out --file, or the subcommand"));
        }
        let request = request(command)?;
        let sender = Sender::open(global, &sending)?;
        let asked = Asked::new(request);
        let ended = sender.send(screen, std::slice::from_ref(&asked), false).await?;
        return single::print(screen, &asked, (&sender, ended));
    }
    // A plan is known only from the results.
    sending.wait |= file.plan;
    let sender = || Sender::open(global, &sending);
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
    WrittenRequest::decode(fields).map_err(|fault| Failure::usage(fault.to_string()))
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
    if screen.prints_document() {
        screen.json(&report.document())?;
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
    if let Some(summary) = &mut summary {
        summary.append(&lines)?;
    }
    Ok(report.exit())
}
