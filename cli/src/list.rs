//! `app-role list`: which roles a principal holds.

use std::sync::Arc;

use app_roles::{
    directory::{Api, AppRole, Assignment},
    ids::{AppRoleId, ObjectId},
    names::{ApiName, RoleName},
};
use clap::Args;
use microsoft_graph::Lookup;
use serde::Serialize;

use crate::{
    arguments::GlobalOptions,
    failure::{Exit, Failure},
    output::{Paging, Progress, Screen},
    result::shown_text,
    roles::Privilege,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Whose roles
    principal: String,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    api: String,
    api_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    role_id: AppRoleId,
    #[serde(flatten)]
    privilege: Privilege,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    assignment_id: String,
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &ListArguments,
) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let principal = session.principal(&arguments.principal).await?;
    let held = session.broker.graph().assignments().list(&principal, session.deadline()).await?;
    let progress = Progress::start("");
    let mut rows = Vec::new();
    for (index, assignment) in held.iter().enumerate() {
        progress.say(&format!("{} of {} roles …", index + 1, held.len()));
        rows.push(row(&session, assignment).await?);
    }
    drop(progress);
    if rows.is_empty() {
        screen.note(&format!("{} holds no app role", principal.object_id));
    }
    screen.list(&["API", "ROLE", "PRIVILEGED", "SINCE"], &rows, arguments.paging, |row| {
        let role = row.role.clone().unwrap_or_else(|| row.role_id.to_string());
        vec![
            row.api.clone(),
            role,
            row.privilege.mark(),
            row.since.as_deref().map(shown_text).unwrap_or_default(),
        ]
    })?;
    Ok(Exit::Done)
}

async fn row(session: &Session, assignment: &Assignment) -> Result<Row, Failure> {
    let api = by_object_id(session, assignment.api).await?;
    let role = api.as_ref().and_then(|api| api.role(&RoleName::from(assignment.role)).ok());
    let role = role.unwrap_or_else(|| AppRole::known_by_id(assignment.role));
    let name = api.as_ref().map(|api| api.display_name.clone());
    Ok(Row {
        api: name.unwrap_or_else(|| format!("{} (no longer in this tenant)", assignment.api)),
        api_id: assignment.api,
        privilege: match &api {
            Some(api) => Privilege::of(api, &role),
            None => Privilege::unknown(),
        },
        role: role.value,
        role_id: role.id,
        since: assignment.created.clone(),
        assignment_id: assignment.id.clone(),
    })
}

/// The API of an assignment. It is read once, however many of its roles are held.
pub(crate) async fn by_object_id(
    session: &Session,
    id: ObjectId,
) -> Result<Option<Arc<Api>>, Failure> {
    let found = session
        .broker
        .graph()
        .service_principals()
        .find_api(&ApiName::ObjectId(id), session.deadline())
        .await?;
    Ok(match found {
        Lookup::Found(api) => Some(api),
        _ => None,
    })
}
