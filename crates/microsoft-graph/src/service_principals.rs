//! Finding the two service principals of a request, by whatever name.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;

use super::{
    Graph, Page,
    error::{ErrorKind, GraphError},
    odata::{self, Filter, Key},
};
use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, nearest},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName},
};
use azure_rest::retry::Deadline;

/// The `servicePrincipalType` of managed identities, which nobody but Azure can set.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// Who may hold a role ("appRole resource type", allowedMemberTypes).
const APPLICATION: &str = "Application";

/// How long an API and its roles are remembered. Roles of Microsoft Graph change a few times a month.
const API_MEMORY: Duration = Duration::from_secs(60 * 60);

/// After this time an API is read again for a role that was not found in it: it may be new.
const API_REFRESH: Duration = Duration::from_secs(60);

/// How the directory and how ARM spell the word in an ARM id; what was stored is either.
const RESOURCE_GROUP_SPELLINGS: [&str; 2] = ["resourcegroups", "resourceGroups"];

/// What a name meant.
#[derive(Debug)]
pub enum Lookup<T> {
    /// Exactly one service principal.
    Found(T),
    /// None.
    NotFound,
    /// Several, which are these.
    Ambiguous(Vec<Principal>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePrincipal {
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
    app_owner_organization_id: Option<Guid>,
    #[serde(default)]
    service_principal_names: Vec<String>,
    #[serde(default)]
    app_roles: Vec<WireAppRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAppRole {
    id: AppRoleId,
    value: Option<String>,
    is_enabled: Option<bool>,
    #[serde(default)]
    allowed_member_types: Vec<String>,
}

impl Graph {
    /// Finds the service principal that is to receive or lose roles.
    pub async fn principal(
        &self,
        name: &PrincipalName,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        match name {
            PrincipalName::ObjectId(id) => self.principal_by(Key::ObjectId(*id), deadline).await,
            PrincipalName::ClientId(id) => self.principal_by(Key::AppId(*id), deadline).await,
            PrincipalName::Guid(guid) => self.principal_by_guid(*guid, deadline).await,
            PrincipalName::ResourceId(id) => self.principal_by_resource(id, deadline).await,
            PrincipalName::DisplayName(name) => {
                let same =
                    |principal: &Principal| same_name(&principal.display_name, name.as_str());
                self.principals(Filter::DisplayName(name), same, deadline).await
            }
        }
    }

    /// Finds the service principal that defines the roles. What was found is remembered for an hour.
    pub async fn api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Arc<Api>>, GraphError> {
        self.apis.get(name, API_MEMORY, || self.read_api(name, deadline)).await
    }

    /// The same for somebody who missed a role in it: what is remembered is at most a minute old.
    pub async fn refreshed_api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Arc<Api>>, GraphError> {
        self.apis.get(name, API_REFRESH, || self.read_api(name, deadline)).await
    }

    /// Forgets what is remembered of an API, because a write has shown that it is no longer so.
    pub fn forget_api(&self, name: &ApiName) {
        self.apis.forget(name);
    }

    /// Names of service principals that a person may have meant who wrote one that does not exist:
    /// among the first page of those that begin like it.
    pub async fn similar_names(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Vec<String>, GraphError> {
        let start: String = name.chars().take((name.chars().count() / 2).max(1)).collect();
        let url = odata::principals(&self.root, Filter::DisplayNameStart(&start));
        let page: Page<WirePrincipal> = self.get("search similar names", url, deadline).await?.body;
        let names: Vec<_> = page.value.into_iter().filter_map(|wire| wire.display_name).collect();
        Ok(nearest(name, names.iter().map(String::as_str)))
    }

    async fn principal_by(
        &self,
        key: Key,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        let url = odata::principal(&self.root, key);
        let read = self.get::<WirePrincipal>("read the principal", url, deadline).await;
        found(read.map(|answer| Principal {
            by_client_id: matches!(key, Key::AppId(_)),
            ..Principal::from(answer.body)
        }))
    }

    async fn principal_by_guid(
        &self,
        guid: Guid,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        match self.principal_by(Key::ObjectId(guid.into()), deadline).await? {
            Lookup::NotFound => self.principal_by(Key::AppId(guid.into()), deadline).await,
            found => Ok(found),
        }
    }

    async fn principal_by_resource(
        &self,
        id: &ArmScope,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        for spelling in RESOURCE_GROUP_SPELLINGS {
            let text = id.spelt(spelling);
            let same = |principal: &Principal| principal.resource_id.as_ref() == Some(id);
            match self.principals(Filter::ResourceId(&text), same, deadline).await? {
                Lookup::NotFound => {}
                found => return Ok(found),
            }
        }
        Ok(Lookup::NotFound)
    }

    /// The service principals that meet a condition, and `same` too: how Graph compares is Graph's
    /// business, and the broker does not take its word for what a name means.
    async fn principals(
        &self,
        filter: Filter<'_>,
        same: impl Fn(&Principal) -> bool,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        let url = odata::principals(&self.root, filter);
        let listed = self
            .list::<WirePrincipal>("search service principals", url, filter.is_advanced(), deadline)
            .await?;
        let mut principals: Vec<_> = listed.into_iter().map(Principal::from).filter(same).collect();
        Ok(match (principals.pop(), principals.is_empty()) {
            (None, _) => Lookup::NotFound,
            (Some(principal), true) => Lookup::Found(principal),
            (Some(last), false) => {
                principals.push(last);
                Lookup::Ambiguous(principals)
            }
        })
    }

    async fn read_api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Api>, GraphError> {
        let any = |_: &Principal| true;
        let listed = match name {
            ApiName::AppId(id) => return self.api_by(Key::AppId(*id), deadline).await,
            ApiName::ObjectId(id) => return self.api_by(Key::ObjectId(*id), deadline).await,
            ApiName::Guid(guid) => return self.api_by_guid(*guid, deadline).await,
            ApiName::IdentifierUri(uri) => {
                self.principals(Filter::IdentifierUri(uri), any, deadline).await?
            }
            ApiName::DisplayName(name) => {
                let same =
                    |principal: &Principal| same_name(&principal.display_name, name.as_str());
                self.principals(Filter::DisplayName(name), same, deadline).await?
            }
        };
        match listed {
            Lookup::Found(found) => self.api_by(Key::ObjectId(found.object_id), deadline).await,
            Lookup::NotFound => Ok(Lookup::NotFound),
            Lookup::Ambiguous(candidates) => Ok(Lookup::Ambiguous(candidates)),
        }
    }

    async fn api_by_guid(&self, guid: Guid, deadline: Deadline) -> Result<Lookup<Api>, GraphError> {
        match self.api_by(Key::AppId(guid.into()), deadline).await? {
            Lookup::NotFound => self.api_by(Key::ObjectId(guid.into()), deadline).await,
            found => Ok(found),
        }
    }

    async fn api_by(&self, key: Key, deadline: Deadline) -> Result<Lookup<Api>, GraphError> {
        let url = odata::api(&self.root, key);
        let read = self.get::<WireApi>("read the API", url, deadline).await;
        found(read.map(|answer| answer.body.into()))
    }
}

/// A service principal that does not exist is an answer and no error.
fn found<T>(read: Result<T, GraphError>) -> Result<Lookup<T>, GraphError> {
    match read {
        Ok(found) => Ok(Lookup::Found(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lookup::NotFound),
        Err(error) => Err(error),
    }
}

fn same_name(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
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
            by_client_id: false,
        }
    }
}

/// The one alternative name that is an ARM id; two would leave open which resource it is. What only
/// looks like one counts too: it is nothing that Azure writes.
fn single_resource_id(names: &[String]) -> Option<ArmScope> {
    let mut paths = names.iter().filter(|name| name.starts_with('/'));
    match (paths.next(), paths.next()) {
        (Some(path), None) => ArmScope::parse(path).ok(),
        _ => None,
    }
}

impl From<WireApi> for Api {
    fn from(wire: WireApi) -> Self {
        Self {
            object_id: wire.id,
            app_id: wire.app_id,
            owner: wire.app_owner_organization_id,
            identifier_uris: wire.service_principal_names,
            display_name: wire.display_name.unwrap_or_default(),
            roles: wire.app_roles.into_iter().map(AppRole::from).collect(),
        }
    }
}

impl From<WireAppRole> for AppRole {
    fn from(wire: WireAppRole) -> Self {
        Self {
            id: wire.id,
            value: wire.value,
            is_enabled: wire.is_enabled.unwrap_or(true),
            is_for_applications: wire.allowed_member_types.iter().any(|kind| kind == APPLICATION),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(kind: &str, names: &[&str]) -> Principal {
        let id = "11111111-1111-1111-1111-111111111111";
        let wire = serde_json::json!({
            "id": id, "appId": id, "servicePrincipalType": kind, "alternativeNames": names,
        });
        serde_json::from_value::<WirePrincipal>(wire).unwrap().into()
    }

    const RESOURCE: &str = "/subscriptions/33333333-3333-3333-3333-333333333333/resourcegroups/rg/providers/Microsoft.Web/sites/func";

    #[test]
    fn an_application_that_carries_an_arm_id_is_no_managed_identity() {
        assert!(principal("Application", &["isExplicit=True", RESOURCE]).resource_id.is_none());
    }

    #[test]
    fn two_arm_ids_leave_open_which_resource_it_is() {
        for other in [RESOURCE, "/subscriptions/x", "/"] {
            assert!(
                principal("ManagedIdentity", &[RESOURCE, other]).resource_id.is_none(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_managed_identity_has_the_resource_id_of_its_alternative_names() {
        for names in [["isExplicit=False", RESOURCE], [RESOURCE, "isExplicit=False"]] {
            let scope = principal("ManagedIdentity", &names).resource_id.unwrap();
            assert_eq!(scope.as_str(), RESOURCE);
        }
    }
}
