//! Lists of a whole tenant: managed identities, all service principals, and the holders of an API's roles.
//!
//! They are read page by page, so that they need not fit into memory, and with low priority.

use shared_quota::priority::Priority;
use std::sync::Arc;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub use crate::wire_service_principal::ListedServicePrincipal;
use crate::{
    assignments::NamedHolder,
    client::GraphClient,
    error::GraphError,
    odata::{self, Filter, Key},
    pages::{Listed, Pages},
    wire::{Holder, WireHolder, WireIdentity, WirePrincipal},
    wire_service_principal::WireServicePrincipal,
};
use app_roles::{
    directory::{Principal, PrincipalKind},
    ids::ObjectId,
    reconcile::CompactAssignment,
};
use azure_rest::retry::Deadline;

/// The `principalType` of a service principal ("appRoleAssignment resource type").
const SERVICE_PRINCIPAL: &str = "ServicePrincipal";

/// The lists of a tenant.
pub struct Inventory {
    client: Arc<GraphClient>,
}

/// The managed identities of the tenant, page by page.
pub struct ManagedIdentities<'a>(Pages<'a>);

/// All service principals of the tenant, page by page.
pub struct ServicePrincipalList<'a>(Pages<'a>);

/// The service principals that hold roles of an API, page by page.
pub struct Holders<'a> {
    pages: Pages<'a>,
    api: ObjectId,
    old: OffsetDateTime,
}

impl Inventory {
    pub(crate) fn new(client: Arc<GraphClient>) -> Self {
        Self { client }
    }

    /// Lists all managed identities, from an eventually consistent index.
    #[must_use]
    pub fn managed_identities(&self) -> ManagedIdentities<'_> {
        let first = odata::identities(self.client.root());
        let pages = Pages::new(&self.client, "list managed identities", first)
            .eventual(Filter::ManagedIdentities.is_advanced())
            .with_priority(Priority::Low)
            .of_tenant();
        ManagedIdentities(pages)
    }

    /// Lists all service principals of the tenant, with the roles that they define.
    #[must_use]
    pub fn service_principals(&self) -> ServicePrincipalList<'_> {
        let first = odata::all_service_principals(self.client.root());
        let pages = Pages::new(&self.client, "list all service principals", first)
            .with_priority(Priority::Low)
            .of_tenant();
        ServicePrincipalList(pages)
    }

    /// Reads the principals of all agent blueprints. A tenant has few of them.
    pub async fn agent_blueprints(
        &self,
        deadline: Deadline,
    ) -> Result<Listed<Principal>, GraphError> {
        let first = odata::agent_blueprints(self.client.root());
        let pages = Pages::new(&self.client, "list the principals of agent blueprints", first)
            .eventual(true)
            .with_priority(Priority::Low);
        let Listed { rows, skipped } = pages.read_all::<WirePrincipal>(deadline).await?;
        // Graph need not state the type of each object in a list of one type.
        let blueprint = |one| Principal { kind: PrincipalKind::AgentBlueprint, ..one };
        Ok(Listed { rows: rows.into_iter().map(blueprint).collect(), skipped })
    }

    /// Lists the service principals that hold roles of an API. Assignments created before `old` are
    /// marked as old.
    #[must_use]
    pub fn holders(&self, api: ObjectId, old: OffsetDateTime) -> Holders<'_> {
        let first = odata::assigned_to(self.client.root(), Key::ObjectId(api));
        let pages = Pages::new(&self.client, "list the holders of an API's roles", first)
            .with_priority(Priority::Low)
            .of_tenant();
        Holders { pages, api, old }
    }
}

impl ManagedIdentities<'_> {
    /// Reads the next page, which may be empty; `None` after the last page. A row that cannot be used is
    /// skipped, and the log names it.
    ///
    /// If Graph's page token has expired, the list starts again with its first page. After an error that is
    /// worth another delivery, the next call reads the same page again.
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<Principal>>, GraphError> {
        self.0.next_page::<WireIdentity>(deadline).await
    }

    /// The number of pages that have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.0.pages_read()
    }

    /// How often the list has started again. Its pages then repeat what earlier ones had.
    #[must_use]
    pub fn restarts(&self) -> usize {
        self.0.restarts()
    }

    /// The number of identities that were skipped because they cannot be used.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.0.skipped()
    }
}

impl ServicePrincipalList<'_> {
    /// Reads the next page, like [`ManagedIdentities::next_page`]. If the list starts again, its pages
    /// repeat what earlier ones had.
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<ListedServicePrincipal>>, GraphError> {
        self.0.next_page::<WireServicePrincipal>(deadline).await
    }

    /// The number of service principals that were skipped because they cannot be used.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.0.skipped()
    }
}

impl Holders<'_> {
    /// Reads the next page, like [`ManagedIdentities::next_page`].
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<CompactAssignment>>, GraphError> {
        let page = self.pages.next_page::<WireHolder>(deadline).await;
        let page = page.map_err(GraphError::of_api_in_url)?;
        let holding = |holder: &Holder| holding(holder, self.api, self.old);
        Ok(page.map(|page| page.iter().filter_map(holding).collect()))
    }

    /// Reads the next page with names and times, for people, like [`ManagedIdentities::next_page`].
    pub async fn next_named_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<NamedHolder>>, GraphError> {
        let page = self.pages.next_page::<WireHolder>(deadline).await;
        let page = page.map_err(GraphError::of_api_in_url)?;
        let named = |page: Vec<Holder>| {
            page.into_iter().filter(is_service_principal).map(NamedHolder::from).collect()
        };
        Ok(page.map(named))
    }

    /// The number of pages that have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.pages_read()
    }

    /// The number of assignments that were skipped because they cannot be used.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.pages.skipped()
    }
}

fn is_service_principal(holder: &Holder) -> bool {
    holder.kind.is_empty() || holder.kind == SERVICE_PRINCIPAL
}

fn holding(holder: &Holder, api: ObjectId, old: OffsetDateTime) -> Option<CompactAssignment> {
    let created = holder.created.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339));
    is_service_principal(holder).then_some(CompactAssignment {
        principal: holder.principal,
        api,
        role: holder.role,
        is_old: matches!(created, Some(Ok(created)) if created < old),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::WireRow;

    fn read(kind: Option<&str>) -> Option<CompactAssignment> {
        let id = "11111111-1111-1111-1111-111111111111";
        let wire = serde_json::json!({
            "principalId": id, "principalType": kind, "resourceId": id, "appRoleId": id,
        });
        let holder = serde_json::from_str::<WireHolder>(&wire.to_string()).unwrap();
        let api = ObjectId::parse(id).unwrap();
        holding(&holder.read().unwrap(), api, OffsetDateTime::now_utc())
    }

    #[test]
    fn users_and_groups_with_a_role_are_left_out() {
        assert_eq!(read(Some("User")), None);
        assert_eq!(read(Some("Group")), None);
        assert!(read(Some("ServicePrincipal")).is_some());
        assert!(read(None).is_some(), "the type is missing");
    }
}
