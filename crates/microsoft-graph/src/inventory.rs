//! Who there is in a tenant, and who holds the roles of an API: lists of many pages, read one page at a
//! time, so that nobody has to keep them.
//!
//! Nobody waits for them, so Graph may refuse them first.

use azure_core::http::Url;
use serde::{Deserialize, de::DeserializeOwned};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Graph, MOST_RESTARTS, Page,
    error::{ErrorKind, GraphError},
    exchange::Call,
    odata::{self, Filter, Key},
    service_principals::WirePrincipal,
};
use crate::priority::Priority;
use app_roles::{
    directory::Principal,
    ids::{AppRoleId, ObjectId},
    reconcile::Holding,
};
use azure_rest::retry::Deadline;

/// The `principalType` of a holder that is no person and no group ("appRoleAssignment resource type").
const SERVICE_PRINCIPAL: &str = "ServicePrincipal";

/// All managed identities of the tenant.
pub struct ManagedIdentities<'a>(Pages<'a>);

/// All service principals that hold roles of an API.
pub struct Holders<'a> {
    pages: Pages<'a>,
    old: OffsetDateTime,
}

/// A list that is read page by page.
struct Pages<'a> {
    graph: &'a Graph,
    name: &'static str,
    first: Url,
    may_lag: bool,
    next: Option<Url>,
    restarts: usize,
    read: usize,
}

/// Who holds which role, and what kind of holder it is; the rest of an assignment is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHolder {
    principal_id: ObjectId,
    principal_type: Option<String>,
    resource_id: ObjectId,
    app_role_id: AppRoleId,
    created_date_time: Option<String>,
}

impl Graph {
    /// All managed identities, from an index that may lag.
    #[must_use]
    pub fn managed_identities(&self) -> ManagedIdentities<'_> {
        let filter = Filter::ManagedIdentities;
        let first = odata::identities(&self.root);
        ManagedIdentities(Pages::new(self, "list managed identities", first, filter.is_advanced()))
    }

    /// All that hold roles of this API. An assignment from before `old` is an old one.
    #[must_use]
    pub fn holders(&self, api: ObjectId, old: OffsetDateTime) -> Holders<'_> {
        let first = odata::assigned_to(&self.root, Key::ObjectId(api));
        let pages = Pages::new(self, "list the holders of an API's roles", first, false);
        Holders { pages, old }
    }
}

impl ManagedIdentities<'_> {
    /// The next page, which may be empty; `None` after the last one. Where Graph has forgotten where the
    /// reader was, everything comes again.
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<Principal>>, GraphError> {
        let page = self.0.next_page::<WirePrincipal>(deadline).await?;
        Ok(page.map(|page| page.into_iter().map(Principal::from).collect()))
    }

    /// How many pages have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.0.read
    }
}

impl Holders<'_> {
    /// The next page, like [`ManagedIdentities::next_page`].
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<Holding>>, GraphError> {
        let page = self.pages.next_page::<WireHolder>(deadline).await?;
        let holdings = |page: Vec<WireHolder>| {
            page.into_iter().filter_map(|one| one.holding(self.old)).collect()
        };
        Ok(page.map(holdings))
    }

    /// How many pages have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.read
    }
}

impl WireHolder {
    fn holding(self, old: OffsetDateTime) -> Option<Holding> {
        let created =
            self.created_date_time.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339));
        let is_service_principal = self.principal_type.is_none_or(|kind| kind == SERVICE_PRINCIPAL);
        is_service_principal.then_some(Holding {
            principal: self.principal_id,
            api: self.resource_id,
            role: self.app_role_id,
            is_old: matches!(created, Some(Ok(created)) if created < old),
        })
    }
}

impl<'a> Pages<'a> {
    fn new(graph: &'a Graph, name: &'static str, first: Url, may_lag: bool) -> Self {
        let next = Some(first.clone());
        Self { graph, name, first, may_lag, next, restarts: 0, read: 0 }
    }

    async fn next_page<T: DeserializeOwned>(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<T>>, GraphError> {
        while let Some(url) = self.next.clone() {
            let call = Call::read(self.name, url, self.may_lag).with(Priority::Low);
            let page: Page<T> = match self.graph.call(&call, deadline).await {
                Ok(answer) => answer.body,
                Err(error)
                    if error.kind() == ErrorKind::PageExpired && self.restarts < MOST_RESTARTS =>
                {
                    self.restarts += 1;
                    self.next = Some(self.first.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.read += 1;
            self.next = page.next_link.map(|link| self.graph.same_origin(&link)).transpose()?;
            return Ok(Some(page.value));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(kind: Option<&str>) -> Option<Holding> {
        let id = "11111111-1111-1111-1111-111111111111";
        let wire = serde_json::json!({
            "principalId": id, "principalType": kind, "resourceId": id, "appRoleId": id,
        });
        let now = OffsetDateTime::now_utc();
        serde_json::from_value::<WireHolder>(wire).unwrap().holding(now)
    }

    #[test]
    fn people_and_groups_that_hold_a_role_are_left_out() {
        assert_eq!(holding(Some("User")), None);
        assert_eq!(holding(Some("Group")), None);
        assert!(holding(Some("ServicePrincipal")).is_some());
        assert!(holding(None).is_some(), "whose kind is not said");
    }
}
