//! `app-role record check`: whether the record is complete.

use clap::Args;
use microsoft_graph::{
    Listed,
    directory_audits::DirectoryAudit,
    error::{ErrorKind, GraphError},
};
use time::{Duration, OffsetDateTime};

use super::{
    findings::{LateEnd, Record},
    matching::{explanations, unexplained},
};
use crate::{
    broker_record::{OpenIntent, RecordAccount, RecordTables, Row, Since},
    exit::Exit,
    failure::Failure,
    options::{BrokerIdentity, GlobalOptions},
    output::{Progress, Screen},
    session::Session,
    storage::filter,
    unreadable::unreadable,
};

/// The time that is checked by default. Without a license, Entra keeps its audit log for this long
/// ("Microsoft Entra data retention").
const DEFAULT_SINCE: &str = "7d";

/// How long before the changes a request that explains them can have begun.
const LONGEST_REQUEST: Duration = Duration::hours(1);

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    account: RecordAccount,
    #[command(flatten)]
    broker: BrokerIdentity,
    /// Check changes since this time, for example 2026-08-20T10:11:12Z, or since this long ago, for example
    /// 2h or 30d
    #[arg(long, value_name = "TIME", value_parser = Since::parse, default_value = DEFAULT_SINCE)]
    since: Since,
}

/// Why the changes in Entra were not compared with the record.
struct NotCompared {
    sentence: String,
    exit: Exit,
}

/// What Entra's audit log says about the broker.
struct Changes {
    by_the_broker: Vec<DirectoryAudit>,
    /// The number of entries that cannot be read.
    skipped: usize,
}

/// Runs `app-role record check`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &CheckArguments,
) -> Result<Exit, Failure> {
    let tables = arguments.account.require(global)?;
    let progress = Progress::start("reading the audit log of Entra …");
    // An intent is stored before the write, and its row before the intent is deleted. So no explanation is
    // missed if the changes are read first, then the intents, then the rows.
    let changes = changes(global, arguments).await;
    progress.say("reading the record …");
    let incomplete = match &changes {
        Ok(Changes { skipped: 0, .. }) => Exit::Done,
        Ok(_) => Exit::Partly,
        Err(NotCompared { exit, .. }) => *exit,
    };
    let record = check(&tables, arguments.since, changes).await?;
    drop(progress);
    if screen.prints_document() {
        screen.json(&record)?;
    } else {
        record.show(screen);
    }
    Ok(if record.has_findings() { Exit::Findings } else { incomplete })
}

async fn check(
    tables: &RecordTables,
    since: Since,
    changes: Result<Changes, NotCompared>,
) -> Result<Record, Failure> {
    let now = OffsetDateTime::now_utc();
    let intents = tables.intents("").await?;
    let rows = written(tables, since).await?;
    let ends = tables.ends("").await?;
    let known = explanations(&rows, &intents);
    let without_outcome = intents.into_iter().filter(|intent| !is_on_record(intent, &rows));
    let mut record = Record {
        open_intents: without_outcome.map(|row| OpenIntent::of(row, now)).collect(),
        late_ends: ends.into_iter().filter_map(|row| LateEnd::of(row, now)).collect(),
        settled_later: rows.into_iter().filter(|row| row.is("settledLater")).collect(),
        ..Record::default()
    };
    match changes {
        Ok(Changes { by_the_broker, skipped }) => {
            record.compared = Some(by_the_broker.len());
            record.not_checked.extend(unreadable(skipped, "entries of the audit log"));
            let left = unexplained(by_the_broker, known);
            record.unexplained = left.into_iter().map(Into::into).collect();
        }
        Err(NotCompared { sentence, .. }) => record.not_checked.push(sentence),
    }
    Ok(record)
}

/// Whether the outcome of an intent is recorded, so that the intent is open only until its event is sent.
fn is_on_record(intent: &Row, rows: &[Row]) -> bool {
    let Some(key) = intent.text("auditRowKey") else { return false };
    let principal = intent.keys().0;
    rows.iter().filter(|row| row.keys().0 == principal).any(|row| {
        let is_certain = row.text("status") != Some("unknown");
        match row.keys().1.strip_prefix(key) {
            Some("") => is_certain,
            Some("-settled") => true,
            _ => false,
        }
    })
}

/// Reads the rows that can explain a change, and those that were settled later.
async fn written(tables: &RecordTables, since: Since) -> Result<Vec<Row>, Failure> {
    let statuses =
        ["assigned", "revoked", "unknown"].map(|text| filter::text("status", "eq", text));
    let conditions = format!("({} or settledLater eq true)", statuses.join(" or "));
    let conditions = [since.earlier(LONGEST_REQUEST).of_keys(), conditions];
    let table = tables.audit();
    let entities = table.pages(&filter::all(conditions)).all().await;
    let entities = entities.map_err(|error| Failure::from(&error))?;
    Ok(entities.into_iter().map(Row::from).collect())
}

/// Reads the changes by the broker's identity, or says why they are not checked. The rest of the check does
/// not need them.
async fn changes(
    global: &GlobalOptions,
    arguments: &CheckArguments,
) -> Result<Changes, NotCompared> {
    let Some(name) = arguments.broker.name() else {
        let sentence = "the audit log of Entra: name the broker's identity with --broker-identity";
        return Err(NotCompared { sentence: sentence.to_owned(), exit: Exit::Done });
    };
    let session = Session::open(global).await?;
    let broker = session.directory().principal(name).await?.object_id;
    let since = arguments.since.moment();
    let audits = session.graph().directory_audits();
    let listed = audits.app_role_changes(since, session.deadline()).await;
    let Listed { rows, skipped } = listed.map_err(|error| unreadable_log(&error))?;
    let is_by_the_broker = |entry: &DirectoryAudit| entry.author == Some(broker);
    Ok(Changes { by_the_broker: rows.into_iter().filter(is_by_the_broker).collect(), skipped })
}

impl From<Failure> for NotCompared {
    /// The comparison was asked for, so its failure is no success. The rest of the check is shown.
    fn from(failure: Failure) -> Self {
        let exit = match failure.exit {
            exit @ (Exit::Usage | Exit::Denied | Exit::NotFound) => exit,
            _ => Exit::Partly,
        };
        Self { sentence: format!("the audit log of Entra: {}", failure.sentence), exit }
    }
}

/// Says why the audit log cannot be read.
fn unreadable_log(error: &GraphError) -> Failure {
    let failure = Failure::from(error);
    match error.kind() {
        ErrorKind::Forbidden => Failure {
            sentence: "you may not read it: you need the Entra role Reports Reader, or as an \
                       application the permission AuditLog.Read.All of Microsoft Graph"
                .to_owned(),
            ..failure
        },
        _ => failure,
    }
}
