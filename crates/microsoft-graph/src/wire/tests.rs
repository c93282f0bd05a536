use serde_json::{Value, json};

use super::*;

fn principal(kind: &str, names: &[&str]) -> Principal {
    let id = "11111111-1111-1111-1111-111111111111";
    let wire = serde_json::json!({
        "id": id, "appId": id, "servicePrincipalType": kind, "alternativeNames": names,
    });
    serde_json::from_str::<WirePrincipal>(&wire.to_string()).unwrap().read().unwrap()
}

const RESOURCE: &str = "/subscriptions/33333333-3333-3333-3333-333333333333/resourcegroups/rg/providers/Microsoft.Web/sites/func";

#[test]
fn an_application_with_an_arm_id_is_not_a_managed_identity() {
    assert!(principal("Application", &["isExplicit=True", RESOURCE]).resource_id.is_none());
}

#[test]
fn two_arm_ids_are_ambiguous() {
    for other in [RESOURCE, "/subscriptions/x", "/"] {
        assert!(principal("ManagedIdentity", &[RESOURCE, other]).resource_id.is_none(), "{other}");
    }
}

#[test]
fn a_managed_identity_whose_place_cannot_be_read_is_still_a_managed_identity() {
    let subscription = "/subscriptions/33333333-3333-3333-3333-333333333333";
    let policy = "providers/Microsoft.Authorization/policyAssignments/x";
    let group = format!("{subscription}/resourceGroups/rg");
    for names in [
        vec!["/providers/Microsoft.Management/managementGroups/mg".to_owned()],
        vec![format!("{subscription}/{policy}/..")],
        vec![format!("/{policy}")],
        vec!["/providers/Microsoft.Aadiam/diagnosticSettings/x".to_owned()],
        vec![RESOURCE.to_owned(), RESOURCE.replace("func", "other")],
        vec![format!("{group}/providers/Contoso.Web/sites/{}", "x".repeat(1024))],
        vec![format!("{group}/providers/Contoso.Web/sites")],
        vec![format!("{group}//providers/Contoso.Web/sites/x")],
        vec![format!("{group}/providers/Contoso.Web/sites/a ")],
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
        let wire: WirePrincipal = serde_json::from_str(&wire.to_string()).unwrap();
        let principal = wire.read().unwrap();
        assert_eq!(principal.kind, expected, "{kind:?} {odata_type:?}");
    }
}

#[test]
fn a_managed_identity_may_belong_to_a_resource_with_blanks_or_outside_groups() {
    let subscription = "/subscriptions/33333333-3333-3333-3333-333333333333";
    let policy = "providers/Microsoft.Authorization/policyAssignments/Deny public IPs";
    for name in [
        format!("{subscription}/{policy}"),
        format!("{subscription}/resourcegroups/rg/{policy}"),
        format!("/providers/Microsoft.Management/managementGroups/mg/{policy}"),
    ] {
        let scope = principal("ManagedIdentity", &[&name]).resource_id.unwrap();
        assert_eq!(scope.as_str(), name);
    }
}

#[test]
fn a_managed_identity_has_the_resource_id_of_its_alternative_names() {
    for names in [["isExplicit=False", RESOURCE], [RESOURCE, "isExplicit=False"]] {
        let scope = principal("ManagedIdentity", &names).resource_id.unwrap();
        assert_eq!(scope.as_str(), RESOURCE);
    }
}

/// Members that an object of this type may have, with a value that can be used. The last says whether the
/// object cannot be used without the member.
type Members<'a> = &'a [(&'a str, Value, bool)];

/// Reads an object as the broker uses it, as text to compare.
fn usable<W: WireRow>(object: &Value) -> Option<String>
where
    W::Row: std::fmt::Debug,
{
    let wire: W = serde_json::from_str(&object.to_string()).unwrap();
    wire.read().ok().map(|row| format!("{row:?}"))
}

fn usable_api(object: &Value) -> Option<String> {
    let wire: WireApi = serde_json::from_str(&object.to_string()).unwrap();
    wire.read(&mut RowReader::new("test")).ok().map(|api| format!("{api:?}"))
}

/// For each member: null is the same as absent, and neither it nor a value of another type spoils an object
/// that does not need it.
fn check_members(members: Members<'_>, usable: impl Fn(&Value) -> Option<String>) {
    let whole: Value =
        members.iter().map(|(name, value, _)| ((*name).to_owned(), value.clone())).collect();
    assert!(usable(&whole).is_some(), "{whole}");
    for (name, _, is_needed) in members {
        let mut absent = whole.clone();
        absent.as_object_mut().unwrap().remove(*name);
        let replaced = |value: Value| {
            let mut object = whole.clone();
            object[*name] = value;
            usable(&object)
        };
        assert_eq!(usable(&absent).is_none(), *is_needed, "{name}");
        assert_eq!(replaced(json!(null)), usable(&absent), "{name}: null");
        for other in [json!(5), json!(true), json!([]), json!([null]), json!({}), json!("text")] {
            // It may be readable, as a text is where a text belongs.
            assert!(
                *is_needed || *name == "value" || replaced(other.clone()).is_some(),
                "{name}: {other}"
            );
        }
    }
}

#[test]
fn a_member_is_needed_only_if_a_decision_needs_it_and_null_is_the_same_as_absent() {
    let id = || json!("11111111-1111-1111-1111-111111111111");
    let principal = [
        ("id", id(), true),
        ("appId", id(), false),
        ("displayName", json!("id"), false),
        ("servicePrincipalType", json!("ManagedIdentity"), false),
        ("@odata.type", json!("#microsoft.graph.servicePrincipal"), false),
        ("alternativeNames", json!([RESOURCE]), false),
    ];
    check_members(&principal, usable::<WirePrincipal>);
    let identity =
        principal.map(|(name, value, is_needed)| (name, value, is_needed || name == "appId"));
    check_members(&identity, usable::<WireIdentity>);
    let role = [
        ("id", id(), true),
        ("value", json!("Orders.Read"), false),
        ("isEnabled", json!(true), false),
        ("allowedMemberTypes", json!(["Application"]), false),
    ];
    check_members(&role, usable::<WireAppRole>);
    let role: Value =
        role.iter().map(|(name, value, _)| ((*name).to_owned(), value.clone())).collect();
    let api = [
        ("id", id(), true),
        ("appId", id(), true),
        ("displayName", json!("Orders API"), false),
        ("appOwnerOrganizationId", id(), false),
        ("servicePrincipalNames", json!(["api://orders"]), false),
        ("appRoles", json!([role]), false),
    ];
    check_members(&api, usable_api);
    let assignment = [
        ("id", json!("a"), false),
        ("appRoleId", id(), false),
        ("resourceId", id(), false),
        ("createdDateTime", json!("2026-08-20T10:11:12Z"), false),
    ];
    check_members(&assignment, usable::<WireAssignment>);
    let holder = [
        ("id", json!("a"), false),
        ("principalId", id(), true),
        ("principalDisplayName", json!("id"), false),
        ("principalType", json!("ServicePrincipal"), false),
        ("appRoleId", id(), true),
        ("createdDateTime", json!("2026-08-20T10:11:12Z"), false),
    ];
    check_members(&holder, usable::<WireHolder>);
}

#[test]
fn a_type_that_cannot_be_read_is_unknown() {
    let id = "11111111-1111-1111-1111-111111111111";
    for name in ["servicePrincipalType", "@odata.type"] {
        for value in [json!(5), json!(true), json!([]), json!({}), json!(["ManagedIdentity"])] {
            let mut object = json!({ "id": id, "servicePrincipalType": "ManagedIdentity" });
            object[name] = value.clone();
            let wire: WirePrincipal = serde_json::from_str(&object.to_string()).unwrap();
            assert_eq!(wire.read().unwrap().kind, PrincipalKind::Unknown, "{name} {value}");
        }
    }
}
