//! JSON bodies of Microsoft Graph.

use serde::{Deserialize, Serialize};

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Assignment, Principal},
    ids::{AppId, AppRoleId, Guid, ObjectId},
};

/// The `servicePrincipalType` of managed identities. Only Azure can set it.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// The member type of roles that applications can hold ("appRole resource type", allowedMemberTypes).
const APPLICATION: &str = "Application";

/// A service principal that can hold roles.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePrincipal {
    id: ObjectId,
    app_id: AppId,
    pub(crate) display_name: Option<String>,
    service_principal_type: Option<String>,
    #[serde(default)]
    alternative_names: Vec<String>,
}

/// A service principal that defines roles.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireApi {
    id: ObjectId,
    app_id: AppId,
    display_name: Option<String>,
    app_owner_organization_id: Option<Guid>,
    #[serde(default)]
    service_principal_names: Vec<String>,
    #[serde(default)]
    app_roles: Vec<WireAppRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAppRole {
    id: AppRoleId,
    value: Option<String>,
    is_enabled: Option<bool>,
    #[serde(default)]
    allowed_member_types: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewAssignment {
    pub(crate) principal_id: ObjectId,
    pub(crate) resource_id: ObjectId,
    pub(crate) app_role_id: AppRoleId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAssignment {
    id: String,
    app_role_id: AppRoleId,
    resource_id: ObjectId,
    created_date_time: Option<String>,
}

/// An assignment in the list of an API's assignments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNamedHolder {
    pub(crate) principal_id: ObjectId,
    pub(crate) principal_display_name: Option<String>,
    pub(crate) principal_type: Option<String>,
    #[serde(flatten)]
    pub(crate) assignment: WireAssignment,
}

impl From<WirePrincipal> for Principal {
    fn from(wire: WirePrincipal) -> Self {
        let resource_id = match wire.service_principal_type.as_deref() {
            Some(MANAGED_IDENTITY) => single_resource_id(&wire.alternative_names),
            _ => None,
        };
        Self {
            object_id: wire.id,
            client_id: wire.app_id,
            display_name: wire.display_name.unwrap_or_default(),
            resource_id,
            by_client_id: false,
        }
    }
}

/// The only alternative name that is an ARM id. With two of them, the resource would be ambiguous. A
/// malformed one counts too: Azure would not write it.
fn single_resource_id(names: &[String]) -> Option<ArmScope> {
    let mut paths = names.iter().filter(|name| name.starts_with('/'));
    match (paths.next(), paths.next()) {
        (Some(path), None) => ArmScope::parse(path).ok(),
        _ => None,
    }
}

impl From<WireApi> for Api {
    fn from(wire: WireApi) -> Self {
        Self {
            object_id: wire.id,
            app_id: wire.app_id,
            owner: wire.app_owner_organization_id,
            identifier_uris: wire.service_principal_names,
            display_name: wire.display_name.unwrap_or_default(),
            roles: wire.app_roles.into_iter().map(AppRole::from).collect(),
        }
    }
}

impl From<WireAppRole> for AppRole {
    fn from(wire: WireAppRole) -> Self {
        Self {
            id: wire.id,
            value: wire.value,
            is_enabled: wire.is_enabled.unwrap_or(true),
            is_for_applications: wire.allowed_member_types.iter().any(|kind| kind == APPLICATION),
        }
    }
}

impl From<WireAssignment> for Assignment {
    fn from(wire: WireAssignment) -> Self {
        Self {
            id: wire.id,
            api: wire.resource_id,
            role: wire.app_role_id,
            created: wire.created_date_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(kind: &str, names: &[&str]) -> Principal {
        let id = "11111111-1111-1111-1111-111111111111";
        let wire = serde_json::json!({
            "id": id, "appId": id, "servicePrincipalType": kind, "alternativeNames": names,
        });
        serde_json::from_value::<WirePrincipal>(wire).unwrap().into()
    }

    const RESOURCE: &str = "/subscriptions/33333333-3333-3333-3333-333333333333/resourcegroups/rg/providers/Microsoft.Web/sites/func";

    #[test]
    fn an_application_with_an_arm_id_is_not_a_managed_identity() {
        assert!(principal("Application", &["isExplicit=True", RESOURCE]).resource_id.is_none());
    }

    #[test]
    fn two_arm_ids_are_ambiguous() {
        for other in [RESOURCE, "/subscriptions/x", "/"] {
            assert!(
                principal("ManagedIdentity", &[RESOURCE, other]).resource_id.is_none(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_managed_identity_has_the_resource_id_of_its_alternative_names() {
        for names in [["isExplicit=False", RESOURCE], [RESOURCE, "isExplicit=False"]] {
            let scope = principal("ManagedIdentity", &names).resource_id.unwrap();
            assert_eq!(scope.as_str(), RESOURCE);
        }
    }
}
