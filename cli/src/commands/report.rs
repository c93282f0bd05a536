//! `app-role report`: who may do what in the tenant, since when and until when, who asked for it and why, and
//! which rule allows it. It changes nothing in the tenant.

mod builder;
#[cfg(test)]
mod builder_tests;
mod csv;
mod document;
mod earlier;
#[cfg(test)]
mod earlier_tests;
#[cfg(test)]
mod fixtures;
mod history;
mod output_file;
mod page;
mod policy_rules;
#[cfg(test)]
mod schema;
mod subjects;
mod summary;

use std::path::PathBuf;

use app_roles::text::printable_json;
use builder::Facts;
use clap::Args;
use document::Report;
use earlier::EarlierReport;
use history::History;
use output_file::{FileFormat, OutputFile};
use policy_rules::PolicyRules;
use summary::Summary;
use time::OffsetDateTime;

use crate::{
    broker_record::{Ends, RecordAccount, RecordTables},
    exit::Exit,
    failure::Failure,
    inventory::{self, TenantInventory},
    options::{BrokerIdentity, GlobalOptions},
    output::{Progress, Screen},
    policy_file,
    session::Session,
};

/// What is unknown without the record.
const NO_RECORD: &str = "the broker's record was not read, because --audit names no storage account: who \
                         asked for an assignment, why, and when it ends is unknown";

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// File to write, as with -o: .html for browsers, .json for programs, .csv for spreadsheets; several
    /// are written from one reading of the tenant
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Earlier report in JSON: mark what is new and what is gone since
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    #[command(flatten)]
    broker: BrokerIdentity,
    #[command(flatten)]
    account: RecordAccount,
}

/// What is on record about the assignments.
#[derive(Default)]
struct Recorded {
    history: Option<History>,
    ends: Ends,
}

/// Runs `app-role report`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ReportArguments,
) -> Result<Exit, Failure> {
    let paths: Vec<_> =
        global.files().chain(arguments.files.iter().map(PathBuf::as_path)).collect();
    if paths.is_empty() {
        return Err(Failure::usage("the report has no file to write")
            .hint("name one with -o, for example -o access.html"));
    }
    let files = paths.iter().map(|file| OutputFile::check(file));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let tables = arguments.account.open(global)?;
    let (mut notes, mut complete) = (Vec::new(), true);
    let policy = read_policy(global, &mut notes, &mut complete)?;
    let session = Session::open(global).await?;
    let since = arguments.since.as_deref();
    let earlier = since.map(|since| EarlierReport::read(since, session.tenant())).transpose()?;
    let broker = session.directory().broker_identity(arguments.broker.name()).await?;
    let progress = Progress::start("reading the tenant …");
    let now = OffsetDateTime::now_utc();
    let inventory = inventory::read(&session, &progress).await?;
    let recorded = read_record(tables.as_ref(), &inventory, &progress).await?;
    progress.say("writing the report …");
    let mut report = builder::report(&Facts {
        inventory: &inventory,
        policy: policy.as_ref(),
        history: recorded.history.as_ref(),
        ends: &recorded.ends,
        own: session.own_identity(broker),
        broker,
        now,
    });
    if let Some(earlier) = &earlier {
        earlier.mark(&mut report);
        notes.extend(earlier.note());
    }
    let unread = inventory.unread.iter().cloned().chain(recorded.unread());
    let unread: Vec<_> = unread.collect();
    report.complete = complete && unread.is_empty();
    report.notes = unread.into_iter().chain(notes).collect();
    if tables.is_none() {
        report.notes.push(NO_RECORD.to_owned());
    }
    for file in files {
        file.write(&encoded(&report, file.format())?)?;
    }
    drop(progress);
    let names = paths.iter().map(|file| file.display().to_string());
    show(screen, &Summary::of(&report, names.collect()))
        .map_err(|failure| failure.after_a_change(true))?;
    Ok(if report.complete { Exit::Done } else { Exit::Partly })
}

/// Reads the policy. Without one, the report says that it does not know the rules. A file that was named must
/// be readable.
fn read_policy(
    global: &GlobalOptions,
    notes: &mut Vec<String>,
    complete: &mut bool,
) -> Result<Option<PolicyRules>, Failure> {
    let file = &global.policy;
    let read = match policy_file::bytes(file) {
        Err(failure) if global.policy_is_named => return Err(failure),
        Err(_) if !file.exists() => Err(format!("there is no file {}", file.display())),
        read => read.and_then(|bytes| PolicyRules::read(file, &bytes)).map_err(|failure| {
            *complete = false;
            failure.sentence
        }),
    };
    match read {
        Ok(policy) => Ok(Some(policy)),
        Err(why) => {
            notes.push(format!("which rule allows an assignment is unknown: {why}"));
            Ok(None)
        }
    }
}

/// Reads the record, if there is an account with it.
async fn read_record(
    tables: Option<&RecordTables>,
    inventory: &TenantInventory,
    progress: &Progress,
) -> Result<Recorded, Failure> {
    let Some(tables) = tables else { return Ok(Recorded::default()) };
    progress.say("reading the record …");
    let history = History::read(tables, &inventory.assignments, progress).await?;
    Ok(Recorded { history: Some(history), ends: Ends::all(Some(tables)).await? })
}

impl Recorded {
    /// What could not be read.
    fn unread(&self) -> impl Iterator<Item = String> {
        let history = self.history.as_ref().and_then(History::unreadable);
        history.into_iter().chain(self.ends.unreadable())
    }
}

/// The text of the file.
fn encoded(report: &Report, format: FileFormat) -> Result<String, Failure> {
    let not_encoded = |_| Failure::failed("the report cannot be encoded as JSON");
    match format {
        FileFormat::Csv => Ok(csv::csv(report)),
        FileFormat::Json => {
            let text = serde_json::to_string(report).map_err(not_encoded)?;
            Ok(printable_json(&text).into_owned() + "\n")
        }
        FileFormat::Html => {
            let document = serde_json::to_value(report).map_err(not_encoded)?;
            Ok(page::page(&document))
        }
    }
}

/// Shows the numbers: on standard error for people, because the result is the file.
fn show(screen: Screen, summary: &Summary<'_>) -> Result<(), Failure> {
    if screen.prints_document() {
        return screen.json(summary);
    }
    screen.note(summary.sentence());
    for note in summary.notes() {
        screen.note(format!("note: {note}"));
    }
    Ok(())
}
