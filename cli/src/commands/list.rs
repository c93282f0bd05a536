//! `app-role list`: the roles that a principal holds.

mod through_broker;

use app_roles::{
    directory::{AppRole, Assignment, Principal},
    ids::ObjectId,
    names::RoleName,
};
use clap::Args;
use serde::Serialize;
use through_broker::Asked;

use crate::{
    agents,
    broker_reading::ReadingOptions,
    broker_record::{End, Ends, RecordAccount},
    directory::Directory,
    exit::Exit,
    failure::Failure,
    held_role::HeldRole,
    options::GlobalOptions,
    output::{Paging, Progress, Screen},
    privilege::Privilege,
    session::Session,
    unreadable::unreadable,
};

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Principal whose roles to list
    principal: String,
    /// List only the roles of this API
    #[arg(long, value_name = "API")]
    api: Option<String>,
    /// Ask the broker, as a requester of the policy: you need no permissions in the tenant
    #[arg(long, requires = "api")]
    through_broker: bool,
    #[command(flatten)]
    reading: ReadingOptions,
    #[command(flatten)]
    account: RecordAccount,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    api: String,
    api_id: ObjectId,
    #[serde(flatten)]
    held: HeldRole,
    assignment_id: String,
}

/// Runs `app-role list`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ListArguments,
) -> Result<Exit, Failure> {
    if let (true, Some(api)) = (arguments.through_broker, &arguments.api) {
        let (principal, paging) = (arguments.principal.as_str(), arguments.paging);
        let asked = Asked { principal, api, paging };
        return through_broker::run(global, screen, &arguments.reading, asked).await;
    }
    let tables = arguments.account.open(global)?;
    let session = Session::open(global).await?;
    let directory = session.directory();
    let principal = directory.principal(&arguments.principal).await?;
    let only = match &arguments.api {
        Some(api) => Some(directory.api(api).await?),
        None => None,
    };
    let held = directory.assignments(&principal).await?;
    let ends = Ends::of_principal(tables.as_ref(), principal.object_id).await?;
    let progress = Progress::start("");
    let is_asked = |one: &&Assignment| only.as_ref().is_none_or(|api| api.object_id == one.api);
    let mut rows = Vec::new();
    for (index, assignment) in held.iter().filter(is_asked).enumerate() {
        progress.say(&format!("{} of {} roles …", index + 1, held.len()));
        let end = ends.end_of(principal.object_id, assignment);
        rows.push(row(directory, &principal, (assignment, end)).await?);
    }
    drop(progress);
    if rows.is_empty() && held.unreadable() == 0 {
        let of = only.map(|api| format!(" of {}", api.display_name)).unwrap_or_default();
        screen.say(holds_nothing(&principal, &of));
    }
    let headers: Vec<_> = ["API"].into_iter().chain(HeldRole::HEADERS).collect();
    screen.list(&headers, &rows, arguments.paging, |row| {
        [row.api.clone()].into_iter().chain(row.held.cells()).collect()
    })?;
    if let Some(sentence) = unreadable(held.unreadable(), "assignments") {
        screen.note(sentence);
    }
    ends.note_unreadable(screen);
    if let Some(remark) = agents::remark(&principal) {
        screen.note(remark);
    }
    Ok(Exit::Done)
}

/// Says that a principal holds no role.
fn holds_nothing(principal: &Principal, of: &str) -> String {
    let place = principal.resource_id.as_ref().map(|id| format!(", resource {id}"));
    format!(
        "{:?} holds no app role{of} (object ID {}{})",
        principal.display_name,
        principal.object_id,
        place.unwrap_or_default()
    )
}

async fn row(
    directory: Directory<'_>,
    principal: &Principal,
    (assignment, end): (&Assignment, Option<End>),
) -> Result<Row, Failure> {
    let api = directory.api_of(assignment).await?;
    let role = api.as_ref().and_then(|api| api.role(&RoleName::from(assignment.role)).ok());
    let role = role.unwrap_or_else(|| AppRole::known_by_id(assignment.role));
    let name = api.as_ref().map(|api| api.display_name.clone());
    let privilege = match &api {
        Some(api) => Privilege::of_assignment(principal, api, &role),
        None => Privilege::unknown(),
    };
    let held = HeldRole::new(role, privilege, assignment.created.clone()).ending(end);
    Ok(Row {
        api: name.unwrap_or_else(|| format!("{} (deleted)", assignment.api)),
        api_id: assignment.api,
        held: held.inherited_by_agents(agents::is_inherited(principal)),
        assignment_id: assignment.id.clone(),
    })
}
