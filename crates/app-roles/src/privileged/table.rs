//! The tables of dangerous words and of Microsoft's APIs.

use super::reason::PrivilegeReason;

/// Roles whose values contain a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// The word, without case and punctuation.
    pub(super) word: &'static str,
    /// Which of the roles with this word are privileged.
    pub(super) reach: Reach,
    /// What they give power over.
    pub(super) why: PrivilegeReason,
}

/// The roles of a family that are privileged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every role with the word.
    All,
    /// Every role with the word, except those whose value says that they only read.
    Writes,
}

const fn all(word: &'static str, why: PrivilegeReason) -> Family {
    Family { word, reach: Reach::All, why }
}

const fn writes(word: &'static str, why: PrivilegeReason) -> Family {
    Family { word, reach: Reach::Writes, why }
}

/// The families. If several match a value, the first one gives the reason.
pub(super) const FAMILIES: &[Family] = &[
    all("rolemanagement", PrivilegeReason::Roles),
    all("roleassignment", PrivilegeReason::Roles),
    all("roleeligibility", PrivilegeReason::Roles),
    all("privilege", PrivilegeReason::Roles),
    all("delegatedadmin", PrivilegeReason::Roles),
    all("elevate", PrivilegeReason::Roles),
    writes("approle", PrivilegeReason::Roles),
    writes("entitlementmanagement", PrivilegeReason::Roles),
    all("permissiongrant", PrivilegeReason::Consent),
    writes("consent", PrivilegeReason::Consent),
    writes("preauthorization", PrivilegeReason::Consent),
    all("userauth", PrivilegeReason::Credentials),
    all("password", PrivilegeReason::Credentials),
    all("scepchallenge", PrivilegeReason::Credentials),
    writes("credential", PrivilegeReason::Credentials),
    writes("addremovecreds", PrivilegeReason::Credentials),
    writes("certificate", PrivilegeReason::Credentials),
    all("secret", PrivilegeReason::Secrets),
    all("agentidentityblueprint", PrivilegeReason::Applications),
    all("impersonat", PrivilegeReason::Applications),
    writes("application", PrivilegeReason::Applications),
    writes("agentid", PrivilegeReason::Applications),
    writes("serviceprincipal", PrivilegeReason::Applications),
    writes("managedidentit", PrivilegeReason::Applications),
    writes("polic", PrivilegeReason::Policy),
    writes("conditionalaccess", PrivilegeReason::Policy),
    writes("domain", PrivilegeReason::Trust),
    writes("federat", PrivilegeReason::Trust),
    writes("identityprovider", PrivilegeReason::Trust),
    writes("trustframework", PrivilegeReason::Trust),
    writes("publickeyinfrastructure", PrivilegeReason::Trust),
    writes("tenantgovernance", PrivilegeReason::Trust),
    writes("synchronization", PrivilegeReason::Directory),
    writes("directory", PrivilegeReason::Directory),
    writes("groupmember", PrivilegeReason::Directory),
    all("liveresponse", PrivilegeReason::Devices),
    writes("devicemanagement", PrivilegeReason::Devices),
    writes("machine", PrivilegeReason::Devices),
    writes("securityconfiguration", PrivilegeReason::Devices),
    writes("library", PrivilegeReason::Devices),
    all("fullcontrol", PrivilegeReason::Data),
    all("fullaccess", PrivilegeReason::Data),
    all("manageasapp", PrivilegeReason::Roles),
    all("accessasapp", PrivilegeReason::Data),
    all("sendasapp", PrivilegeReason::Data),
    all("superuser", PrivilegeReason::Data),
    all("delegatedreader", PrivilegeReason::Data),
    all("delegatedwriter", PrivilegeReason::Data),
];

/// The tenant that owns Microsoft Graph and most of Microsoft's applications ("Verify first-party
/// Microsoft applications in sign-in reports").
pub const MICROSOFT_SERVICES: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// The tenants that own Microsoft's applications ("Verify first-party Microsoft applications in
/// sign-in reports").
pub(super) const OWNERS: &[&str] = &[MICROSOFT_SERVICES, "72f988bf-86f1-41af-91ab-2d7cd011db47"];

pub(super) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
pub(super) const AAD_GRAPH: &str = "00000002-0000-0000-c000-000000000000";
pub(super) const DEFENDER: &str = "fc780465-2017-40d4-a0c5-307022471b92";
pub(super) const RIGHTS_MANAGEMENT: &str = "00000012-0000-0000-c000-000000000000";
pub(super) const AD_SYNCHRONIZATION: &str = "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016";

pub(super) const SHAREPOINT: &str = "00000003-0000-0ff1-ce00-000000000000";
pub(super) const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
pub(super) const POWER_BI: &str = "00000009-0000-0000-c000-000000000000";

/// Microsoft's most used APIs, and all APIs of the table.
pub(super) const APIS: &[&str] = &[
    GRAPH,
    AAD_GRAPH,
    DEFENDER,
    RIGHTS_MANAGEMENT,
    AD_SYNCHRONIZATION,
    SHAREPOINT,
    EXCHANGE,
    POWER_BI,
    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", // Key Vault
    "8ee8fdad-f234-4243-8f3b-15c294843740", // Threat Protection
    "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4", // Intune
    "e406a681-f3d4-42a8-90b6-c2b029497af1", // Storage
    "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5", // Log Analytics
    "c5393580-f805-4401-95e8-94b7a6ef2fc2", // Office 365 Management
    "870c4f2e-85b6-4d43-bdda-6ed9a579b725", // Information Protection Sync
    "022907d3-0f1b-48f7-badc-1ba6abab6d66", // SQL Database
    "499b84ac-1321-427f-aa17-267ca6975798", // DevOps
    "48ac35b8-9aa8-4d74-927d-1f4a14a0b239", // Teams administration
    "797f4846-ba00-4fd7-ba43-dac1f8f63013", // Resource Manager
    "93625bc8-bfe2-437a-97e0-3d0060024faa", // Password reset
    "7b7531ad-5926-4f2d-8a1d-38495ad33e17", // Defender for Identity
    "00000007-0000-0ff1-ce00-000000000000", // Exchange Online Protection
    "b26e684c-5068-4120-a679-64a5d2c909d9", // Purview eDiscovery
    "996def3d-b36c-4153-8607-a6fd3c01b89f", // Business Central
    "05a65629-4c1b-48c1-a78b-804c4abdd4af", // Defender for Cloud Apps
];

/// The identifier URIs of well-known APIs, without a slash at the end, and their appIds. The check of a
/// policy file cannot look them up.
pub(super) const IDENTIFIER_URIS: &[(&str, &str)] = &[
    ("https://graph.microsoft.com", GRAPH),
    ("https://graph.windows.net", AAD_GRAPH),
    ("https://outlook.office365.com", EXCHANGE),
    ("https://outlook.office.com", EXCHANGE),
    ("https://analysis.windows.net/powerbi/api", POWER_BI),
    ("https://api.securitycenter.microsoft.com", DEFENDER),
    ("https://manage.office.com", "c5393580-f805-4401-95e8-94b7a6ef2fc2"),
    ("https://management.azure.com", "797f4846-ba00-4fd7-ba43-dac1f8f63013"),
    ("https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
    ("https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"),
    ("https://database.windows.net", "022907d3-0f1b-48f7-badc-1ba6abab6d66"),
    ("https://api.loganalytics.io", "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5"),
];
