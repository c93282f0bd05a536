//! A small tenant to start from, with fixed ids: Microsoft Graph, one API of its own, three managed
//! identities that may receive roles, and the broker's own identity.

use uuid::Uuid;

use super::{
    catalogue::microsoft_graph_app_roles,
    directory::Directory,
    service_principal::{AppRole, ServicePrincipal},
};

/// The tenant's id.
pub const TENANT_ID: &str = "c0a70500-0000-4000-8000-000000000001";
/// The Azure subscription in which the managed identities live.
pub const SUBSCRIPTION_ID: &str = "c0a70500-0000-4000-8000-000000000002";

/// The tenant in which Microsoft registers most of its own applications (Microsoft Learn, "Verify
/// first-party Microsoft applications in sign-in reports").
pub const MICROSOFT_SERVICES_TENANT_ID: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Microsoft Graph's object id in this tenant.
pub const MICROSOFT_GRAPH: &str = "c0a70500-0000-4000-8000-0000000000a0";
/// Microsoft Graph's application id, the same in every tenant.
pub const MICROSOFT_GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// The resource for which tokens for Microsoft Graph are asked.
pub const MICROSOFT_GRAPH_URI: &str = "https://graph.microsoft.com";
/// Id of Microsoft Graph's app role `AppRoleAssignment.ReadWrite.All`.
pub const APP_ROLE_ASSIGNMENT_READ_WRITE_ALL: &str = "06b708a9-e830-4db3-a914-8e69da51d44f";
/// Id of Microsoft Graph's app role `Application.Read.All`.
pub const APPLICATION_READ_ALL: &str = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30";
/// Id of Microsoft Graph's app role `Directory.Read.All`.
pub const DIRECTORY_READ_ALL: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
/// Id of Microsoft Graph's app role `User.Read.All`.
pub const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";
/// Id of Microsoft Graph's app role `RoleManagement.ReadWrite.Directory`, which takes a tenant over.
pub const ROLE_MANAGEMENT_READ_WRITE_DIRECTORY: &str = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";

/// Object id of Contoso's own Orders API.
pub const ORDERS_API: &str = "c0a70500-0000-4000-8000-0000000000b0";
/// Application id of the Orders API.
pub const ORDERS_API_APP_ID: &str = "c0a70500-0000-4000-8000-0000000000b1";
/// Identifier URI of the Orders API.
pub const ORDERS_API_URI: &str = "api://orders";
/// Id of the Orders API's app role `Orders.Read`.
pub const ORDERS_READ: &str = "c0a70500-0000-4000-8000-0000000000b2";
/// Id of the Orders API's app role `Orders.Write`.
pub const ORDERS_WRITE: &str = "c0a70500-0000-4000-8000-0000000000b3";
/// Id of the Orders API's app role `Orders.Admin`.
pub const ORDERS_ADMIN: &str = "c0a70500-0000-4000-8000-0000000000b4";

/// Object id of the user-assigned identity `id-orders`.
pub const ORDERS_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000c0";
/// Client id of `id-orders`.
pub const ORDERS_IDENTITY_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000c1";
/// ARM id of `id-orders`.
pub const ORDERS_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-orders-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";

/// Object id of the user-assigned identity `id-reports`.
pub const REPORTS_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000d0";
/// Client id of `id-reports`.
pub const REPORTS_IDENTITY_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000d1";
/// ARM id of `id-reports`.
pub const REPORTS_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reports";

/// Object id of the system-assigned identity of the function app `func-billing`.
pub const BILLING_FUNCTION: &str = "c0a70500-0000-4000-8000-0000000000e0";
/// Client id of `func-billing`.
pub const BILLING_FUNCTION_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000e1";
/// ARM id of `func-billing`.
pub const BILLING_FUNCTION_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-billing/providers/Microsoft.Web/sites/func-billing";

/// Object id of the broker's own user-assigned identity `id-app-role-broker`.
pub const BROKER_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000f0";
/// Client id of `id-app-role-broker`.
pub const BROKER_IDENTITY_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000f1";
/// ARM id of `id-app-role-broker`.
pub const BROKER_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-app-role-broker/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app-role-broker";

/// The tenant described at the top of this module. The broker's identity holds the two app roles
/// that granting app roles takes; nobody else holds any.
#[must_use]
pub fn contoso() -> Directory {
    let mut directory = Directory::new(TENANT_ID);
    let inhabitants = [
        microsoft_graph(),
        orders_api(),
        ServicePrincipal::user_assigned(
            ORDERS_IDENTITY,
            ORDERS_IDENTITY_CLIENT_ID,
            "id-orders",
            ORDERS_IDENTITY_RESOURCE_ID,
        ),
        ServicePrincipal::user_assigned(
            REPORTS_IDENTITY,
            REPORTS_IDENTITY_CLIENT_ID,
            "id-reports",
            REPORTS_IDENTITY_RESOURCE_ID,
        ),
        ServicePrincipal::system_assigned(
            BILLING_FUNCTION,
            BILLING_FUNCTION_CLIENT_ID,
            "func-billing",
            BILLING_FUNCTION_RESOURCE_ID,
        ),
        broker_identity(),
    ];
    inhabitants.into_iter().for_each(|one| directory.add_service_principal(one));
    directory.attach(BROKER_IDENTITY);
    grant_the_brokers_own_roles(&mut directory);
    directory
}

/// `count` more user-assigned identities, for load: `id-load-00001` and so on, with ids that are the
/// same in every run.
#[must_use]
pub fn managed_identities(count: usize) -> Vec<ServicePrincipal> {
    (1..=count).map(load_identity).collect()
}

fn grant_the_brokers_own_roles(directory: &mut Directory) {
    for role in [APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL] {
        // Can't fail: both roles are published ones. A test of the seed holds it to that.
        let _ = directory.assign(BROKER_IDENTITY, MICROSOFT_GRAPH, role);
    }
}

fn microsoft_graph() -> ServicePrincipal {
    let mut api = ServicePrincipal::api(
        MICROSOFT_GRAPH,
        MICROSOFT_GRAPH_APP_ID,
        "Microsoft Graph",
        MICROSOFT_GRAPH_URI,
        MICROSOFT_SERVICES_TENANT_ID,
    );
    api.app_roles = microsoft_graph_app_roles();
    api
}

fn orders_api() -> ServicePrincipal {
    let mut api = ServicePrincipal::api(
        ORDERS_API,
        ORDERS_API_APP_ID,
        "Orders API",
        ORDERS_API_URI,
        TENANT_ID,
    );
    api.app_roles = vec![
        AppRole::for_applications(ORDERS_READ, "Orders.Read", "Read all orders."),
        AppRole::for_applications(ORDERS_WRITE, "Orders.Write", "Read and change all orders."),
        AppRole::for_applications(ORDERS_ADMIN, "Orders.Admin", "Administer the orders service."),
    ];
    api
}

fn broker_identity() -> ServicePrincipal {
    ServicePrincipal::user_assigned(
        BROKER_IDENTITY,
        BROKER_IDENTITY_CLIENT_ID,
        "id-app-role-broker",
        BROKER_IDENTITY_RESOURCE_ID,
    )
}

fn load_identity(number: usize) -> ServicePrincipal {
    let name = format!("id-load-{number:05}");
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/id").as_bytes());
    let client_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/clientId").as_bytes());
    let resource_id = format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-load/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    );
    ServicePrincipal::user_assigned(&id.to_string(), &client_id.to_string(), &name, &resource_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_holds_the_two_roles_that_granting_takes_and_nobody_else_holds_any() {
        let directory = contoso();
        let api = directory.service_principal(MICROSOFT_GRAPH).unwrap();
        assert_eq!(
            directory.role_values(BROKER_IDENTITY, api),
            ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]
        );
        assert_eq!(directory.assignments().len(), 2);
    }

    #[test]
    fn every_named_role_is_one_that_its_api_defines() {
        let directory = contoso();
        let graph = directory.service_principal(MICROSOFT_GRAPH).unwrap();
        for role in [DIRECTORY_READ_ALL, USER_READ_ALL, ROLE_MANAGEMENT_READ_WRITE_DIRECTORY] {
            assert!(graph.app_role(role).is_some(), "{role}");
        }
    }

    #[test]
    fn every_object_has_guids_for_ids() {
        let directory = contoso();
        let ids =
            [MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY, BILLING_FUNCTION];
        for id in ids {
            let found = directory.service_principal(id).unwrap();
            let roles = found.app_roles.iter().map(|role| &role.id);
            for id in roles.chain([&found.id, &found.app_id]) {
                assert!(Uuid::try_parse(id).is_ok(), "{id}");
            }
        }
    }

    #[test]
    fn identities_for_load_are_distinct_and_the_same_in_every_run() {
        let identities = managed_identities(2);
        assert_ne!(identities[0].id, identities[1].id);
        assert_ne!(identities[0].id, identities[0].app_id);
        assert_eq!(identities, managed_identities(2));
    }
}
