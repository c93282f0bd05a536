//! `app-role holders`: the principals that hold roles of an API.

use app_roles::{
    directory::{Api, AppRole, Assignment, Principal},
    ids::ObjectId,
    names::RoleName,
};
use clap::Args;
use microsoft_graph::{Listed, assignments::NamedHolder};
use serde::Serialize;

use crate::{
    agents,
    broker_record::{End, Ends, RecordAccount},
    exit::Exit,
    failure::Failure,
    held_role::HeldRole,
    names,
    options::GlobalOptions,
    output::{Paging, Progress, Screen},
    privilege::Privilege,
    session::Session,
    unreadable::unreadable,
};

/// The usual type of a holder ("appRoleAssignment resource type", principalType).
const APPLICATION: &str = "ServicePrincipal";

#[derive(Debug, Args)]
pub(crate) struct HoldersArguments {
    /// API that defines the roles
    api: String,
    /// List only the holders of this role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    #[command(flatten)]
    account: RecordAccount,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    principal: String,
    principal_id: ObjectId,
    principal_type: String,
    #[serde(flatten)]
    held: HeldRole,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_id: Option<String>,
}

impl Row {
    /// Returns the type of a holder in words.
    fn kind(&self) -> &str {
        match self.principal_type.as_str() {
            _ if self.held.inherited_by_agents => agents::BLUEPRINT,
            APPLICATION => "service principal",
            "User" => "user",
            "Group" => "group",
            other => other,
        }
    }
}

/// Runs `app-role holders`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &HoldersArguments,
) -> Result<Exit, Failure> {
    let tables = arguments.account.open(global)?;
    let session = Session::open(global).await?;
    let api = session.directory().api(&arguments.api).await?;
    let role = arguments.role.as_deref().map(|text| names::role(&api, text)).transpose()?;
    let progress = Progress::start("listing the holders …");
    let listed = session.graph().assignments().list_holders(&api, session.deadline()).await?;
    let Listed { rows: holders, skipped } = listed;
    let blueprints = if holders.is_empty() { Ok(Vec::new()) } else { blueprints(&session).await };
    let ends = Ends::of_api(tables.as_ref(), api.object_id).await?;
    drop(progress);
    let is_listed = |holder: &NamedHolder| role.as_ref().is_none_or(|role| role.id == holder.role);
    let known = blueprints.as_deref().unwrap_or_default();
    let listed = holders.into_iter().filter(is_listed);
    let rows: Vec<_> = listed
        .map(|holder| {
            let end = ends.end_of(holder.principal, &assignment(&api, &holder));
            row(&api, known, (holder, end))
        })
        .collect();
    if rows.is_empty() {
        screen.say(match &role {
            Some(role) => {
                let value = role.value.clone().unwrap_or_else(|| role.id.to_string());
                format!("no principal holds {value} of {:?}", api.display_name)
            }
            None => format!("no principal holds a role of {:?}", api.display_name),
        });
    }
    let headers = ["PRINCIPAL", "OBJECT ID", "TYPE"].into_iter().chain(HeldRole::HEADERS);
    screen.list(&headers.collect::<Vec<_>>(), &rows, arguments.paging, |row| {
        let holder = [row.principal.clone(), row.principal_id.to_string(), row.kind().to_owned()];
        holder.into_iter().chain(row.held.cells()).collect()
    })?;
    if let Some(sentence) = unreadable(skipped, "assignments") {
        screen.note(sentence);
    }
    ends.note_unreadable(screen);
    if rows.iter().any(|row| row.held.inherited_by_agents) {
        screen.note(format!("each {} fans out: {}", agents::BLUEPRINT, agents::INHERITED));
    }
    if let Err(failure) = blueprints {
        let sentence = failure.sentence;
        screen.note(format!("it is unknown which holders are agent blueprints: {sentence}"));
    }
    Ok(Exit::Done)
}

/// Reads the principals of all agent blueprints.
async fn blueprints(session: &Session) -> Result<Vec<Principal>, Failure> {
    Ok(session.graph().inventory().agent_blueprints(session.deadline()).await?.rows)
}

/// Returns the assignment of a holder. Without a readable ID, only its creation time tells whether it ends.
fn assignment(api: &Api, holder: &NamedHolder) -> Assignment {
    Assignment {
        id: holder.assignment_id.clone().unwrap_or_default(),
        api: api.object_id,
        role: holder.role,
        created: holder.created.clone(),
    }
}

fn row(api: &Api, blueprints: &[Principal], (holder, end): (NamedHolder, Option<End>)) -> Row {
    let known = api.role(&RoleName::from(holder.role));
    let role = known.unwrap_or_else(|_| AppRole::known_by_id(holder.role));
    let blueprint = blueprints.iter().find(|one| one.object_id == holder.principal);
    let privilege = match blueprint {
        Some(blueprint) => Privilege::of_assignment(blueprint, api, &role),
        None => Privilege::of(api, &role),
    };
    let held = HeldRole::new(role, privilege, holder.created).ending(end);
    Row {
        principal: holder.display_name,
        principal_id: holder.principal,
        principal_type: holder.kind,
        held: held.inherited_by_agents(blueprint.is_some()),
        assignment_id: holder.assignment_id,
    }
}
