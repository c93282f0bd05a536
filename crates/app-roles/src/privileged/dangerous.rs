//! The table of roles that are known to be privileged. It gives messages their reasons. A role that is
//! in no table is privileged too.

use super::{
    reason::PrivilegeReason,
    table::{
        AAD_GRAPH, AD_SYNCHRONIZATION, DEFENDER, EXCHANGE, GRAPH, POWER_BI, RIGHTS_MANAGEMENT,
        SHAREPOINT,
    },
};

/// A role that is known to be privileged.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrivilegedRole {
    /// The application id of the API that defines it.
    pub(super) api: &'static str,
    /// Its id, in lower case.
    pub(super) id: &'static str,
    /// Its value.
    pub(super) value: &'static str,
    /// What it gives power over.
    pub(super) why: PrivilegeReason,
}

/// Makes [`ROLES`] from groups: API and reason, then id and value of each role.
macro_rules! roles {
    ($($api:ident $why:ident: $($id:literal $value:literal)*)*) => {
        /// The roles that are known to be privileged.
        pub(super) const ROLES: &[PrivilegedRole] = &[$($(
            PrivilegedRole { api: $api, id: $id, value: $value, why: PrivilegeReason::$why },
        )*)*];
    };
}

roles! {
    GRAPH Roles:
    "ef5f7d5c-338f-44b0-86c3-351f46c8bb5f" "AccessReview.ReadWrite.All"
    "18228521-a591-40f1-b215-5fad4488c117" "AccessReview.ReadWrite.Membership"
    "06b708a9-e830-4db3-a914-8e69da51d44f" "AppRoleAssignment.ReadWrite.All"
    "cc13eba4-8cd8-44c6-b4d4-f93237adce58" "DelegatedAdminRelationship.ReadWrite.All"
    "e330c4f0-4170-414e-a55a-2f022ec2b57b" "DeviceManagementRBAC.ReadWrite.All"
    "9acd699f-1e81-4958-b001-93b1d2506e19" "EntitlementManagement.ReadWrite.All"
    "3351c766-bacc-4d93-94fa-f2c8b1986ee7" "LifecycleWorkflows-CustomExt.ReadWrite.All"
    "3a87a643-13d2-47aa-8d6a-b0a8377cb03b" "LifecycleWorkflows-Workflow.Activate"
    "94c88098-1d9d-4c42-a356-4d5a95312554" "LifecycleWorkflows-Workflow.ReadWrite.All"
    "5c505cf4-8424-4b8e-aa14-ee06e3bb23e3" "LifecycleWorkflows.ReadWrite.All"
    "854d9ab1-6657-4ec8-be45-823027bcd009" "PrivilegedAccess.ReadWrite.AzureAD"
    "2f6817f8-7b12-4f0f-bc18-eeaf60705a9e" "PrivilegedAccess.ReadWrite.AzureADGroup"
    "6f9d5abc-2db6-400b-a267-7de22a40fb87" "PrivilegedAccess.ReadWrite.AzureResources"
    "41202f2c-f7ab-45be-b001-85c9728b9d69" "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
    "81adad77-a25a-489d-ac43-321115620139" "PrivilegedAssignmentSchedule.ReadWrite.EntraAppRole"
    "618b6020-bca8-4de6-99f6-ef445fa4d857" "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"
    "7f4c39f1-1aa7-44b7-ab05-38df2609c37a" "PrivilegedEligibilitySchedule.ReadWrite.EntraAppRole"
    "dd199f4a-f148-40a4-a2ec-f0069cc799ec" "RoleAssignmentSchedule.ReadWrite.Directory"
    "fee28b28-e1f3-4841-818e-2704dc62245f" "RoleEligibilitySchedule.ReadWrite.Directory"
    "274d0592-d1b6-44bd-af1d-26d259bcb43a" "RoleManagement.ReadWrite.CloudPC"
    "8b7e8c0a-7e9d-4049-97ec-04b5e1bcaf05" "RoleManagement.ReadWrite.Defender"
    "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8" "RoleManagement.ReadWrite.Directory"
    "025d3225-3f02-4882-b4c0-cd5b541a4e80" "RoleManagement.ReadWrite.Exchange"
    "b38dcc4d-a239-4ed6-aa84-6c65b284f97c" "RoleManagementPolicy.ReadWrite.AzureADGroup"
    "31e08e0a-d3f7-4ca2-ac39-7343fb83e8ad" "RoleManagementPolicy.ReadWrite.Directory"
    "ec563bdb-80dc-47c0-81d3-bff47cc6ac06" "RoleManagementPolicy.ReadWrite.EntraAppRole"

    GRAPH Applications:
    "dcf7150a-88d4-4fe6-9be1-c2744c455397" "AgentIdentity.ReadWrite.All"
    "7fddd33b-d884-4ec0-8696-72cff90ff825" "AgentIdentityBlueprint.ReadWrite.All"
    "19202363-278e-49c2-bf00-391e2ba00881" "AgentIdentityBlueprint.UpdateAuthProperties.All"
    "3bc933bc-8b4d-4cb6-ac49-b73774299250" "AgentIdentityBlueprintPrincipal.ReadWrite.All"
    "fc023787-fd04-4e44-9bc7-d454f00c0f0a" "Application.ReadUpdate.All"
    "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9" "Application.ReadWrite.All"
    "18a4783c-866b-4cc7-a460-3d5e5662c884" "Application.ReadWrite.OwnedBy"
    "0b57845e-aa49-4e6f-8109-ce654fffa618" "OnPremisesPublishingProfiles.ReadWrite.All"
    "9b50c33d-700f-43b1-b2eb-87e89b703581" "Synchronization.ReadWrite.All"

    GRAPH Consent:
    "9f1b81a7-0223-4428-bfa4-0bcb5535f27d" "ConsentRequest.ReadWrite.All"
    "8e8e4742-1d95-4f68-9d56-6ee75648c72a" "DelegatedPermissionGrant.ReadWrite.All"
    "a402ca1c-2696-4531-972d-6e5ee4aa11ea" "Policy.ReadWrite.PermissionGrant"

    GRAPH Credentials:
    "0510736e-bdfb-4b37-9a1f-89b4a074763a" "AgentIdentityBlueprint.AddRemoveCreds.All"
    "af2bf46f-7bf1-4be3-8bad-e17e279e8462" "SecurityIdentitiesActions.ReadWrite.All"
    "b4146a3a-dd4f-4af4-8d91-7cc0eef3d041" "SecurityIdentitiesUserActions.ReadWrite.All"
    "7fc588a2-ea2d-4d1f-bcf7-33c324b149b8" "SignInIdentifier.ReadWrite.All"
    "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7" "User-PasswordProfile.ReadWrite.All"
    "c529cfca-c91b-489c-af2b-d92990b66ce6" "User.ManageIdentities.All"
    "50483e42-d915-4231-9639-7fdb7fd190e5" "UserAuthenticationMethod.ReadWrite.All"
    "e8ecb853-1435-4a49-95ba-ec5b31b11672" "UserAuthMethod-Email.ReadWrite.All"
    "c7a22c2e-5b01-4129-8159-6c8be2c78f16" "UserAuthMethod-External.ReadWrite.All"
    "7e9ebcc1-90aa-4471-8051-e68d6b4e9c89" "UserAuthMethod-HardwareOATH.ReadWrite.All"
    "c833c349-a1ab-4b6d-94a2-fa9a8674420c" "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All"
    "0400e371-7db1-4338-a269-96069eb65227" "UserAuthMethod-Passkey.ReadWrite.All"
    "f6d38dfd-ec08-4995-8f07-23e929df0936" "UserAuthMethod-Password.ReadWrite.All"
    "6e85d483-7092-4375-babe-0a94a8213a58" "UserAuthMethod-Phone.ReadWrite.All"
    "1a87acf4-a9ca-4576-a974-452ea265d5f6" "UserAuthMethod-PlatformCred.ReadWrite.All"
    "4869299f-18c3-40c8-98f2-222657e67db1" "UserAuthMethod-QR.ReadWrite.All"
    "1bf7461f-222a-4525-9760-f7739228d0f4" "UserAuthMethod-ResourceKey.ReadWrite.All"
    "787442d4-3c6e-4e99-aa95-8ccca20a48ff" "UserAuthMethod-SoftwareOATH.ReadWrite.All"
    "627169a8-8c15-451c-861a-5b80e383de5c" "UserAuthMethod-TAP.ReadWrite.All"
    "f14eee8a-713e-45aa-8223-2ab74632db1a" "UserAuthMethod-WindowsHello.ReadWrite.All"

    GRAPH Policy:
    "a88eef72-fed0-4bf7-a2a9-f19df33f8b83" "AuthenticationContext.ReadWrite.All"
    "546168c3-1183-4281-9491-fafb24dea37e" "GroupSettings.ReadWrite.All"
    "447f996a-7c58-4ce7-9a9e-da80381a45ab" "Policy.Read.Recovery"
    "be74164b-cff1-491c-8741-e671cb536e13" "Policy.ReadWrite.ApplicationConfiguration"
    "25f85f3c-f66c-4205-8cd5-de92dd7f0cec" "Policy.ReadWrite.AuthenticationFlows"
    "29c18626-4985-4dcd-85c0-193eef327366" "Policy.ReadWrite.AuthenticationMethod"
    "fb221be6-99f2-473f-bd32-01c6a0e9ca3b" "Policy.ReadWrite.Authorization"
    "01c0a623-fc9b-48e9-b794-0756f8e8f067" "Policy.ReadWrite.ConditionalAccess"
    "999f8c63-0a38-4f1b-91fd-ed1947bdd1a9" "Policy.ReadWrite.ConsentRequest"
    "338163d7-f101-4c92-94ba-ca46fe52447c" "Policy.ReadWrite.CrossTenantAccess"
    "a6325ae7-2b73-4dbd-abed-fbeacfbf8696" "Policy.ReadWrite.CrossTenantCapability"
    "03cc4f92-788e-4ede-b93f-199424d144a5" "Policy.ReadWrite.ExternalIdentities"
    "90bbca0b-227c-4cdc-8083-1c6cfb95bac6" "Policy.ReadWrite.FedTokenValidation"
    "2dcf8603-09eb-4078-b1ec-d30a1a76b873" "Policy.ReadWrite.IdentityProtection"
    "1c6e93a6-28e2-4cbb-9f64-1a46a821124d" "Policy.ReadWrite.SecurityDefaults"
    "79a677f7-b79d-40d0-a36a-3e6f8688dd7a" "Policy.ReadWrite.TrustFramework"

    GRAPH Trust:
    "1dfe531a-24a6-4f1b-80f4-7a0dc5a0a171" "APIConnectors.ReadWrite.All"
    "306785c5-c09b-4ba0-a4ee-023f3da165cb" "CrossTenantUserProfileSharing.ReadWrite.All"
    "c2667967-7050-4e7e-b059-4cbbb3811d03" "CustomAuthenticationExtension.ReadWrite.All"
    "64d40371-8d58-4270-bc8a-b4a66de36b9a" "Domain-InternalFederation.ReadWrite.All"
    "7e05723c-0bb0-42da-be95-ae9f08a6e53c" "Domain.ReadWrite.All"
    "0edf5e9e-4ce8-468a-8432-d08631d18c43" "EventListener.ReadWrite.All"
    "90db2b9a-d928-4d33-a4dd-8442ae3d41e4" "IdentityProvider.ReadWrite.All"
    "65319a09-a2be-469d-8782-f6b07debf789" "IdentityUserFlow.ReadWrite.All"
    "920def01-ca61-4d2d-b3df-105b46046a70" "MultiTenantOrganization.ReadWrite.All"
    "78bbf8cf-07d8-45ba-b0eb-1a7b48efbcf1" "MutualTlsOauthConfiguration.ReadWrite.All"
    "c22a92cc-79bf-4bb1-8b6c-e0a05d3d80ce" "OnPremDirectorySynchronization.ReadWrite.All"
    "292d869f-3427-49a8-9dab-8c70152b74e9" "Organization.ReadWrite.All"
    "a2b63618-5350-462d-b1b3-ba6eb3684e26" "PublicKeyInfrastructure.ReadWrite.All"
    "17b78cfd-eeff-447d-8bab-2795af00055a" "SpiffeTrustDomain.ReadWrite.All"
    "4a771c9a-1cf2-4609-b88e-3d3e02d539cd" "TrustFrameworkKeySet.ReadWrite.All"

    GRAPH Directory:
    "5eb59dd3-1da2-4329-8733-9dabdc435916" "AdministrativeUnit.ReadWrite.All"
    "b782c9ad-6f2b-4894-a21b-72bf22417f0a" "AgentIdUser.ReadWrite.All"
    "35930dcf-aceb-4bd1-b99a-8ffed403c974" "ChannelMember.ReadWrite.All"
    "57257249-34ce-4810-a8a2-a03adf0c5693" "ChatMember.ReadWrite.All"
    "de89b5e4-5b8f-48eb-8925-29c2b33bd8bd" "CustomSecAttributeAssignment.ReadWrite.All"
    "12338004-21f4-4896-bf5e-b75dfaf1016d" "CustomSecAttributeDefinition.ReadWrite.All"
    "1db69e9c-8d0a-498d-a5df-11fd0b68ceab" "CustomSecAttributeProvisioning.ReadWrite.All"
    "19dbc75e-c2e2-444c-a770-ec69d8559fc7" "Directory.ReadWrite.All"
    "d1808e82-ce13-47af-ae0d-f9b254e6d58a" "EduRoster.ReadWrite.All"
    "2d9bd318-b883-40be-9df7-63ec4fcdc424" "Group-OnPremisesSyncBehavior.ReadWrite.All"
    "bf7b1a76-6e77-406b-b258-bf5c7720e98f" "Group.Create"
    "62a82d76-70ea-41e2-9197-370581804d09" "Group.ReadWrite.All"
    "dbaae8cf-10b5-4b86-a4a1-f871c94c6695" "GroupMember.ReadWrite.All"
    "5facf0c1-8979-4e95-abcf-ff3d079771c0" "LicenseAssignment.ReadWrite.All"
    "658aa5d8-239f-45c4-aa12-864f4fc7e490" "Member.Read.Hidden"
    "0121dc95-1b9f-4aed-8bac-58c5ac466691" "TeamMember.ReadWrite.All"
    "4437522e-9a86-4a41-a7da-e380edd4a97d" "TeamMember.ReadWriteNonOwnerRole.All"
    "9d952b72-f741-4b40-9185-8c53076c2339" "User-ConvertToInternal.ReadWrite.All"
    "280d0935-0796-47d1-8d26-273470a3f17a" "User-Mail.ReadWrite.All"
    "a94a502d-0281-4d15-8cd2-682ac9362c4c" "User-OnPremisesSyncBehavior.ReadWrite.All"
    "86ceff06-c822-49ff-989a-d912845ffe69" "User-Phone.ReadWrite.All"
    "4240f680-4f73-4082-a766-aa916a2dc9b3" "User.Create"
    "eccc023d-eccf-4e7b-9683-8813ab36cecc" "User.DeleteRestore.All"
    "3011c876-62b7-4ada-afa2-506cbbecc68c" "User.EnableDisableAccount.All"
    "09850681-111b-4a89-9bed-3f2cae46d706" "User.Invite.All"
    "5639c449-cfd9-4088-bc48-3e16da108bf8" "User.ReadUpdate.All"
    "741f803b-c850-494e-b5df-cde7c675a1ca" "User.ReadWrite.All"
    "5652f862-b626-407b-a3e6-248aeb95763c" "User.ReadWrite.CrossCloud"

    GRAPH Devices:
    "3b4349e1-8cf5-45a3-95b7-69d1751d3e6a" "CloudPC.ReadWrite.All"
    "1138cb37-bd11-4084-a2b7-9f71582aeddb" "Device.ReadWrite.All"
    "78145de6-330d-4800-a6ce-494ff2d33d07" "DeviceManagementApps.ReadWrite.All"
    "f15eb2ba-ef8a-4f70-991d-da5d045154e2" "DeviceManagementCloudCA.ReadWrite.All"
    "9241abd9-d0e6-425a-bd4f-47ba86e767a4" "DeviceManagementConfiguration.ReadWrite.All"
    "5b07b0dd-2377-4e44-a38d-703f09a0dc3c" "DeviceManagementManagedDevices.PrivilegedOperations.All"
    "243333ab-4d21-40cb-a475-36241daa0842" "DeviceManagementManagedDevices.ReadWrite.All"
    "9255e99d-faf5-445e-bbf7-cb71482737c4" "DeviceManagementScripts.ReadWrite.All"
    "5ac13192-7ace-4fcf-b828-1a26f28068ee" "DeviceManagementServiceConfig.ReadWrite.All"

    GRAPH Secrets:
    "57f1cf28-c0c4-4ec3-9a30-19a2eaaf2f6e" "BitlockerKey.Read.All"
    "884b599e-4d48-43a5-ba94-15c414d00588" "DeviceLocalCredential.Read.All"

    GRAPH Data:
    "839c90ab-5771-41ee-aef8-a562e8487c1e" "AiEnterpriseInteraction.Read.All"
    "6b0d2622-d34e-4470-935b-b96550e5ca8d" "AuditLogsQuery-Exchange.Read.All"
    "5e1e9171-754d-478c-812c-f1755a9a4c2d" "AuditLogsQuery.Read.All"
    "bebd0841-a3d8-4313-a51d-731112c8ee41" "BackupRestore-Restore.ReadWrite.All"
    "f6135c51-c766-4be1-9638-ed90c2ed2443" "BackupRestore-Search.Read.All"
    "798ee544-9d2d-430c-a058-570e29e34338" "Calendars.Read"
    "ef54d2bf-783f-4e0f-bca1-3210c0444d99" "Calendars.ReadWrite"
    "d91697b0-a708-4c11-a712-8fb2dc081aa2" "Calendars.ReadWrite.All"
    "792b782b-7822-4b92-8103-77e44f2f706c" "CallAiInsights.Read.All"
    "ce8fb1f1-5e1f-44a0-b102-4ec28454d0dc" "CallRecordings.Read.All"
    "45bbb07e-7321-4fd7-a8f6-3ff27e6a81c8" "CallRecords.Read.All"
    "a7a681dc-756e-4909-b988-f160edc6655f" "Calls.AccessMedia.All"
    "f6b49018-60ab-4f81-83bd-22caeabfed2d" "Calls.JoinGroupCall.All"
    "4cd61b6d-8692-40bf-9d90-7f38db5e5fce" "CallTranscripts.Read.All"
    "57ac77a0-bb98-4ba8-bf9a-7af06dcdcc1f" "CaseManagement.ReadWrite.All"
    "7b2449af-6ccd-4f4d-9f78-e550c193f0d1" "ChannelMessage.Read.All"
    "6b7d71aa-70aa-4810-a8d9-5d9fb2830017" "Chat.Read.All"
    "294ce7c9-31ba-490a-ad7d-97a7d075e4ed" "Chat.ReadWrite.All"
    "b9bb2381-47a4-46cd-aafb-00cb12f68504" "ChatMessage.Read.All"
    "089fe4d0-434a-44c5-8827-41ba8a0b17f5" "Contacts.Read"
    "6918b873-d17a-4dc1-b314-35f528134491" "Contacts.ReadWrite"
    "dc377aa6-52d8-4e23-b271-2a7ae04cedf3" "DeviceManagementConfiguration.Read.All"
    "c7a5be92-2b3d-4540-8a67-c96dcaae8b43" "DeviceManagementScripts.Read.All"
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61" "Directory.Read.All"
    "50180013-6191-4d1e-a373-e590ff4e66af" "eDiscovery.Read.All"
    "b2620db1-3bf7-4c5b-9cb9-576d29eac736" "eDiscovery.ReadWrite.All"
    "2c495153-cd0e-41b4-9980-3bcecf1ca22f" "EngagementConversation.Read.All"
    "eda8c187-a7d5-42cb-b2e1-c9142f63899f" "EngagementExport.Read.All"
    "7a7cffad-37d2-4f48-afa4-c6ab129adcc2" "ExternalItem.Read.All"
    "38c3d6ee-69ee-422f-b954-e17819665354" "ExternalItem.ReadWrite.All"
    "01d4889c-1287-42c6-ac1f-5d1e02578ef6" "Files.Read.All"
    "75359482-378d-4052-8f01-80520e7db3cd" "Files.ReadWrite.All"
    "4f0a8235-6f6f-4ec7-9500-34b452a4a0c3" "Group-Conversation.Read.All"
    "6679c91b-820a-4900-ab47-e97b197a89c4" "Group-Conversation.ReadWrite.All"
    "5b567255-7703-4780-807c-7be8301ae99b" "Group.Read.All"
    "e118f1da-5c1c-46cf-bff6-8858d786f46f" "Mail-Advanced.ReadWrite.All"
    "810c84a8-4a9e-49e6-bf7d-12d183f40d01" "Mail.Read"
    "6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a" "Mail.ReadBasic"
    "693c5e45-0940-467d-9b8a-1022fb9d42ef" "Mail.ReadBasic.All"
    "e2a3a72e-5f79-4c64-b1b1-878b674786c9" "Mail.ReadWrite"
    "b633e1c5-b582-4048-a93e-9f11b44c7e96" "Mail.Send"
    "aa6d92d4-b25a-4640-aefe-3e3231e5e736" "MailboxConfigItem.ReadWrite"
    "99280d24-a782-4793-93cc-0888549957f6" "MailboxFolder.Read.All"
    "fef87b92-8391-4589-9da7-eb93dab7dc8a" "MailboxFolder.ReadWrite.All"
    "937550e9-33a3-494b-88ae-d9cd394b1fbb" "MailboxItem.Export.All"
    "76577085-e73d-4f1d-b26a-85fb33892327" "MailboxItem.ImportExport.All"
    "7d9f353d-a7bd-4fbb-822a-26d5dd39a3ce" "MailboxItem.Read.All"
    "1583d471-fede-4e7c-b062-57e9d60cfb49" "MailboxItem.ReadWrite.All"
    "40f97065-369a-49f4-947c-6a255697ae91" "MailboxSettings.Read"
    "6931bccd-447a-43d1-b442-00a195474933" "MailboxSettings.ReadWrite"
    "3aeca27b-ee3a-4c2b-8ded-80376e2134a4" "Notes.Read.All"
    "0c458cef-11f3-48c2-a568-c66751c238c0" "Notes.ReadWrite.All"
    "c0cf7895-985f-42d4-a693-b618f36674ad" "OnlineMeetingAiInsight.Read.All"
    "a4a08342-c95d-476b-b943-97e100569c8d" "OnlineMeetingRecording.Read.All"
    "b8bb2037-6e08-44ac-a4ea-4674e010e2a4" "OnlineMeetings.ReadWrite.All"
    "a4a80d8d-d283-4bd8-8504-555ec3870630" "OnlineMeetingTranscript.Read.All"
    "ac6f956c-edea-44e4-bd06-64b1b4b9aec9" "PrintJob.Read.All"
    "abafe00f-ea87-4c63-b8a8-0e7bb0a88144" "RealTimeActivityFeed.Read.All"
    "a0521574-fcd8-4742-b29c-f796df57ea70" "SharePointCrossTenantMigration.Manage.All"
    "0c7d31ec-31ca-4f58-b6ec-9950b6b0de69" "ShortNotes.Read.All"
    "842c284c-763d-4a97-838d-79787d129bab" "ShortNotes.ReadWrite.All"
    "a82116e5-55eb-4c41-a434-62fe8a61c773" "Sites.FullControl.All"
    "0c0bf378-bf22-4481-8f81-9e89a9b4960a" "Sites.Manage.All"
    "332a536c-c7ef-4017-ab91-336970924f0d" "Sites.Read.All"
    "9492366f-7969-46a4-8d15-ed1a20078fff" "Sites.ReadWrite.All"
    "8387eaa4-1a3c-41f5-b261-f888138e6041" "SubjectRightsRequest.ReadWrite.All"
    "f10e1f91-74ed-437f-a6fd-d6ae88e26c1f" "Tasks.Read.All"
    "44e666d1-d276-445b-a5fc-8815eeb81d55" "Tasks.ReadWrite.All"
    "dd98c7f5-2d42-42d3-a0e4-633161547251" "ThreatHunting.Read.All"
    "405a51b5-8d8d-430b-9842-8be4b0e9f324" "User.Export.All"

    GRAPH Controls:
    "18133149-5489-40ac-80f0-4b6fa85f6cdc" "BackupRestore-Configuration.ReadWrite.All"
    "fb240865-88f8-4a1d-923f-98dbc7920860" "BackupRestore-Control.ReadWrite.All"
    "e0fd9c8d-a12e-4cc9-9827-20c8c3cd6fb8" "CustomDetection.ReadWrite.All"
    "db06fb33-1953-4b7b-a2ac-f1e2c854f7ae" "IdentityRiskEvent.ReadWrite.All"
    "dca4e4fd-a7cf-4e6f-86d1-d1ec094d766e" "IdentityRiskyAgent.ReadWrite.All"
    "656f6061-f9fe-4807-9708-6a2e0934df76" "IdentityRiskyUser.ReadWrite.All"
    "b10642fc-a6cf-4c46-87f9-e1f96c2a18aa" "NetworkAccess.ReadWrite.All"
    "eb158f57-df43-4751-8b21-b8932adb3d34" "RecordsManagement.ReadWrite.All"
    "7fc7225d-eb37-4c39-90f3-a33a57cf1081" "RiskPreventionProviders.ReadWrite.All"
    "ed4fca05-be46-441f-9803-1873825f8fdb" "SecurityAlert.ReadWrite.All"
    "04c55753-2244-4c25-87fc-704ab82a4f69" "SecurityAnalyzedMessage.ReadWrite.All"
    "d4dcee6d-0774-412a-b06c-aeabbd99e816" "SecurityIdentitiesSensors.ReadWrite.All"
    "34bf0e97-1971-4929-b999-9e2442d941d7" "SecurityIncident.ReadWrite.All"
    "19b94e34-907c-4f43-bde9-38b1909ed408" "SharePointTenantSettings.ReadWrite.All"
    "d72bdbf4-a59b-405c-8b04-5995895819ac" "ThreatSubmission.ReadWrite.All"
    "77f3a031-c388-4f99-b373-dc68676a979e" "User.RevokeSessions.All"
    "7dd1be58-6e76-4401-bf8d-31d1e8180d5b" "WindowsUpdates.ReadWrite.All"

    GRAPH Apps:
    "9c72696d-c77b-4d8d-b59e-dfca4792c9ec" "AgentCommunicationConfiguration.ReadWrite.All"
    "39fb8c64-7bd3-4107-8515-14d6e55ddda4" "AgentRegistration.ReadWrite.All"
    "dc149144-f292-421e-b185-5953f2e98d7f" "AppCatalog.ReadWrite.All"
    "ed31732f-9495-47ed-ba3b-4ed0948c1c64" "CopilotPackages.ReadWrite.All"
    "cbe6c7e4-09aa-4b8d-b3c3-2dbb59af4b54" "InformationProtectionContent.Sign.All"
    "58a52f47-9e36-4b17-9ebe-ce4ef7f3e6c8" "PrintJob.Manage.All"
    "22b74aab-d9e4-46f7-9424-f24b42307227" "TeamsAppInstallation.ManageSelectedForChat.All"
    "b448d252-1f26-4227-b6ff-21ab510975a2" "TeamsAppInstallation.ManageSelectedForTeam.All"
    "e97a9235-5b3c-43c4-b37d-6786a173fae4" "TeamsAppInstallation.ManageSelectedForUser.All"
    "9e19bae1-2623-4c4f-ab6e-2664615ff9a0" "TeamsAppInstallation.ReadWriteForChat.All"
    "5dad17ba-f6cc-4954-a5a2-a0dcc95154f0" "TeamsAppInstallation.ReadWriteForTeam.All"
    "74ef0291-ca83-4d02-8c7e-d2391e6a444f" "TeamsAppInstallation.ReadWriteForUser.All"
    "dfb0dd15-61de-45b2-be36-d6a69fba3c79" "Teamwork.Migrate.All"

    AAD_GRAPH Applications:
    "1cda74f2-2616-4834-b122-5cb1b07f8a59" "Application.ReadWrite.All"
    "824c81eb-e3f8-4ee6-8f6d-de7f50d565b7" "Application.ReadWrite.OwnedBy"

    AAD_GRAPH Directory:
    "78c8a3c8-a07e-4b9e-af1b-b5ccab50a175" "Directory.ReadWrite.All"
    "9728c0c4-a06b-4e0e-8d1b-3d694e8ec207" "Member.Read.Hidden"

    AAD_GRAPH Trust:
    "abefe9df-d5a9-41c6-a60b-27b38eac3efb" "Domain.ReadWrite.All"

    AAD_GRAPH Devices:
    "1138cb37-bd11-4084-a2b7-9f71582aeddb" "Device.ReadWrite.All"

    DEFENDER Devices:
    "1629b959-c0af-42a1-92f0-f6162060bdf1" "Machine.LiveResponse"
    "aa027352-232b-4ed4-b963-a705fc4d6d2c" "Machine.ReadWrite.All"

    RIGHTS_MANAGEMENT Data:
    "7347eb49-7a1a-43c5-8eac-a5cd1d1c7cf0" "Content.SuperUser"

    AD_SYNCHRONIZATION Directory:
    "ab43b826-2c7a-4aff-9ecd-d0629d0ca6a9" "ADSynchronization.ReadWrite.All"

    POWER_BI Data:
    "654b31ae-d941-4e22-8798-7add8fdf049f" "Tenant.Read.All"
    "28379fa9-8596-4fd9-869e-cb60a93b5d84" "Tenant.ReadWrite.All"

    EXCHANGE Data:
    "f7264778-fba9-422d-8e9e-2675a2c4b513" "Mailbox.Migration"

    SHAREPOINT Data:
    "d13f72ca-a275-4b96-b789-48ebcc4da984" "Sites.Read.All"
}
