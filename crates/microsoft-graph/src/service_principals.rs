//! Finding the service principals of a request by their names.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::{
    client::{GraphClient, Read},
    error::{ErrorKind, GraphError},
    member::Member,
    odata::{self, Filter, Key},
    pages::{Listed, Page, Pages},
    rows::{RowReader, WireRow},
    wire::{WireApi, WirePrincipal},
    wire_role_texts::WireRoleTexts,
};
use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, nearest},
    ids::{AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName},
};
use azure_rest::retry::Deadline;
use memory_cache::TimedCache;

/// The number of cached APIs. A tenant has a handful; the limit protects against callers who write one
/// name in many ways.
const CACHE_CAPACITY: usize = 64;

/// The largest API that is cached, in bytes, so that the cache stays below 32 MiB. Microsoft Graph takes
/// about 100 KB, and an API with 1,500 roles whose values are as long as possible takes 300 KB.
const LARGEST_CACHED_API: usize = 512 * 1024;

/// How long an API and its roles are cached. A request names a role by its value, and an owner of the API
/// can give the value to another role: a write within this time would still use the old role's id.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How old a cached API may be if a role was not found in it. The role may be new.
const MAX_AGE_OF_FRESH: Duration = Duration::from_secs(60);

/// The spellings of a segment of ARM ids, in the directory and in ARM. Stored ids have either.
const RESOURCE_GROUP_SPELLINGS: [&str; 2] = ["resourcegroups", "resourceGroups"];

/// The service principals of a tenant, by name.
pub struct ServicePrincipals {
    client: Arc<GraphClient>,
    apis: TimedCache<ApiName, Arc<Api>, NotCached>,
}

/// The error type of the cache of APIs: every result that is not cached, including an API that is too
/// large.
type NotCached = Result<Lookup<Arc<Api>>, GraphError>;

/// The result of looking up a name.
#[derive(Debug, Clone)]
pub enum Lookup<T> {
    /// Exactly one service principal has the name.
    Found(T),
    /// No service principal has the name.
    NotFound,
    /// Several service principals have the name.
    Ambiguous(Vec<Principal>),
}

impl ServicePrincipals {
    pub(crate) fn new(client: Arc<GraphClient>) -> Self {
        Self { client, apis: TimedCache::new(CACHE_CAPACITY) }
    }

    /// Finds the service principal that receives or loses roles.
    pub async fn find(
        &self,
        name: &PrincipalName,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        match name {
            PrincipalName::ObjectId(id) => self.by_key(Key::ObjectId(*id), deadline).await,
            PrincipalName::ClientId(id) => self.by_key(Key::AppId(*id), deadline).await,
            PrincipalName::Guid(guid) => self.by_guid(*guid, deadline).await,
            PrincipalName::ResourceId(id) => self.by_resource(id, deadline).await,
            PrincipalName::DisplayName(name) => {
                let is_exact =
                    |principal: &Principal| same_name(&principal.display_name, name.as_str());
                self.search(Filter::DisplayName(name), is_exact, deadline).await
            }
        }
    }

    /// Finds an API with its roles. The result is cached for five minutes.
    pub async fn find_api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Arc<Api>>, GraphError> {
        self.cached_api(name, MAX_AGE, deadline).await
    }

    /// Finds an API as it was at most a minute ago, for a caller that missed a role in the cached one.
    pub async fn find_fresh_api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Arc<Api>>, GraphError> {
        self.cached_api(name, MAX_AGE_OF_FRESH, deadline).await
    }

    /// Removes an API from the cache, because a write has shown that it has changed.
    pub fn forget_api(&self, name: &ApiName) {
        self.apis.remove(name);
    }

    /// Reads the descriptions of an API's roles, as far as it has them.
    pub async fn role_descriptions(
        &self,
        api: ObjectId,
        deadline: Deadline,
    ) -> Result<HashMap<AppRoleId, String>, GraphError> {
        let read = Read::new("read the roles", odata::roles(self.client.root(), api));
        let roles: WireRoleTexts = self.client.read(read, deadline).await?.body;
        Ok(roles.descriptions().collect())
    }

    /// Suggests display names similar to one that was not found.
    ///
    /// The candidates are the first page of names with the same beginning.
    pub async fn similar_names(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Vec<String>, GraphError> {
        let start: String = name.chars().take((name.chars().count() / 2).max(1)).collect();
        let url = odata::principals(self.client.root(), Filter::DisplayNameStart(&start));
        let read = Read::new("search similar names", url);
        let page: Page<WirePrincipal> = self.client.read(read, deadline).await?.body;
        let rows = page.value.into_iter().filter_map(Member::value);
        let names: Vec<_> = rows.map(WirePrincipal::into_display_name).collect();
        Ok(nearest(name, names.iter().map(String::as_str)))
    }

    async fn by_key(&self, key: Key, deadline: Deadline) -> Result<Lookup<Principal>, GraphError> {
        let url = odata::principal(self.client.root(), key);
        let read = Read::new("read the principal", url);
        let response = self.client.read::<WirePrincipal>(read, deadline).await;
        let read = response.and_then(|response| {
            let principal = response.body.read();
            let principal =
                principal.map_err(|fault| GraphError::unusable("the principal", fault))?;
            Ok(match key {
                Key::ObjectId(_) => principal,
                // Graph knows it by this id, even if its answer does not repeat the id.
                Key::AppId(id) => {
                    let client_id = principal.client_id.or(Some(id));
                    Principal { client_id, by_client_id: true, ..principal }
                }
            })
        });
        found(read)
    }

    async fn by_guid(
        &self,
        guid: Guid,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        match self.by_key(Key::ObjectId(guid.into()), deadline).await? {
            Lookup::NotFound => self.by_key(Key::AppId(guid.into()), deadline).await,
            found => Ok(found),
        }
    }

    async fn by_resource(
        &self,
        id: &ArmScope,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        for spelling in RESOURCE_GROUP_SPELLINGS {
            let text = id.with_spelling(spelling);
            let is_exact = |principal: &Principal| principal.resource_id.as_ref() == Some(id);
            match self.search(Filter::ResourceId(&text), is_exact, deadline).await? {
                Lookup::NotFound => {}
                found => return Ok(found),
            }
        }
        Ok(Lookup::NotFound)
    }

    /// Searches the service principals that match a filter and `is_exact`. The broker does not rely on
    /// Graph's way of comparing texts.
    ///
    /// A row that cannot be read also matches according to Graph, so no other row is the only match.
    async fn search(
        &self,
        filter: Filter<'_>,
        is_exact: impl Fn(&Principal) -> bool,
        deadline: Deadline,
    ) -> Result<Lookup<Principal>, GraphError> {
        let url = odata::principals(self.client.root(), filter);
        let pages = Pages::new(&self.client, "search service principals", url);
        let pages = pages.eventual(filter.is_advanced());
        let Listed { rows: mut principals, skipped } =
            pages.read_all::<WirePrincipal>(deadline).await?;
        principals.retain(is_exact);
        if skipped > 0 && principals.len() < 2 {
            let fault = "a service principal with this name cannot be read; use an id";
            return Err(GraphError::unusable("the search", fault));
        }
        Ok(match (principals.pop(), principals.is_empty()) {
            (None, _) => Lookup::NotFound,
            (Some(principal), true) => Lookup::Found(principal),
            (Some(last), false) => {
                principals.push(last);
                Lookup::Ambiguous(principals)
            }
        })
    }

    async fn cached_api(
        &self,
        name: &ApiName,
        max_age: Duration,
        deadline: Deadline,
    ) -> Result<Lookup<Arc<Api>>, GraphError> {
        let fetch = async || match self.read_api(name, deadline).await {
            Ok(Lookup::Found(api)) if size(&api) > LARGEST_CACHED_API => {
                Err(Ok(Lookup::Found(Arc::new(api))))
            }
            Ok(Lookup::Found(api)) => Ok(Arc::new(api)),
            Ok(Lookup::NotFound) => Err(Ok(Lookup::NotFound)),
            Ok(Lookup::Ambiguous(candidates)) => Err(Ok(Lookup::Ambiguous(candidates))),
            Err(error) => Err(Err(error)),
        };
        let cached = self.apis.get_or_try_fetch(name, max_age, fetch).await;
        cached.map_or_else(|other| other, |api| Ok(Lookup::Found(api)))
    }

    async fn read_api(
        &self,
        name: &ApiName,
        deadline: Deadline,
    ) -> Result<Lookup<Api>, GraphError> {
        let listed = match name {
            ApiName::AppId(id) => return self.api_by_key(Key::AppId(*id), deadline).await,
            ApiName::ObjectId(id) => return self.api_by_key(Key::ObjectId(*id), deadline).await,
            ApiName::Guid(guid) => return self.api_by_guid(*guid, deadline).await,
            ApiName::IdentifierUri(uri) => {
                self.search(Filter::IdentifierUri(uri), |_| true, deadline).await?
            }
            ApiName::DisplayName(name) => {
                let is_exact =
                    |principal: &Principal| same_name(&principal.display_name, name.as_str());
                self.search(Filter::DisplayName(name), is_exact, deadline).await?
            }
        };
        match listed {
            Lookup::Found(found) => self.api_by_key(Key::ObjectId(found.object_id), deadline).await,
            Lookup::NotFound => Ok(Lookup::NotFound),
            Lookup::Ambiguous(candidates) => Ok(Lookup::Ambiguous(candidates)),
        }
    }

    async fn api_by_guid(&self, guid: Guid, deadline: Deadline) -> Result<Lookup<Api>, GraphError> {
        match self.api_by_key(Key::AppId(guid.into()), deadline).await? {
            Lookup::NotFound => self.api_by_key(Key::ObjectId(guid.into()), deadline).await,
            found => Ok(found),
        }
    }

    async fn api_by_key(&self, key: Key, deadline: Deadline) -> Result<Lookup<Api>, GraphError> {
        let read = Read::new("read the API", odata::api(self.client.root(), key));
        let response = self.client.read::<WireApi>(read, deadline).await;
        found(response.and_then(|response| {
            let mut roles = RowReader::new("read the roles of the API");
            let api = response.body.read(&mut roles);
            api.map_err(|fault| GraphError::unusable("the API", fault))
        }))
    }
}

/// The memory that an API takes, in bytes.
fn size(api: &Api) -> usize {
    let values = api.roles.iter().map(|role| role.value.as_ref().map_or(0, String::len));
    let uris = api.identifier_uris.iter().map(|uri| uri.len() + size_of::<String>());
    let roles = api.roles.len() * size_of::<AppRole>();
    roles + values.chain(uris).sum::<usize>() + api.display_name.len()
}

/// Turns the error for a missing service principal into a result.
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
