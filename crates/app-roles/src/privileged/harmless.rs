//! The table of harmless roles of Microsoft's APIs. Every role that it does not name is privileged.
//!
//! A role belongs here only if all of this is certain: it reads (or reaches only what is the
//! application's own), it reads no content, no personal data and no settings that protect something,
//! and it adds no member, account or permission. When in doubt, a role does not belong here.

use super::table::{GRAPH, SHAREPOINT};

/// A role that is known to be harmless. Microsoft's role ids are equal in every tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct HarmlessRole {
    /// The application id of the API that defines it.
    pub(super) api: &'static str,
    /// Its id, in lower case.
    pub(super) id: &'static str,
    /// Its value.
    pub(super) value: &'static str,
    /// Why it is harmless: a predicate to the role.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for reviewers, and tests hold the docs to it")
    )]
    pub(super) because: &'static str,
}

/// Makes [`HARMLESS`] from groups: API and reason, then id and value of each role.
macro_rules! harmless {
    ($($api:ident $because:literal: $($id:literal $value:literal)*)*) => {
        /// The roles that are known to be harmless.
        pub(super) const HARMLESS: &[HarmlessRole] = &[$($(
            HarmlessRole { api: $api, id: $id, value: $value, because: $because },
        )*)*];
    };
}

harmless! {
    GRAPH "reports the health, the news and the total use of Microsoft's services":
    "2b655018-450a-4845-81e7-d603b1ebffdb" "ServiceActivity-Exchange.Read.All"
    "c766cb16-acc4-4663-ba09-6eedef5876c5" "ServiceActivity-Microsoft365Web.Read.All"
    "57b4f899-b8c5-47c7-bdd3-c410c55602b7" "ServiceActivity-OneDrive.Read.All"
    "4dfee10b-fa4a-41b5-b34d-ccf54cc0c394" "ServiceActivity-Teams.Read.All"
    "79c261e0-fe76-4144-aad5-bdc68fbe4037" "ServiceHealth.Read.All"
    "1b620472-6534-4fe6-9df2-4680e8aa28ec" "ServiceMessage.Read.All"
    "e0b77adb-e790-44a3-b0a0-257d06303687" "ThreatIntelligence.Read.All"

    GRAPH "reads settings of a product that protect nothing":
    "eb76ac34-0d62-4454-b97c-185e4250dc20" "OrganizationalBranding.Read.All"
    "c18ae2dc-d9f3-4495-a93f-18980a0e159f" "OrgSettings-DynamicsVoice.Read.All"
    "434d7c66-07c6-4b1f-ab21-417cf2cdaaca" "OrgSettings-Forms.Read.All"
    "6cdf1fb1-b46f-424f-9493-07247caa22e2" "OrgSettings-Microsoft365Install.Read.All"
    "e4d9cd09-d858-4363-9410-abb96737f0cf" "OrgSettings-Todo.Read.All"
    "ef02f2e7-e22d-4c77-8614-8f765683b86e" "PeopleSettings.Read.All"
    "b5991872-94cf-4652-9765-29535087c6d8" "PrintSettings.Read.All"
    "ee353f83-55ef-4b78-82da-555bfa2b4b95" "ReportSettings.Read.All"

    GRAPH "reads a catalogue that is published to the whole organization and names no people":
    "8c0aed2c-0c61-433d-b63c-6370ddc73248" "Acronym.Read.All"
    "e12dae10-5a57-4817-b79d-dfbec5348930" "AppCatalog.Read.All"
    "6ee891c3-74a4-4148-8463-0c834375dfaf" "IndustryData-ReferenceDefinition.Read.All"
    "7c55c952-b095-4c23-a522-022bce4cc1e3" "IndustryData-TimePeriod.Read.All"
    "4f5ac95f-62fd-472c-b60f-125d24ca0bc5" "IndustryData.ReadBasic.All"
    "8740813e-d8aa-4204-860e-2a0f8f84dbc8" "LearningContent.Read.All"
    "913b9306-0ce1-42b8-9137-6a7df690a760" "Place.Read.All"
    "9709bb33-4549-49d4-8ed9-a8f65e45bb0f" "Printer.Read.All"
    "f369d3b8-fe98-4772-85e1-b23e7cf41982" "PullPrintPrinter.Read.All"
    "6323133e-1f6e-46d4-9372-ac33a0870636" "TeamTemplates.Read.All"
    "1efa3d37-1703-4685-9a59-baf6296fb956" "TeamworkCustomEmoji.Read.All"
    "ea047cc2-df29-4f3e-83a3-205de61501ca" "TermStore.Read.All"

    GRAPH "reads names and descriptions of a single resource type, without content and members":
    "59a6b24b-4225-4393-8165-ebaec5f55d7a" "Channel.ReadBasic.All"
    "cac88765-0581-4025-9725-5ebc13f729ee" "CrossTenantInformation.ReadBasic.All"
    "2280dda6-0bfd-44ee-a2f4-cb867cfc4c1e" "Team.ReadBasic.All"

    GRAPH "reaches only what the application itself has created":
    "acc0fc4d-2cd6-4194-8700-1768d8423d86" "BusinessScenarioConfig.Read.OwnedBy"
    "6c0257fd-cffe-415b-8239-2d0d70fdaa9c" "BusinessScenarioData.Read.OwnedBy"
    "b47b160b-1054-4efd-9ca0-e2f614696086" "Files.ReadWrite.AppFolder"

    GRAPH "grants nothing by itself: the owner of each resource consents to it":
    "bd61925e-3bf4-4d62-bc0b-06b06c96d95c" "Files.SelectedOperations.Selected"
    "de4e4161-a10a-4dfd-809c-e328d89aefeb" "ListItems.SelectedOperations.Selected"
    "23c5a9bd-d900-4ecf-be26-a0689755d9e5" "Lists.SelectedOperations.Selected"
    "883ea226-0bf2-4a8f-9f9d-92c9162a727d" "Sites.Selected"

    SHAREPOINT "grants nothing by itself: the owner of each resource consents to it":
    "20d37865-089c-4dee-8c41-6967602d4ac8" "Sites.Selected"
}
