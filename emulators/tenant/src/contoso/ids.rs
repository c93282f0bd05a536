//! The fixed ids, names and URIs of contoso's tenant.

/// The tenant's id.
pub const TENANT_ID: &str = "c0a70500-0000-4000-8000-000000000001";
/// The Azure subscription in which the managed identities live.
pub const SUBSCRIPTION_ID: &str = "c0a70500-0000-4000-8000-000000000002";

/// The tenant of another company, whose API Contoso uses.
pub const FABRIKAM_TENANT_ID: &str = "c0a70500-0000-4000-8000-000000000003";

/// The tenant in which Microsoft registers most of its own applications (Microsoft Learn, "Verify
/// first-party Microsoft applications in sign-in reports").
pub const MICROSOFT_SERVICES_TENANT_ID: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Microsoft Graph's object id in this tenant.
pub const MICROSOFT_GRAPH: &str = "c0a70500-0000-4000-8000-0000000000a0";
/// Microsoft Graph's application id, which is equal in every tenant.
pub const MICROSOFT_GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// The resource of tokens for Microsoft Graph.
pub const MICROSOFT_GRAPH_URI: &str = "https://graph.microsoft.com";
/// Id of Microsoft Graph's app role `AppRoleAssignment.ReadWrite.All`.
pub const APP_ROLE_ASSIGNMENT_READ_WRITE_ALL: &str = "06b708a9-e830-4db3-a914-8e69da51d44f";
/// Id of Microsoft Graph's app role `Application.Read.All`.
pub const APPLICATION_READ_ALL: &str = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30";
/// Id of Microsoft Graph's app role `AuditLog.Read.All`.
pub const AUDIT_LOG_READ_ALL: &str = "b0afded3-3588-46d8-8b3d-9842eff778da";
/// Id of Microsoft Graph's app role `Directory.Read.All`.
pub const DIRECTORY_READ_ALL: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
/// Id of Microsoft Graph's app role `User.Read.All`.
pub const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";
/// Id of Microsoft Graph's app role `RoleManagement.ReadWrite.Directory`, which can take over a tenant.
pub const ROLE_MANAGEMENT_READ_WRITE_DIRECTORY: &str = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";

/// Azure Storage's object id in this tenant.
pub const AZURE_STORAGE: &str = "c0a70500-0000-4000-8000-000000000180";
/// Azure Storage's application id, which is equal in every tenant ("Authorize with Microsoft Entra ID").
pub const AZURE_STORAGE_APP_ID: &str = "e406a681-f3d4-42a8-90b6-c2b029497af1";
/// The resource of tokens for any storage account.
pub const AZURE_STORAGE_URI: &str = "https://storage.azure.com";

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
/// Id of the Orders API's app role `Orders.Archive`, which is disabled.
pub const ORDERS_ARCHIVE: &str = "c0a70500-0000-4000-8000-0000000000b5";
/// Id of the Orders API's app role `Orders.Approve`, which only users may hold.
pub const ORDERS_APPROVE: &str = "c0a70500-0000-4000-8000-0000000000b6";
/// Id of the Orders API's app role "Handheld scanner", which has no value.
pub const ORDERS_HANDHELD_SCANNER: &str = "c0a70500-0000-4000-8000-0000000000b7";

/// The display name of two APIs: Contoso's own and Fabrikam's.
pub const PAYMENTS_API_NAME: &str = "Payments API";
/// Object id of Contoso's own Payments API.
pub const PAYMENTS_API: &str = "c0a70500-0000-4000-8000-000000000110";
/// Application id of Contoso's own Payments API.
pub const PAYMENTS_API_APP_ID: &str = "c0a70500-0000-4000-8000-000000000111";
/// Id of the app role `Payments.Read` of Contoso's own Payments API.
pub const PAYMENTS_READ: &str = "c0a70500-0000-4000-8000-000000000112";
/// Application id of Fabrikam's Payments API.
pub const FABRIKAM_PAYMENTS_API_APP_ID: &str = "c0a70500-0000-4000-8000-000000000121";

/// Object id of the Calendar API, which has no app roles, only default access.
pub const CALENDAR_API: &str = "c0a70500-0000-4000-8000-000000000130";
/// Application id of the Calendar API.
pub const CALENDAR_API_APP_ID: &str = "c0a70500-0000-4000-8000-000000000131";

/// A display name that a filter finds only with its quote doubled and the rest percent-encoded.
pub const OBRIEN_API_NAME: &str = "O'Brien & Sons #1 API";
/// Object id of that API.
pub const OBRIEN_API: &str = "c0a70500-0000-4000-8000-000000000140";
/// Application id of that API.
pub const OBRIEN_API_APP_ID: &str = "c0a70500-0000-4000-8000-000000000141";

/// Object id of the user-assigned identity `id-orders`.
pub const ORDERS_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000c0";
/// Client id of `id-orders`.
pub const ORDERS_IDENTITY_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000c1";
/// ARM id of `id-orders`.
pub const ORDERS_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-orders-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";

/// Object id of the user-assigned identity `id-reports`.
pub const REPORTS_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000d0";
/// ARM id of `id-reports`.
pub const REPORTS_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reports";

/// Object id of the system-assigned identity of the function app `func-billing`.
pub const BILLING_FUNCTION: &str = "c0a70500-0000-4000-8000-0000000000e0";
/// Client id of `func-billing`.
pub const BILLING_FUNCTION_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000e1";
/// ARM id of `func-billing`.
pub const BILLING_FUNCTION_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-billing/providers/Microsoft.Web/sites/func-billing";

/// The name of two user-assigned identities, in two resource groups.
pub const BATCH_IDENTITY_NAME: &str = "id-batch";
/// Object id of `id-batch` in `rg-batch-a`.
pub const BATCH_A_IDENTITY: &str = "c0a70500-0000-4000-8000-000000000150";
/// ARM id of `id-batch` in `rg-batch-a`.
pub const BATCH_A_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-batch-a/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-batch";
/// Object id of `id-batch` in `rg-batch-b`.
pub const BATCH_B_IDENTITY: &str = "c0a70500-0000-4000-8000-000000000160";
/// ARM id of `id-batch` in `rg-batch-b`.
pub const BATCH_B_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-batch-b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-batch";

/// Object id of the broker's own user-assigned identity `id-app-role-broker`.
pub const BROKER_IDENTITY: &str = "c0a70500-0000-4000-8000-0000000000f0";
/// Client id of `id-app-role-broker`.
pub const BROKER_IDENTITY_CLIENT_ID: &str = "c0a70500-0000-4000-8000-0000000000f1";
/// ARM id of `id-app-role-broker`.
pub const BROKER_IDENTITY_RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-app-role-broker/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app-role-broker";
