//! Looking up the two service principals of a request.

use serde::Deserialize;

use super::{Graph, error::GraphError, odata};
use crate::{
    domain::{
        arm::ArmScope,
        directory::{Api, AppRole, Principal},
        ids::{AppId, AppRoleId, ObjectId},
    },
    remote::retry::Deadline,
};

/// The `servicePrincipalType` of managed identities, which nobody but Azure can set.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePrincipal {
    id: ObjectId,
    app_id: AppId,
    display_name: Option<String>,
    service_principal_type: Option<String>,
    #[serde(default)]
    alternative_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireApi {
    id: ObjectId,
    app_id: AppId,
    display_name: Option<String>,
    #[serde(default)]
    app_roles: Vec<WireAppRole>,
}

#[derive(Deserialize)]
struct WireAppRole {
    id: AppRoleId,
    value: Option<String>,
}

impl Graph {
    /// Reads the service principal that is to receive a role.
    pub async fn principal(
        &self,
        id: ObjectId,
        deadline: Deadline,
    ) -> Result<Principal, GraphError> {
        let url = odata::principal(&self.endpoint, id);
        let answer = self.get::<WirePrincipal>("read the principal", url, deadline).await?;
        Ok(answer.body.into())
    }

    /// Reads the service principal that defines roles, with its roles.
    pub async fn api(&self, id: ObjectId, deadline: Deadline) -> Result<Api, GraphError> {
        let url = odata::api(&self.endpoint, id);
        let answer = self.get::<WireApi>("read the API", url, deadline).await?;
        Ok(answer.body.into())
    }
}

impl From<WirePrincipal> for Principal {
    fn from(wire: WirePrincipal) -> Self {
        let resource_id = match wire.service_principal_type.as_deref() {
            Some(MANAGED_IDENTITY) => single_resource_id(&wire.alternative_names),
            _ => None,
        };
        Self {
            object_id: wire.id,
            client_id: wire.app_id,
            display_name: wire.display_name.unwrap_or_default(),
            resource_id,
        }
    }
}

/// The one alternative name that is an ARM id; two would leave open which resource it is.
fn single_resource_id(names: &[String]) -> Option<ArmScope> {
    let mut scopes = names.iter().filter_map(|name| ArmScope::parse(name).ok());
    match (scopes.next(), scopes.next()) {
        (Some(scope), None) => Some(scope),
        _ => None,
    }
}

impl From<WireApi> for Api {
    fn from(wire: WireApi) -> Self {
        let roles =
            wire.app_roles.into_iter().map(|role| AppRole { id: role.id, value: role.value });
        Self {
            object_id: wire.id,
            app_id: wire.app_id,
            display_name: wire.display_name.unwrap_or_default(),
            roles: roles.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(kind: &str, names: &[&str]) -> Principal {
        let id = ObjectId::parse("11111111-1111-1111-1111-111111111111").unwrap();
        let app_id = AppId::parse("22222222-2222-2222-2222-222222222222").unwrap();
        let names = names.iter().map(ToString::to_string).collect();
        let kind = Some(kind.to_owned());
        WirePrincipal {
            id,
            app_id,
            display_name: None,
            service_principal_type: kind,
            alternative_names: names,
        }
        .into()
    }

    const RESOURCE: &str = "/subscriptions/33333333-3333-3333-3333-333333333333/resourcegroups/rg/providers/Microsoft.Web/sites/func";

    #[test]
    fn an_application_that_carries_an_arm_id_is_no_managed_identity() {
        assert!(principal("Application", &["isExplicit=True", RESOURCE]).resource_id.is_none());
    }

    #[test]
    fn two_arm_ids_leave_open_which_resource_it_is() {
        assert!(principal("ManagedIdentity", &[RESOURCE, RESOURCE]).resource_id.is_none());
    }

    #[test]
    fn a_managed_identity_has_the_resource_id_of_its_alternative_names() {
        for names in [["isExplicit=False", RESOURCE], [RESOURCE, "isExplicit=False"]] {
            let scope = principal("ManagedIdentity", &names).resource_id.unwrap();
            assert_eq!(scope.as_str(), RESOURCE);
        }
    }
}
