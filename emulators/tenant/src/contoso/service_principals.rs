//! The service principals of contoso's tenant: APIs with their roles, and managed identities.

use super::ids::*;
use crate::{
    catalogue::microsoft_graph_app_roles,
    service_principal::{AppRole, ServicePrincipal},
};

/// The APIs of [`contoso`](crate::contoso::contoso).
pub(crate) fn apis() -> Vec<ServicePrincipal> {
    vec![
        microsoft_graph(),
        azure_storage(),
        orders_api(),
        payments_api(),
        fabrikams_payments_api(),
        calendar_api(),
        obrien_api(),
    ]
}

/// The managed identities of [`contoso`](crate::contoso::contoso).
pub(crate) fn identities() -> Vec<ServicePrincipal> {
    vec![
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
        ServicePrincipal::user_assigned(
            BATCH_A_IDENTITY,
            BATCH_A_IDENTITY_CLIENT_ID,
            BATCH_IDENTITY_NAME,
            BATCH_A_IDENTITY_RESOURCE_ID,
        ),
        ServicePrincipal::user_assigned(
            BATCH_B_IDENTITY,
            BATCH_B_IDENTITY_CLIENT_ID,
            BATCH_IDENTITY_NAME,
            BATCH_B_IDENTITY_RESOURCE_ID,
        ),
        broker_identity(),
    ]
}

fn microsoft_graph() -> ServicePrincipal {
    let mut api = ServicePrincipal::api(
        MICROSOFT_GRAPH,
        MICROSOFT_GRAPH_APP_ID,
        "Microsoft Graph",
        MICROSOFT_GRAPH_URI,
    )
    .owned_by(MICROSOFT_SERVICES_TENANT_ID);
    api.app_roles = microsoft_graph_app_roles();
    api
}

fn azure_storage() -> ServicePrincipal {
    ServicePrincipal::api(AZURE_STORAGE, AZURE_STORAGE_APP_ID, "Azure Storage", AZURE_STORAGE_URI)
        .owned_by(MICROSOFT_SERVICES_TENANT_ID)
}

fn orders_api() -> ServicePrincipal {
    let mut api =
        ServicePrincipal::api(ORDERS_API, ORDERS_API_APP_ID, "Orders API", ORDERS_API_URI)
            .owned_by(TENANT_ID);
    api.app_roles = vec![
        AppRole::for_applications(ORDERS_READ, "Orders.Read", "Read all orders."),
        AppRole::for_applications(ORDERS_WRITE, "Orders.Write", "Read and change all orders."),
        AppRole::for_applications(ORDERS_ADMIN, "Orders.Admin", "Administer the orders service."),
        disabled_role(),
        role_for_users(),
        role_without_value(),
    ];
    api
}

fn disabled_role() -> AppRole {
    let role = AppRole::for_applications(ORDERS_ARCHIVE, "Orders.Archive", "Archive orders.");
    AppRole { is_enabled: false, ..role }
}

fn role_for_users() -> AppRole {
    let role = AppRole::for_applications(ORDERS_APPROVE, "Orders.Approve", "Approve orders.");
    AppRole { allowed_member_types: vec!["User".to_owned()], ..role }
}

fn role_without_value() -> AppRole {
    let name = "Handheld scanner";
    let role = AppRole::for_applications(ORDERS_HANDHELD_SCANNER, name, "Scan orders.");
    AppRole { value: None, ..role }
}

fn payments_api() -> ServicePrincipal {
    let mut api = ServicePrincipal::api(
        PAYMENTS_API,
        PAYMENTS_API_APP_ID,
        PAYMENTS_API_NAME,
        PAYMENTS_API_URI,
    )
    .owned_by(TENANT_ID);
    api.app_roles =
        vec![AppRole::for_applications(PAYMENTS_READ, "Payments.Read", "Read all payments.")];
    api
}

fn fabrikams_payments_api() -> ServicePrincipal {
    let mut api = ServicePrincipal::api(
        FABRIKAM_PAYMENTS_API,
        FABRIKAM_PAYMENTS_API_APP_ID,
        PAYMENTS_API_NAME,
        FABRIKAM_PAYMENTS_API_URI,
    )
    .owned_by(FABRIKAM_TENANT_ID);
    let description = "Read the payments of a customer of Fabrikam.";
    api.app_roles =
        vec![AppRole::for_applications(FABRIKAM_PAYMENTS_READ, "Payments.Read", description)];
    api
}

fn calendar_api() -> ServicePrincipal {
    ServicePrincipal::api(CALENDAR_API, CALENDAR_API_APP_ID, "Calendar API", CALENDAR_API_URI)
        .owned_by(TENANT_ID)
}

fn obrien_api() -> ServicePrincipal {
    let mut api =
        ServicePrincipal::api(OBRIEN_API, OBRIEN_API_APP_ID, OBRIEN_API_NAME, OBRIEN_API_URI)
            .owned_by(TENANT_ID);
    api.app_roles =
        vec![AppRole::for_applications(OBRIEN_PARCELS_READ, "Parcels.Read", "Read all parcels.")];
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
