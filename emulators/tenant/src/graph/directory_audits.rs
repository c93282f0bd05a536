//! The audit log, as Microsoft Graph lists it ("List directoryAudits", "directoryAudit resource type").

use serde::Serialize;
use serde_json::{Value, json};
use warp::{http::StatusCode, reply::Response};

use super::{
    answer::{self, METADATA},
    audit_filter::AuditFilter,
    list_query::ListQuery,
    shape::Type,
};
use crate::{
    audit_log::AuditEntry,
    failure::Failure,
    incoming_request::IncomingRequest,
    ledger::WriteKind,
    service_principal::ServicePrincipal,
    timestamp,
    world::{World, lock},
};

/// Nothing can be selected in this emulator.
const DIRECTORY_AUDIT: Type =
    Type { name: "microsoft.graph.directoryAudit", properties: &[], relations: &[] };

#[derive(Serialize)]
struct ListBody {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<EntryBody>,
}

/// An entry in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryBody {
    id: String,
    category: &'static str,
    correlation_id: String,
    result: &'static str,
    result_reason: &'static str,
    activity_display_name: &'static str,
    activity_date_time: String,
    logged_by_service: &'static str,
    operation_type: &'static str,
    initiated_by: InitiatedBy,
    target_resources: Vec<TargetResource>,
    additional_details: [Value; 0],
}

/// The maker of a change ("auditActivityInitiator resource type").
#[derive(Serialize)]
struct InitiatedBy {
    user: Option<Value>,
    app: Option<App>,
}

/// An application that made a change ("appIdentity resource type").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct App {
    app_id: Option<String>,
    display_name: String,
    service_principal_id: String,
    service_principal_name: Option<String>,
}

/// An object that a change is about ("targetResource resource type").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetResource {
    id: String,
    display_name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    user_principal_name: Option<String>,
    group_type: Option<String>,
    modified_properties: Vec<ModifiedProperty>,
}

/// A property that a change is about ("modifiedProperty resource type").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModifiedProperty {
    display_name: &'static str,
    old_value: Option<String>,
    new_value: Option<String>,
}

/// `GET` of a page of the audit log.
pub(crate) fn list(world: &World, incoming: &IncomingRequest) -> Result<Response, Failure> {
    let query = ListQuery::read(incoming, &DIRECTORY_AUDIT, AuditFilter::parse)?;
    let mut entries = lock(&world.audit_log).shown();
    let matches = |entry: &AuditEntry| {
        query.filter.as_ref().is_none_or(|filter| filter.matches(entry, activity(entry.kind)))
    };
    entries.retain(matches);
    let body = ListBody {
        context: format!("{METADATA}#auditLogs/directoryAudits"),
        next_link: query.page.next_link(&world.origin, incoming, entries.len()),
        value: query.page.of(entries).map(EntryBody::from).collect(),
    };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// The name of a change ("Microsoft Entra audit log categories and activities").
fn activity(kind: WriteKind) -> &'static str {
    match kind {
        WriteKind::Created => "Add app role assignment to service principal",
        WriteKind::Deleted => "Remove app role assignment from service principal",
    }
}

impl From<AuditEntry> for EntryBody {
    fn from(entry: AuditEntry) -> Self {
        Self {
            category: "ApplicationManagement",
            result: "success",
            result_reason: "",
            activity_display_name: activity(entry.kind),
            activity_date_time: timestamp::with_fraction(entry.at),
            logged_by_service: "Core Directory",
            operation_type: match entry.kind {
                WriteKind::Created => "Assign",
                WriteKind::Deleted => "Unassign",
            },
            initiated_by: InitiatedBy::from(entry.author.as_ref()),
            target_resources: vec![api(&entry), principal(&entry)],
            id: entry.id,
            correlation_id: entry.correlation_id,
            additional_details: [],
        }
    }
}

impl From<Option<&ServicePrincipal>> for InitiatedBy {
    fn from(author: Option<&ServicePrincipal>) -> Self {
        let user = json!({
            "id": "c0a70500-0000-4000-8000-0000000000aa",
            "displayName": null,
            "userPrincipalName": "admin@contoso.com",
            "ipAddress": null,
        });
        let app = author.map(|author| App {
            app_id: None,
            display_name: author.display_name.clone(),
            service_principal_id: author.id.clone(),
            service_principal_name: None,
        });
        Self { user: app.is_none().then_some(user), app }
    }
}

/// The API, with the changed properties: those of the role, of the assignment and of its holder.
fn api(entry: &AuditEntry) -> TargetResource {
    let AuditEntry { assignment, role, .. } = entry;
    let value = role.as_ref().and_then(|role| role.value.clone()).unwrap_or_default();
    let name = role.as_ref().map(|role| role.display_name.clone()).unwrap_or_default();
    let properties = [
        ("AppRole.Id", assignment.app_role_id.clone()),
        ("AppRole.Value", value),
        ("AppRole.DisplayName", name),
        ("AppRoleAssignment.CreatedDateTime", assignment.created_date_time.clone()),
        ("AppRoleAssignment.LastModifiedDateTime", assignment.created_date_time.clone()),
        ("ServicePrincipal.ObjectID", assignment.principal_id.clone()),
        ("ServicePrincipal.DisplayName", assignment.principal_display_name.clone()),
        ("ServicePrincipal.AppId", entry.principal_app_id.clone()),
        ("ServicePrincipal.Name", entry.principal_app_id.clone()),
        ("TargetId.ServicePrincipalNames", entry.api_names.join(";")),
    ];
    let properties = properties.map(|(name, value)| modified(name, &value, entry.kind));
    let (id, name) = (&assignment.resource_id, &assignment.resource_display_name);
    target(id, name, properties.into())
}

fn principal(entry: &AuditEntry) -> TargetResource {
    target(&entry.assignment.principal_id, &entry.assignment.principal_display_name, Vec::new())
}

fn target(id: &str, name: &str, modified_properties: Vec<ModifiedProperty>) -> TargetResource {
    TargetResource {
        id: id.to_owned(),
        display_name: name.to_owned(),
        kind: "ServicePrincipal",
        user_principal_name: None,
        group_type: None,
        modified_properties,
    }
}

/// A value is JSON in a text. A removal has the names of the API in `newValue`, and all else in `oldValue`.
fn modified(display_name: &'static str, value: &str, kind: WriteKind) -> ModifiedProperty {
    let value = Some(Value::from(value).to_string());
    let is_new = kind == WriteKind::Created || display_name.starts_with("TargetId.");
    let (old_value, new_value) = if is_new { (None, value) } else { (value, None) };
    ModifiedProperty { display_name, old_value, new_value }
}
