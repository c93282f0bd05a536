//! Changes of the tenant while a request waits: what was approved is not what would be written.

use serde_json::json;
use tenant_emulator::{
    ServicePrincipal, Tenant,
    contoso::{
        ORDERS_API, ORDERS_ARCHIVE, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_WRITE,
        REPORTS_IDENTITY, contoso,
    },
};

use crate::{
    approvals::{
        approval_world::{ANNA, BEN, policy_of, rules, setup},
        hostile_world::write_request_named,
    },
    record::intents::text,
};

const RECREATED: &str = "c0a70500-0000-4000-8000-00000000ab06";

const DECIDED: (u16, &str) = (409, "already-decided");
const CHANGED: (u16, &str) = (409, "approval-changed");

/// A change of the tenant: its name, the change, the answer to the second approver, and the state that
/// remains.
type Change = (&'static str, fn(&Tenant), (u16, &'static str), &'static str);

fn identity() -> ServicePrincipal {
    contoso().service_principal(ORDERS_IDENTITY).unwrap().clone()
}

fn api() -> ServicePrincipal {
    contoso().service_principal(ORDERS_API).unwrap().clone()
}

/// Replaces the API by one whose role has other properties.
fn change_role(tenant: &Tenant, change: fn(&mut tenant_emulator::AppRole)) {
    let mut api = api();
    let role = api.app_roles.iter_mut().find(|role| role.id == ORDERS_WRITE).unwrap();
    change(role);
    tenant.add_service_principal(api);
}

fn of_roles() -> Vec<Change> {
    vec![
        (
            "the value means another role",
            |tenant| {
                let mut api = api();
                api.app_roles.retain(|role| role.id != ORDERS_WRITE);
                let other = api.app_roles.iter_mut().find(|role| role.id == ORDERS_ARCHIVE);
                other.unwrap().value = Some("Orders.Write".to_owned());
                tenant.add_service_principal(api);
            },
            DECIDED,
            "refused",
        ),
        (
            "the role has another value",
            |tenant| change_role(tenant, |role| role.value = Some("Orders.Admin.All".to_owned())),
            DECIDED,
            "refused",
        ),
        (
            "the role is disabled",
            |tenant| change_role(tenant, |role| role.is_enabled = false),
            DECIDED,
            "refused",
        ),
        (
            "the role is for users",
            |tenant| {
                change_role(tenant, |role| role.allowed_member_types = vec!["User".to_owned()]);
            },
            DECIDED,
            "refused",
        ),
    ]
}

fn of_objects() -> Vec<Change> {
    vec![
        (
            "the API was created again",
            |tenant| {
                let again = ServicePrincipal { id: RECREATED.to_owned(), ..api() };
                tenant.remove_service_principal(ORDERS_API);
                tenant.add_service_principal(again);
            },
            DECIDED,
            "refused",
        ),
        (
            "the identity was created again",
            |tenant| {
                let again = ServicePrincipal { id: RECREATED.to_owned(), ..identity() };
                tenant.remove_service_principal(ORDERS_IDENTITY);
                tenant.add_service_principal(again);
            },
            (503, "unavailable"),
            "pending",
        ),
        (
            "the identity lies in another resource group",
            |tenant| {
                let mut moved = identity();
                for name in &mut moved.alternative_names {
                    *name = name.replace("rg-orders-dev", "rg-reports");
                }
                tenant.add_service_principal(moved);
            },
            DECIDED,
            "refused",
        ),
        (
            "the identity has another name",
            |tenant| {
                let display_name = "id-harmless".to_owned();
                tenant.add_service_principal(ServicePrincipal { display_name, ..identity() });
            },
            CHANGED,
            "pending",
        ),
        (
            "the API has another name",
            |tenant| {
                let display_name = "Harmless API".to_owned();
                tenant.add_service_principal(ServicePrincipal { display_name, ..api() });
            },
            CHANGED,
            "pending",
        ),
        (
            "the resource has another identity",
            |tenant| tenant.set_arm_identity(ORDERS_IDENTITY_RESOURCE_ID, Some(REPORTS_IDENTITY)),
            (200, ""),
            "refused",
        ),
    ]
}

/// Undoes every change.
fn restore(tenant: &Tenant) {
    tenant.remove_service_principal(RECREATED);
    tenant.add_service_principal(identity());
    tenant.add_service_principal(api());
    tenant.set_arm_identity(ORDERS_IDENTITY_RESOURCE_ID, Some(ORDERS_IDENTITY));
}

#[tokio::test]
async fn what_is_not_in_the_tenant_as_it_was_shown_is_not_granted() {
    let mut world = setup().await.start().await;
    for (name, change, (status, problem), state) in of_roles().into_iter().chain(of_objects()) {
        let shown = world.waiting_request(&write_request_named(name)).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        change(&world.tenant);
        // A new process has no memory of the tenant as it was.
        world.restart_with_policy(&policy_of(&rules())).await;
        let answer = world.decide(BEN, &shown, "approve").await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        if status == 200 {
            let decided = answer.success(200);
            let code = &decided["result"]["roles"][0]["code"];
            assert_eq!(code, &json!("identityNotConfirmed"), "{name}: {decided:#}");
        } else {
            answer.problem(status, problem);
        }
        world.assert_none_granted(name).await;
        let row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
        assert_eq!(text(&row, "state"), state, "{name}: {row:#?}");
        restore(&world.tenant);
        world.restart_with_policy(&policy_of(&rules())).await;
    }
}
