use app_roles::privileged::{of_assignment, of_role};

use super::*;

const RESOURCE: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg/\
                        providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";
const ID: &str = "c0a70500-0000-4000-8000-0000000000b1";

fn principal(name: &str) -> Principal {
    StatedPrincipal::of_name(&PrincipalName::parse(name).unwrap()).unwrap().principal()
}

fn api(name: &str, role: &str) -> (Api, AppRole) {
    let stated = StatedApi::of_name(&ApiName::parse(name).unwrap()).unwrap();
    let role: RoleName = serde_json::from_value(role.into()).unwrap();
    stated.api(&StatedRole::of_name(&role))
}

#[test]
fn a_display_name_states_no_fact() {
    let name = PrincipalName::parse("id-orders").unwrap();
    assert_eq!(StatedPrincipal::of_name(&name), None);
    assert_eq!(StatedApi::of_name(&ApiName::parse("Orders API").unwrap()), None);
}

#[test]
fn an_arm_id_is_a_managed_identity_and_an_object_id_an_application() {
    let identity = principal(RESOURCE);
    assert_eq!(identity.kind, PrincipalKind::ManagedIdentity);
    assert_eq!(identity.resource_id.unwrap().as_str(), RESOURCE);
    let application = principal(ID);
    assert_eq!(application.kind, PrincipalKind::Application);
    assert_eq!(application.object_id.to_string(), ID);
    assert!(application.resource_id.is_none() && application.client_id.is_some());
}

#[test]
fn what_is_made_up_is_the_same_each_time_and_different_for_each_object() {
    let upper = RESOURCE.replace("rg/", "RG/");
    assert_eq!(principal(RESOURCE).object_id, principal(&upper).object_id);
    assert_ne!(principal(RESOURCE).object_id, principal(&format!("{RESOURCE}2")).object_id);
    let (orders, read) = api("api://orders", "Orders.Read");
    assert_eq!(api("api://orders", "orders.read").1.id, read.id);
    assert_ne!(api("api://orders", "Orders.Write").1.id, read.id);
    assert_ne!(api("api://other", "Orders.Read").0.app_id, orders.app_id);
}

#[test]
fn only_microsofts_apis_have_privileged_roles_unless_something_else_is_stated() {
    for (name, role, is_privileged) in [
        ("api://orders", "Directory.ReadWrite.All", false),
        (ID, "Directory.ReadWrite.All", false),
        ("graph", "Directory.ReadWrite.All", true),
        ("https://graph.microsoft.com/", "User.Read.All", true),
        ("graph", "Place.Read.All", false),
        ("graph", "place.read.all", false),
        ("graph", "913b9306-0ce1-42b8-9137-6a7df690a760", false),
        ("sharepoint", "Sites.Selected", false),
        ("graph", "Roles.That.Microsoft.Adds", true),
    ] {
        let (api, role) = api(name, role);
        assert_eq!(of_role(&api, &role).is_some(), is_privileged, "{name} {role:?}");
    }
    let orders = StatedApi { app_id: AppId::parse(ID).ok(), ..StatedApi::default() };
    for (owner, is_privileged) in [
        (ApiOwner::ThisTenant, false),
        (ApiOwner::Other, false),
        (ApiOwner::Microsoft, true),
        (ApiOwner::Unknown, true),
    ] {
        let stated = StatedApi { owner: Some(owner), ..orders.clone() };
        let role = StatedRole { value: RoleValue::parse("Orders.Read").ok(), id: None };
        let (api, role) = stated.api(&role);
        assert_eq!(of_role(&api, &role).is_some(), is_privileged, "{owner:?}");
        assert_eq!(api.owner == own_identity(None).tenant_id, owner == ApiOwner::ThisTenant);
    }
}

#[test]
fn each_role_is_privileged_for_a_blueprint() {
    let blueprint = StatedPrincipal {
        object_id: ObjectId::parse(ID).ok(),
        kind: Some(PrincipalKind::AgentBlueprint),
        ..StatedPrincipal::default()
    };
    let (api, role) = api("api://orders", "Orders.Read");
    assert!(of_assignment(&blueprint.principal(), &api, &role).is_some());
    let agent = StatedPrincipal { kind: Some(PrincipalKind::Agent), ..blueprint };
    assert_eq!(agent.principal().client_id, None);
}

#[test]
fn a_well_known_api_has_all_its_names() {
    let (graph, _) = api("graph", "User.Read.All");
    for uri in ["https://graph.microsoft.com", "https://graph.microsoft.com/"] {
        assert!(graph.identifier_uris.iter().any(|known| known == uri), "{uri}");
        assert_eq!(api(uri, "User.Read.All").0.app_id, graph.app_id);
    }
}

#[test]
fn contradictions_are_found() {
    let place = StatedPrincipal::of_name(&PrincipalName::parse(RESOURCE).unwrap()).unwrap();
    assert_eq!(place.fault(), None);
    let application = StatedPrincipal { kind: Some(PrincipalKind::Application), ..place };
    assert!(application.fault().is_some());
    assert!(StatedPrincipal::default().fault().is_some());
    assert!(StatedApi::default().fault().is_some());
}

#[test]
fn an_api_that_the_policy_may_name_otherwise_is_an_assumption() {
    let stated = StatedApi::of_name(&ApiName::parse("api://orders").unwrap()).unwrap();
    let named = [ApiName::AppId(AppId::parse(ID).unwrap()), ApiName::parse("graph").unwrap()];
    let assumptions = stated.assumptions(&named).join("\n");
    assert!(assumptions.contains(ID) && !assumptions.contains("00000003-"), "{assumptions}");
    let graph = StatedApi::of_name(&ApiName::parse("graph").unwrap()).unwrap();
    assert_eq!(graph.assumptions(&named).len(), 1);
}
