//! JSON bodies of Microsoft Graph.

use serde::{Deserialize, Serialize};

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Assignment, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
};

/// The `servicePrincipalType` of managed identities. Only Azure can set it.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// The `servicePrincipalType` of the agents of Microsoft Entra Agent ID ("agentIdentity resource type").
const AGENT: &str = "ServiceIdentity";

/// The other types of service principals ("servicePrincipal resource type"). The principal of an agent
/// blueprint has the type of an application too.
const APPLICATIONS: [&str; 3] = ["Application", "Legacy", "SocialIdp"];

/// The part of `@odata.type` that the principals of agent blueprints have
/// ("agentIdentityBlueprintPrincipal resource type"). Graph states the type of an object that is more
/// special than the list it is in, whatever `$select` says.
const BLUEPRINT: &str = "blueprint";

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
    #[serde(rename = "@odata.type")]
    odata_type: Option<String>,
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

impl WirePrincipal {
    /// The kind of principal. It is unknown if Graph states none that this program knows.
    fn kind(&self) -> PrincipalKind {
        let stated = self.service_principal_type.as_deref().unwrap_or_default();
        let is = |kind: &str| stated.eq_ignore_ascii_case(kind);
        let is_blueprint = |text: &str| text.to_ascii_lowercase().contains(BLUEPRINT);
        if self.odata_type.as_deref().is_some_and(is_blueprint) || is_blueprint(stated) {
            PrincipalKind::AgentBlueprint
        } else if is(MANAGED_IDENTITY) {
            PrincipalKind::ManagedIdentity
        } else if is(AGENT) {
            PrincipalKind::Agent
        } else if APPLICATIONS.into_iter().any(is) {
            PrincipalKind::Application
        } else {
            PrincipalKind::Unknown
        }
    }
}

impl From<WirePrincipal> for Principal {
    fn from(wire: WirePrincipal) -> Self {
        let kind = wire.kind();
        let resource_id = match kind {
            PrincipalKind::ManagedIdentity => single_resource_id(&wire.alternative_names),
            _ => None,
        };
        Self {
            kind,
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
    fn a_managed_identity_whose_place_cannot_be_read_is_still_a_managed_identity() {
        let subscription = "/subscriptions/33333333-3333-3333-3333-333333333333";
        let policy = "providers/Microsoft.Authorization/policyAssignments/x";
        let group = format!("{subscription}/resourceGroups/rg");
        for names in [
            vec![format!("{subscription}/{policy}")],
            vec![format!("/providers/Microsoft.Management/managementGroups/mg/{policy}")],
            vec![format!("/{policy}")],
            vec!["/providers/Microsoft.Aadiam/diagnosticSettings/x".to_owned()],
            vec![RESOURCE.to_owned(), RESOURCE.replace("func", "other")],
            vec![format!("{group}/providers/Contoso.Web/sites/{}", "x".repeat(1024))],
            vec![format!("{group}/providers/Contoso.Web/sites")],
            vec![format!("{group}//providers/Contoso.Web/sites/x")],
            vec![format!("{group}/providers/Contoso.Web/sites/a b")],
            vec![format!("{group}/providers/Contoso.Web/sites/%2f")],
            vec!["/subscriptions/none/resourceGroups/rg".to_owned()],
            vec![format!(" {RESOURCE}")],
            vec![RESOURCE.trim_start_matches('/').to_owned()],
            vec!["isExplicit=True".to_owned()],
            vec![],
        ] {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let principal = principal("ManagedIdentity", &names);
            assert_eq!(principal.kind, PrincipalKind::ManagedIdentity, "{names:?}");
            assert!(principal.resource_id.is_none(), "{names:?}");
        }
    }

    #[test]
    fn the_kind_of_a_principal_comes_from_its_type() {
        let blueprint = "#microsoft.graph.agentIdentityBlueprintPrincipal";
        let agent = "#microsoft.graph.agentIdentity";
        for (kind, odata_type, expected) in [
            (Some("ManagedIdentity"), None, PrincipalKind::ManagedIdentity),
            (Some("managedidentity"), None, PrincipalKind::ManagedIdentity),
            (Some("Application"), None, PrincipalKind::Application),
            (
                Some("Application"),
                Some("#microsoft.graph.servicePrincipal"),
                PrincipalKind::Application,
            ),
            (Some("Legacy"), None, PrincipalKind::Application),
            (Some("ServiceIdentity"), None, PrincipalKind::Agent),
            (Some("ServiceIdentity"), Some(agent), PrincipalKind::Agent),
            (Some("Application"), Some(blueprint), PrincipalKind::AgentBlueprint),
            (
                Some("application"),
                Some("#Microsoft.Graph.AgentIdentityBlueprintPrincipal"),
                PrincipalKind::AgentBlueprint,
            ),
            (Some("AgentIdentityBlueprintPrincipal"), None, PrincipalKind::AgentBlueprint),
            (None, Some(blueprint), PrincipalKind::AgentBlueprint),
            (None, None, PrincipalKind::Unknown),
            (Some("NextYearsKind"), None, PrincipalKind::Unknown),
        ] {
            let id = "11111111-1111-1111-1111-111111111111";
            let wire = serde_json::json!({
                "@odata.type": odata_type, "id": id, "appId": id, "servicePrincipalType": kind,
            });
            let principal: Principal =
                serde_json::from_value::<WirePrincipal>(wire).unwrap().into();
            assert_eq!(principal.kind, expected, "{kind:?} {odata_type:?}");
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
