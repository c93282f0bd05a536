//! Microsoft Graph's app roles, as many as the real service principal has.

use uuid::Uuid;

use crate::service_principal::AppRole;

/// The number of app roles of Microsoft Graph's service principal in August 2026. It makes a read of this
/// service principal as large as the real one.
pub const APP_ROLE_COUNT: usize = 716;

/// Values and ids of roles that are often requested and of roles that can take over a tenant (Microsoft
/// Learn, "Microsoft Graph permissions reference").
const PUBLISHED: [(&str, &str); 68] = [
    ("AccessReview.Read.All", "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa"),
    ("AdministrativeUnit.ReadWrite.All", "5eb59dd3-1da2-4329-8733-9dabdc435916"),
    ("AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadUpdate.All", "fc023787-fd04-4e44-9bc7-d454f00c0f0a"),
    ("Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("Application.ReadWrite.OwnedBy", "18a4783c-866b-4cc7-a460-3d5e5662c884"),
    ("AuditLog.Read.All", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"),
    ("ChannelMessage.Read.All", "7b2449af-6ccd-4f4d-9f78-e550c193f0d1"),
    ("DelegatedAdminRelationship.ReadWrite.All", "cc13eba4-8cd8-44c6-b4d4-f93237adce58"),
    ("Device.Read.All", "7438b122-aefc-4978-80ed-43db9fcc7715"),
    ("DeviceManagementConfiguration.ReadWrite.All", "9241abd9-d0e6-425a-bd4f-47ba86e767a4"),
    ("DeviceManagementManagedDevices.Read.All", "2f51be20-0bb4-4fed-bf7b-db946066c75e"),
    ("DeviceManagementRBAC.ReadWrite.All", "e330c4f0-4170-414e-a55a-2f022ec2b57b"),
    ("DeviceManagementScripts.ReadWrite.All", "9255e99d-faf5-445e-bbf7-cb71482737c4"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Domain.ReadWrite.All", "7e05723c-0bb0-42da-be95-ae9f08a6e53c"),
    ("EntitlementManagement.ReadWrite.All", "9acd699f-1e81-4958-b001-93b1d2506e19"),
    ("Files.Read.All", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"),
    ("Group-OnPremisesSyncBehavior.ReadWrite.All", "2d9bd318-b883-40be-9df7-63ec4fcdc424"),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Group.ReadWrite.All", "62a82d76-70ea-41e2-9197-370581804d09"),
    ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("GroupMember.ReadWrite.All", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695"),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    ("Organization.ReadWrite.All", "292d869f-3427-49a8-9dab-8c70152b74e9"),
    ("Policy.Read.All", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    ("Policy.ReadWrite.AuthenticationMethod", "29c18626-4985-4dcd-85c0-193eef327366"),
    ("Policy.ReadWrite.ConditionalAccess", "01c0a623-fc9b-48e9-b794-0756f8e8f067"),
    ("Policy.ReadWrite.PermissionGrant", "a402ca1c-2696-4531-972d-6e5ee4aa11ea"),
    ("PrivilegedAccess.ReadWrite.AzureAD", "854d9ab1-6657-4ec8-be45-823027bcd009"),
    ("PrivilegedAccess.ReadWrite.AzureADGroup", "2f6817f8-7b12-4f0f-bc18-eeaf60705a9e"),
    ("PrivilegedAccess.ReadWrite.AzureResources", "6f9d5abc-2db6-400b-a267-7de22a40fb87"),
    ("PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", "41202f2c-f7ab-45be-b001-85c9728b9d69"),
    (
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
        "618b6020-bca8-4de6-99f6-ef445fa4d857",
    ),
    ("Reports.Read.All", "230c1aed-a721-4c5d-9cb4-a90514e508ef"),
    ("RoleAssignmentSchedule.ReadWrite.Directory", "dd199f4a-f148-40a4-a2ec-f0069cc799ec"),
    ("RoleEligibilitySchedule.ReadWrite.Directory", "fee28b28-e1f3-4841-818e-2704dc62245f"),
    ("RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
    ("RoleManagement.ReadWrite.Directory", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
    ("RoleManagementPolicy.ReadWrite.AzureADGroup", "b38dcc4d-a239-4ed6-aa84-6c65b284f97c"),
    ("RoleManagementPolicy.ReadWrite.Directory", "31e08e0a-d3f7-4ca2-ac39-7343fb83e8ad"),
    ("SecurityAlert.Read.All", "472e4a4d-bb4a-4026-98d1-0b0d74cb74a5"),
    ("SecurityEvents.Read.All", "bf394140-e372-4bf9-a898-299cfc7564e5"),
    ("SecurityIdentitiesActions.ReadWrite.All", "af2bf46f-7bf1-4be3-8bad-e17e279e8462"),
    ("SecurityIncident.Read.All", "45cc0394-e837-488b-a098-1918f48d186c"),
    ("SignInIdentifier.ReadWrite.All", "7fc588a2-ea2d-4d1f-bcf7-33c324b149b8"),
    ("Sites.Read.All", "332a536c-c7ef-4017-ab91-336970924f0d"),
    ("Sites.Selected", "883ea226-0bf2-4a8f-9f9d-92c9162a727d"),
    ("Synchronization.ReadWrite.All", "9b50c33d-700f-43b1-b2eb-87e89b703581"),
    ("Team.ReadBasic.All", "2280dda6-0bfd-44ee-a2f4-cb867cfc4c1e"),
    ("ThreatHunting.Read.All", "dd98c7f5-2d42-42d3-a0e4-633161547251"),
    ("User-PasswordProfile.ReadWrite.All", "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7"),
    ("User.DeleteRestore.All", "eccc023d-eccf-4e7b-9683-8813ab36cecc"),
    ("User.EnableDisableAccount.All", "3011c876-62b7-4ada-afa2-506cbbecc68c"),
    ("User.Invite.All", "09850681-111b-4a89-9bed-3f2cae46d706"),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca"),
    ("UserAuthMethod-HardwareOATH.ReadWrite.All", "7e9ebcc1-90aa-4471-8051-e68d6b4e9c89"),
    ("UserAuthMethod-Phone.ReadWrite.All", "6e85d483-7092-4375-babe-0a94a8213a58"),
    ("UserAuthMethod-QR.ReadWrite.All", "4869299f-18c3-40c8-98f2-222657e67db1"),
    ("UserAuthMethod-TAP.ReadWrite.All", "627169a8-8c15-451c-861a-5b80e383de5c"),
    ("UserAuthenticationMethod.Read.All", "38d9df27-64da-44fd-b7c5-a6fbac20248f"),
    ("UserAuthenticationMethod.ReadWrite.All", "50483e42-d915-4231-9639-7fdb7fd190e5"),
];

/// Microsoft Graph's app roles: the published ones above, then generated ones up to
/// [`APP_ROLE_COUNT`].
pub(crate) fn microsoft_graph_app_roles() -> Vec<AppRole> {
    let published = PUBLISHED.iter().map(|(value, id)| published(value, id));
    let generated = (1..=APP_ROLE_COUNT - PUBLISHED.len()).map(generated);
    published.chain(generated).collect()
}

fn published(value: &str, id: &str) -> AppRole {
    let description =
        format!("Microsoft Graph's app role {value}, which allows nothing in this emulator.");
    AppRole::for_applications(id, value, &description)
}

fn generated(number: usize) -> AppRole {
    let value = format!("Generated.{number:03}.Read.All");
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, value.as_bytes()).to_string();
    AppRole::for_applications(&id, &value, "Exists only in this emulated tenant.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_as_many_roles_as_in_a_real_tenant_and_ids_and_values_are_unique() {
        let roles = microsoft_graph_app_roles();
        let ids: BTreeSet<_> = roles.iter().map(|role| &role.id).collect();
        let values: BTreeSet<_> = roles.iter().map(|role| &role.value).collect();
        assert_eq!(roles.len(), APP_ROLE_COUNT);
        assert_eq!(ids.len(), APP_ROLE_COUNT);
        assert_eq!(values.len(), APP_ROLE_COUNT);
    }

    #[test]
    fn every_published_id_is_a_guid() {
        for (value, id) in PUBLISHED {
            assert!(Uuid::try_parse(id).is_ok(), "{value} has the id {id}");
        }
    }
}
