//! A row of the list of all service principals: a principal, which may define roles as well.

use app_roles::directory::{Api, Principal, PrincipalKind};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

use crate::{
    rows::{RowReader, WireRow},
    wire::{WireApi, WirePrincipal},
};

/// A service principal in the list of all of them.
#[derive(Debug, Clone)]
pub struct ListedServicePrincipal {
    /// What it is as a holder of roles.
    pub principal: Principal,
    /// What it is as an API. `None` if it cannot be one: a managed identity or an agent defines no roles.
    /// An error says why it cannot be used as an API.
    pub api: Option<Result<Api, &'static str>>,
}

/// A service principal as Microsoft Graph writes it.
#[derive(Debug)]
pub(crate) struct WireServicePrincipal {
    principal: WirePrincipal,
    api: WireApi,
}

impl<'de> Deserialize<'de> for WireServicePrincipal {
    /// Reads the object twice, because flattened members cannot be read one by one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self {
            principal: serde_json::from_str(json).map_err(D::Error::custom)?,
            api: serde_json::from_str(json).map_err(D::Error::custom)?,
        })
    }
}

impl WireRow for WireServicePrincipal {
    type Row = ListedServicePrincipal;

    fn id(&self) -> Option<String> {
        self.principal.id()
    }

    fn read(self) -> Result<ListedServicePrincipal, &'static str> {
        let principal = self.principal.read()?;
        let defines_none =
            matches!(principal.kind, PrincipalKind::ManagedIdentity | PrincipalKind::Agent);
        let api = (!defines_none).then(|| {
            let mut roles = RowReader::new("read the roles of an API");
            self.api.read(&mut roles)
        });
        Ok(ListedServicePrincipal { principal, api })
    }

    fn flaw(&self) -> Option<&'static str> {
        self.principal.flaw()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "11111111-1111-1111-1111-111111111111";

    fn read(more: &Value) -> Result<ListedServicePrincipal, &'static str> {
        let mut row = json!({ "id": ID, "appId": ID, "servicePrincipalType": "Application" });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_str::<WireServicePrincipal>(&row.to_string()).unwrap().read()
    }

    #[test]
    fn a_row_that_names_no_principal_is_not_used() {
        assert_eq!(read(&json!({ "id": 5 })).unwrap_err(), "it has no valid id");
        assert!(serde_json::from_str::<WireServicePrincipal>("5").is_err());
    }

    #[test]
    fn managed_identities_and_agents_are_no_apis() {
        for kind in ["ManagedIdentity", "ServiceIdentity"] {
            assert!(
                read(&json!({ "servicePrincipalType": kind })).unwrap().api.is_none(),
                "{kind}"
            );
        }
    }

    #[test]
    fn an_application_without_a_readable_app_id_says_so() {
        let listed = read(&json!({ "appId": 5 })).unwrap();
        assert_eq!(listed.principal.object_id.to_string(), ID);
        assert_eq!(listed.api.unwrap().unwrap_err(), "it has no valid appId");
    }

    #[test]
    fn a_role_that_cannot_be_read_is_noticed_and_the_others_are_used() {
        let roles =
            json!({ "appRoles": [{ "id": ID, "value": "Orders.Read" }, { "id": 5 }, null] });
        let api = read(&roles).unwrap().api.unwrap().unwrap();
        assert!(api.has_unreadable_roles);
        assert_eq!(api.roles.len(), 1);
    }

    #[test]
    fn the_principal_of_a_blueprint_can_be_an_api() {
        let kind = "#microsoft.graph.agentIdentityBlueprintPrincipal";
        let listed = read(&json!({ "@odata.type": kind })).unwrap();
        assert_eq!(listed.principal.kind, PrincipalKind::AgentBlueprint);
        assert!(listed.api.unwrap().is_ok());
    }
}
