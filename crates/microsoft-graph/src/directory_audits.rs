//! Microsoft Entra's audit log: who assigned and revoked app roles ("List directoryAudits"). Only operators
//! read it, because the broker has no permission to.

use std::sync::Arc;

use app_roles::{
    ids::{AppRoleId, ObjectId},
    request::Action,
};
use azure_rest::retry::Deadline;
use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::GraphClient,
    error::GraphError,
    member::Member,
    odata,
    pages::{Listed, Pages},
    rows::WireRow,
};

/// The activities that change app roles of service principals ("Microsoft Entra audit log categories and
/// activities").
const ACTIVITIES: [(&str, Action); 2] = [
    ("Add app role assignment to service principal", Action::Assign),
    ("Remove app role assignment from service principal", Action::Revoke),
];

/// The changed properties with the ids of an assignment. They belong to the API among the target resources.
const ROLE_ID: &str = "AppRole.Id";
const PRINCIPAL_ID: &str = "ServicePrincipal.ObjectID";

/// The `result` of a change that was not made ("directoryAudit resource type").
const FAILURE: &str = "failure";

/// Microsoft Entra's audit log.
pub struct DirectoryAudits {
    client: Arc<GraphClient>,
}

/// A change of an app role assignment. An id is absent if the entry does not name it in the expected way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryAudit {
    /// Entra's id of the entry.
    pub id: String,
    /// When the change was made. Absent if it cannot be read.
    pub at: Option<OffsetDateTime>,
    /// What was done.
    pub action: Action,
    /// The service principal that made the change. Absent if a user did, or if Entra does not name it.
    pub author: Option<ObjectId>,
    /// The holder of the role.
    pub principal: Option<ObjectId>,
    /// The API that defines the role.
    pub api: Option<ObjectId>,
    /// The role.
    pub role: Option<AppRoleId>,
    /// The `client-request-id` of the call, if Entra has kept it.
    pub correlation_id: Option<String>,
}

impl DirectoryAudits {
    pub(crate) fn new(client: Arc<GraphClient>) -> Self {
        Self { client }
    }

    /// Lists the changes of app role assignments since a moment, by all authors. Graph documents no filter
    /// by the service principal that made a change ("directoryAudit resource type", `initiatedBy`). Entra
    /// may show an entry hours after the change ("How long does Microsoft Entra ID store reporting data?").
    pub async fn app_role_changes(
        &self,
        since: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<Listed<DirectoryAudit>, GraphError> {
        let mut all = Listed { rows: Vec::new(), skipped: 0 };
        for (activity, _) in ACTIVITIES {
            let first = odata::directory_audits(self.client.root(), activity, since);
            let pages = Pages::new(&self.client, "list the audit log of Entra", first).of_tenant();
            let Listed { rows, skipped } = pages.read_all::<WireDirectoryAudit>(deadline).await?;
            all.skipped += skipped;
            all.rows.extend(rows.into_iter().flatten());
        }
        Ok(all)
    }
}

/// An entry of the audit log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDirectoryAudit {
    #[serde(default)]
    id: Member<String>,
    #[serde(default)]
    activity_date_time: Member<String>,
    #[serde(default)]
    activity_display_name: Member<String>,
    #[serde(default)]
    result: Member<String>,
    #[serde(default)]
    correlation_id: Member<String>,
    #[serde(default)]
    initiated_by: Member<WireInitiator>,
    #[serde(default)]
    target_resources: Member<Vec<Member<WireTarget>>>,
}

#[derive(Debug, Deserialize)]
struct WireInitiator {
    #[serde(default)]
    app: Member<WireApp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireApp {
    #[serde(default)]
    service_principal_id: Member<ObjectId>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTarget {
    #[serde(default)]
    id: Member<ObjectId>,
    #[serde(default)]
    modified_properties: Member<Vec<Member<WireProperty>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperty {
    #[serde(default)]
    display_name: Member<String>,
    #[serde(default)]
    old_value: Member<String>,
    #[serde(default)]
    new_value: Member<String>,
}

impl WireRow for WireDirectoryAudit {
    /// `None` if no change was made.
    type Row = Option<DirectoryAudit>;

    fn id(&self) -> Option<String> {
        self.id.clone().value()
    }

    fn read(self) -> Result<Option<DirectoryAudit>, &'static str> {
        let named = self.activity_display_name.value().ok_or("it has no activityDisplayName")?;
        let known = ACTIVITIES.iter().find(|(activity, _)| named.eq_ignore_ascii_case(activity));
        let (_, action) = known.ok_or("its activityDisplayName is another one than asked for")?;
        if self.result.value().is_some_and(|result| result.eq_ignore_ascii_case(FAILURE)) {
            return Ok(None);
        }
        let at = self.activity_date_time.value();
        let at = at.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
        let targets = self.target_resources.value().unwrap_or_default();
        let targets: Vec<_> = targets.into_iter().filter_map(Member::value).collect();
        let author = self.initiated_by.value().and_then(|by| by.app.value());
        Ok(Some(DirectoryAudit {
            id: self.id.value().ok_or("it has no valid id")?,
            at,
            action: *action,
            author: author.and_then(|app| app.service_principal_id.value()),
            principal: id_in(&targets, PRINCIPAL_ID, ObjectId::parse),
            api: targets
                .iter()
                .find(|one| one.property(ROLE_ID).is_some())
                .and_then(WireTarget::id),
            role: id_in(&targets, ROLE_ID, AppRoleId::parse),
            correlation_id: self.correlation_id.value(),
        }))
    }
}

/// The id in a changed property.
fn id_in<T, E>(
    targets: &[WireTarget],
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    let text = targets.iter().find_map(|target| target.property(name))?.text()?;
    parse(&text).ok()
}

impl WireTarget {
    fn id(&self) -> Option<ObjectId> {
        self.id.clone().value()
    }

    fn property(&self, name: &str) -> Option<&WireProperty> {
        let Member::Value(properties) = &self.modified_properties else { return None };
        let properties = properties.iter().filter_map(|property| property.as_ref().value());
        properties.into_iter().find(|property| {
            property.display_name.as_ref().value().is_some_and(|known| known == name)
        })
    }
}

impl WireProperty {
    /// The value, which is JSON in a text: the new one, or the old one of a removal. Two different values
    /// are not an id.
    fn text(&self) -> Option<String> {
        match (plain(&self.old_value), plain(&self.new_value)) {
            (Some(old), Some(new)) if old != new => None,
            (old, new) => new.or(old),
        }
    }
}

/// A value without its JSON quotes. An empty one counts as absent.
fn plain(value: &Member<String>) -> Option<String> {
    let text = value.as_ref().value()?;
    let text = match serde_json::from_str(text) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) => String::new(),
        _ => text.clone(),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PRINCIPAL: &str = "11111111-1111-1111-1111-111111111111";
    const API: &str = "22222222-2222-2222-2222-222222222222";
    const ROLE: &str = "33333333-3333-3333-3333-333333333333";

    fn entry(properties: &Value) -> Value {
        json!({
            "id": "Directory_1", "activityDisplayName": ACTIVITIES[0].0, "result": "success",
            "activityDateTime": "2026-08-20T10:11:12.1234567Z",
            "initiatedBy": { "user": null, "app": { "servicePrincipalId": PRINCIPAL } },
            "targetResources": [
                { "id": PRINCIPAL, "modifiedProperties": [] },
                { "id": API, "modifiedProperties": properties },
            ],
        })
    }

    fn read(entry: &Value) -> Result<Option<DirectoryAudit>, &'static str> {
        serde_json::from_str::<WireDirectoryAudit>(&entry.to_string()).unwrap().read()
    }

    fn ids(properties: &Value) -> [Option<String>; 3] {
        let read = read(&entry(properties)).unwrap().unwrap();
        let text = |id: Option<ObjectId>| id.map(|id| id.to_string());
        let role = read.role.map(|id| app_roles::names::RoleName::from(id).to_string());
        [text(read.principal), text(read.api), role]
    }

    #[test]
    fn ids_are_read_from_the_old_or_the_new_value_with_or_without_quotes() {
        let quoted = |id: &str| format!("\"{id}\"");
        let all = [PRINCIPAL, API, ROLE].map(|id| Some(id.to_owned()));
        for (old, new) in [
            (json!(null), json!(quoted(ROLE))),
            (json!(quoted(ROLE)), json!(null)),
            (json!(quoted(ROLE)), json!("\"\"")),
            (json!("null"), json!(ROLE)),
            (json!(5), json!(quoted(&ROLE.to_uppercase()))),
            (json!(quoted(ROLE)), json!(quoted(ROLE))),
        ] {
            let role = json!({ "displayName": ROLE_ID, "oldValue": old, "newValue": new });
            let principal = json!({ "displayName": PRINCIPAL_ID, "newValue": quoted(PRINCIPAL) });
            let read = ids(&json!([5, null, {}, role, principal]));
            assert_eq!(read, all, "{old} {new}");
        }
    }

    #[test]
    fn an_id_that_is_not_where_it_belongs_is_absent() {
        for properties in [
            json!(null),
            json!([]),
            json!([{ "displayName": "AppRole.Value", "newValue": format!("\"{ROLE}\"") }]),
            json!([{ "displayName": "x\"AppRole.Id", "newValue": format!("\"{ROLE}\"") }]),
        ] {
            assert_eq!(ids(&properties), [None, None, None], "{properties}");
        }
        let two = json!([{ "displayName": ROLE_ID, "oldValue": API, "newValue": ROLE }]);
        assert_eq!(ids(&two), [None, Some(API.to_owned()), None]);
    }

    #[test]
    fn an_entry_of_a_user_has_no_author_and_a_failed_change_is_left_out() {
        let mut one = entry(&json!([]));
        for by in [json!(null), json!({ "user": {} }), json!({ "app": null }), json!({ "app": 1 })]
        {
            one["initiatedBy"] = by;
            assert_eq!(read(&one).unwrap().unwrap().author, None);
        }
        one["result"] = json!("failure");
        assert_eq!(read(&one), Ok(None));
    }
}
