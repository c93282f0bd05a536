//! A small tenant with fixed ids: Microsoft Graph, APIs of contoso and of another company, managed
//! identities, and the broker's own identity.
//!
//! The names `id-batch` and "Payments API" are ambiguous on purpose: each belongs to two service
//! principals.

mod ids;
mod service_principals;

pub use ids::*;
use service_principals::{apis, identities};
use uuid::Uuid;

use crate::{directory::Directory, service_principal::ServicePrincipal};

/// Contoso's directory. The broker's identity holds the two app roles that it needs, and reads the subscription;
/// no other principal holds a role.
#[must_use]
pub fn contoso() -> Directory {
    let mut directory = Directory::new(TENANT_ID);
    let service_principals = apis().into_iter().chain(identities());
    service_principals.for_each(|one| directory.add_service_principal(one));
    directory.attach(BROKER_IDENTITY);
    grant_the_brokers_own_roles(&mut directory);
    directory.add_azure_reader(BROKER_IDENTITY, &format!("/subscriptions/{SUBSCRIPTION_ID}"));
    directory
}

/// `count` more user-assigned identities for load: `id-load-00001` and so on, with fixed ids.
#[must_use]
pub fn managed_identities(count: usize) -> Vec<ServicePrincipal> {
    (1..=count).map(load_identity).collect()
}

fn grant_the_brokers_own_roles(directory: &mut Directory) {
    for role in [APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL] {
        // Cannot fail, because both roles are published ones. A test checks the result.
        let _ = directory.assign(BROKER_IDENTITY, MICROSOFT_GRAPH, role);
    }
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_the_broker_holds_roles_and_only_the_two_that_it_needs() {
        let directory = contoso();
        let api = directory.service_principal(MICROSOFT_GRAPH).unwrap();
        assert_eq!(
            directory.role_values(BROKER_IDENTITY, api),
            ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]
        );
        assert_eq!(directory.assignments().len(), 2);
    }

    #[test]
    fn every_role_in_the_constants_is_defined() {
        let directory = contoso();
        let graph = directory.service_principal(MICROSOFT_GRAPH).unwrap();
        for role in [DIRECTORY_READ_ALL, USER_READ_ALL, ROLE_MANAGEMENT_READ_WRITE_DIRECTORY] {
            assert!(graph.app_role(role).is_some(), "{role}");
        }
    }

    #[test]
    fn all_ids_are_guids_and_unique() {
        let (mut ids, service_principals) = (BTreeSet::new(), [apis(), identities()].concat());
        for found in &service_principals {
            let roles = found.app_roles.iter().map(|role| &role.id);
            for id in roles.chain([&found.id, &found.app_id]) {
                assert!(Uuid::try_parse(id).is_ok(), "{id}");
                assert!(ids.insert(id), "{id} twice");
            }
        }
        assert_eq!(contoso().service_principals().count(), service_principals.len());
    }

    #[test]
    fn identities_for_load_are_distinct_and_fixed() {
        let identities = managed_identities(2);
        assert_ne!(identities[0].id, identities[1].id);
        assert_ne!(identities[0].id, identities[0].app_id);
        assert_eq!(identities, managed_identities(2));
    }
}
