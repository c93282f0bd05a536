//! Microsoft Graph's app roles, as many as the real service principal has.

use uuid::Uuid;

use crate::service_principal::AppRole;

/// The number of app roles of Microsoft Graph's service principal in August 2026. It makes a read of this
/// service principal as large as the real one.
pub const APP_ROLE_COUNT: usize = 716;

/// Values and ids of the roles that tests name (Microsoft Learn, "Microsoft Graph permissions reference").
const PUBLISHED: [(&str, &str); 14] = [
    ("AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("AuditLog.Read.All", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ("Policy.ReadWrite.ConditionalAccess", "01c0a623-fc9b-48e9-b794-0756f8e8f067"),
    ("Policy.ReadWrite.PermissionGrant", "a402ca1c-2696-4531-972d-6e5ee4aa11ea"),
    ("RoleManagement.ReadWrite.Directory", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
    ("Sites.Selected", "883ea226-0bf2-4a8f-9f9d-92c9162a727d"),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
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
