//! The service principals of contoso's tenant: APIs with their roles, and managed identities.

use super::ids::*;
use crate::{
    catalogue::microsoft_graph_app_roles,
    service_principal::{AppRole, ServicePrincipal},
};

/// The APIs of [`contoso`](crate::contoso::contoso).
pub(crate) fn apis() -> Vec<ServicePrincipal> {
    let microsoft = MICROSOFT_SERVICES_TENANT_ID;
    let role = AppRole::for_applications;
    let read_payments = "Read the payments of a customer of Fabrikam.";
    [
        (
            [MICROSOFT_GRAPH, MICROSOFT_GRAPH_APP_ID, "Microsoft Graph", MICROSOFT_GRAPH_URI],
            microsoft,
            microsoft_graph_app_roles(),
        ),
        (
            [AZURE_STORAGE, AZURE_STORAGE_APP_ID, "Azure Storage", AZURE_STORAGE_URI],
            microsoft,
            vec![],
        ),
        ([ORDERS_API, ORDERS_API_APP_ID, "Orders API", ORDERS_API_URI], TENANT_ID, order_roles()),
        (
            [PAYMENTS_API, PAYMENTS_API_APP_ID, PAYMENTS_API_NAME, "api://payments"],
            TENANT_ID,
            vec![role(PAYMENTS_READ, "Payments.Read", "Read all payments.")],
        ),
        (
            [
                "c0a70500-0000-4000-8000-000000000120",
                FABRIKAM_PAYMENTS_API_APP_ID,
                PAYMENTS_API_NAME,
                "https://payments.fabrikam.com",
            ],
            FABRIKAM_TENANT_ID,
            vec![role("c0a70500-0000-4000-8000-000000000122", "Payments.Read", read_payments)],
        ),
        ([CALENDAR_API, CALENDAR_API_APP_ID, "Calendar API", "api://calendar"], TENANT_ID, vec![]),
        (
            [OBRIEN_API, OBRIEN_API_APP_ID, OBRIEN_API_NAME, "api://obrien"],
            TENANT_ID,
            vec![role("c0a70500-0000-4000-8000-000000000142", "Parcels.Read", "Read all parcels.")],
        ),
    ]
    .map(|([id, app_id, name, uri], owner, app_roles)| ServicePrincipal {
        app_roles,
        ..ServicePrincipal::api(id, app_id, name, uri).owned_by(owner)
    })
    .into()
}

fn order_roles() -> Vec<AppRole> {
    let role = AppRole::for_applications;
    let users = vec!["User".to_owned()];
    vec![
        role(ORDERS_READ, "Orders.Read", "Read all orders."),
        role(ORDERS_WRITE, "Orders.Write", "Read and change all orders."),
        role(ORDERS_ADMIN, "Orders.Admin", "Administer the orders service."),
        AppRole { is_enabled: false, ..role(ORDERS_ARCHIVE, "Orders.Archive", "Archive orders.") },
        AppRole {
            allowed_member_types: users,
            ..role(ORDERS_APPROVE, "Orders.Approve", "Approve orders.")
        },
        AppRole {
            value: None,
            ..role(ORDERS_HANDHELD_SCANNER, "Handheld scanner", "Scan orders.")
        },
    ]
}

/// The managed identities of [`contoso`](crate::contoso::contoso).
pub(crate) fn identities() -> Vec<ServicePrincipal> {
    let user_assigned = [
        (ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, "id-orders", ORDERS_IDENTITY_RESOURCE_ID),
        (
            REPORTS_IDENTITY,
            "c0a70500-0000-4000-8000-0000000000d1",
            "id-reports",
            REPORTS_IDENTITY_RESOURCE_ID,
        ),
        (
            BATCH_A_IDENTITY,
            "c0a70500-0000-4000-8000-000000000151",
            BATCH_IDENTITY_NAME,
            BATCH_A_IDENTITY_RESOURCE_ID,
        ),
        (
            BATCH_B_IDENTITY,
            "c0a70500-0000-4000-8000-000000000161",
            BATCH_IDENTITY_NAME,
            BATCH_B_IDENTITY_RESOURCE_ID,
        ),
        (
            BROKER_IDENTITY,
            BROKER_IDENTITY_CLIENT_ID,
            "id-app-role-broker",
            BROKER_IDENTITY_RESOURCE_ID,
        ),
    ];
    let mut identities: Vec<_> = user_assigned
        .iter()
        .map(|(id, client_id, name, resource_id)| {
            ServicePrincipal::user_assigned(id, client_id, name, resource_id)
        })
        .collect();
    identities.push(ServicePrincipal::system_assigned(
        BILLING_FUNCTION,
        BILLING_FUNCTION_CLIENT_ID,
        "func-billing",
        BILLING_FUNCTION_RESOURCE_ID,
    ));
    identities
}
