//! `app-role history`: what a principal received and lost, and what the record does not explain about it.

mod grants;

use std::sync::Arc;

use app_roles::{
    directory::{Api, Principal},
    held::HeldAssignments,
    ids::{Guid, ObjectId},
};
use clap::Args;
use grants::{Grant, Holding, Names};
use serde::Serialize;

use crate::{
    agents,
    broker_record::{Ends, RecordAccount, RecordTables, Row},
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::{Progress, Screen},
    session::Session,
    storage::{TableError, filter},
    unreadable::unreadable,
};

/// The rows that are read from the audit table: changes, and writes whose outcome was unknown to the
/// broker.
const CHANGES: &str = "(status eq 'assigned' or status eq 'revoked' or status eq 'unknown')";

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// Principal whose history to show. An object ID finds a deleted principal, too
    principal: String,
    #[command(flatten)]
    account: RecordAccount,
}

/// The history of a principal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// Whether the tenant has the principal now.
    exists: bool,
    grants: Vec<Grant>,
    /// What could not be read, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<String>,
}

/// What the tenant says about the principal now.
struct Now {
    principal: Principal,
    held: HeldAssignments,
    names: Names,
}

/// Runs `app-role history`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &HistoryArguments,
) -> Result<Exit, Failure> {
    let tables = arguments.account.require(global)?;
    let session = Session::open(global).await?;
    let progress = Progress::start("looking up the principal …");
    let now = match session.directory().principal(&arguments.principal).await {
        Ok(principal) => Ok(Now::of(&session, principal).await?),
        Err(failure) if failure.exit == Exit::NotFound => Err(failure),
        Err(failure) => return Err(failure),
    };
    progress.say("reading the record …");
    let rows = rows(&tables, &arguments.principal, now.as_ref().ok()).await?;
    let now = match now {
        Ok(now) => Some(now),
        // The record remembers a principal that was deleted.
        Err(_) if !rows.is_empty() => None,
        Err(failure) => return Err(failure),
    };
    let history = history(&tables, now.as_ref(), rows).await?;
    drop(progress);
    if screen.prints_document() {
        screen.json(&history)?;
    } else {
        show(screen, &history);
    }
    if let Some(remark) = now.as_ref().and_then(|now| agents::remark(&now.principal)) {
        screen.note(remark);
    }
    Ok(Exit::Done)
}

impl Now {
    async fn of(session: &Session, principal: Principal) -> Result<Self, Failure> {
        let directory = session.directory();
        let held = directory.assignments(&principal).await?;
        let mut apis: Vec<Arc<Api>> = Vec::new();
        for assignment in held.iter() {
            if !apis.iter().any(|api| api.object_id == assignment.api) {
                apis.extend(directory.api_of(assignment).await?);
            }
        }
        Ok(Self { principal, held, names: Names::of(&apis) })
    }
}

/// Reads the changes on record, newest first. Without a principal in the tenant, only an ID can name one.
async fn rows(tables: &RecordTables, name: &str, now: Option<&Now>) -> Result<Vec<Row>, Failure> {
    let of_principal = match (now, Guid::parse(name)) {
        (Some(now), _) => filter::text("PartitionKey", "eq", &now.principal.object_id.to_string()),
        (None, Ok(id)) => {
            let id = id.to_string();
            let of_client = filter::text("principalClientId", "eq", &id);
            format!("({} or {of_client})", filter::text("PartitionKey", "eq", &id))
        }
        (None, Err(_)) => return Ok(Vec::new()),
    };
    let filter = filter::all([of_principal, CHANGES.to_owned()]);
    let mut rows: Vec<Row> = match tables.audit().pages(&filter).all().await {
        Ok(entities) => entities.into_iter().map(Row::from).collect(),
        // The broker creates the table with the first row.
        Err(TableError::NotFound(_)) => Vec::new(),
        Err(error) => return Err(Failure::from(&error)),
    };
    rows.sort_by_cached_key(Row::newest_first);
    Ok(rows)
}

async fn history(
    tables: &RecordTables,
    now: Option<&Now>,
    rows: Vec<Row>,
) -> Result<History, Failure> {
    let Some(Now { principal, held, names }) = now else {
        let text = |name| rows.iter().find_map(|row| row.text(name)).map(str::to_owned);
        let id = text("principalId").and_then(|id| ObjectId::parse(&id).ok());
        let display_name = text("principalDisplayName");
        let grants = grants::joined(Vec::new(), &rows, false);
        let unread = Vec::new();
        return Ok(History { principal_id: id, display_name, exists: false, grants, unread });
    };
    let ends = Ends::of_principal(Some(tables), principal.object_id).await?;
    let holdings = held.iter().map(|assignment| {
        let end = ends.end_of(principal.object_id, assignment);
        Holding::new(assignment, names, end)
    });
    let unread = unreadable(held.unreadable(), "assignments").into_iter().chain(ends.unreadable());
    Ok(History {
        principal_id: Some(principal.object_id),
        display_name: Some(principal.display_name.clone()),
        exists: true,
        grants: grants::joined(holdings.collect(), &rows, true),
        unread: unread.collect(),
    })
}

fn show(screen: Screen, history: &History) {
    let name = history.display_name.as_deref().unwrap_or("a principal without a name");
    let id = history.principal_id.map(|id| format!(" (object ID {id})")).unwrap_or_default();
    screen.say(format!("{name}{id}"));
    if !history.exists {
        screen.say("the tenant has this principal no more, so it holds nothing now");
    }
    if history.grants.is_empty() {
        screen.say("it holds no app role, and the record has no change of it");
    }
    for grant in &history.grants {
        screen.say("");
        grant.show(screen);
    }
    for sentence in &history.unread {
        screen.note(sentence.as_str());
    }
}
