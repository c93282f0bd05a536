//! Lists of a whole tenant: managed identities, and the holders of an API's roles.
//!
//! They are read page by page, so that they need not fit into memory, and with low priority.

use std::sync::Arc;

use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::GraphClient,
    error::GraphError,
    odata::{self, Filter, Key},
    pages::Pages,
    priority::Priority,
    wire::WirePrincipal,
};
use app_roles::{
    directory::{Principal, PrincipalKind},
    ids::{AppRoleId, ObjectId},
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

/// The service principals that hold roles of an API, page by page.
pub struct Holders<'a> {
    pages: Pages<'a>,
    old: OffsetDateTime,
}

/// The part of an assignment that identifies the holder and the role.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHolder {
    principal_id: ObjectId,
    principal_type: Option<String>,
    resource_id: ObjectId,
    app_role_id: AppRoleId,
    created_date_time: Option<String>,
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

    /// Reads the principals of all agent blueprints. A tenant has few of them.
    pub async fn agent_blueprints(&self, deadline: Deadline) -> Result<Vec<Principal>, GraphError> {
        let first = odata::agent_blueprints(self.client.root());
        let pages = Pages::new(&self.client, "list the principals of agent blueprints", first)
            .eventual(true)
            .with_priority(Priority::Low);
        let listed: Vec<WirePrincipal> = pages.read_all(deadline).await?;
        // Graph need not state the type of each object in a list of one type.
        let blueprint =
            |wire| Principal { kind: PrincipalKind::AgentBlueprint, ..Principal::from(wire) };
        Ok(listed.into_iter().map(blueprint).collect())
    }

    /// Lists the service principals that hold roles of an API. Assignments created before `old` are
    /// marked as old.
    #[must_use]
    pub fn holders(&self, api: ObjectId, old: OffsetDateTime) -> Holders<'_> {
        let first = odata::assigned_to(self.client.root(), Key::ObjectId(api));
        let pages = Pages::new(&self.client, "list the holders of an API's roles", first)
            .with_priority(Priority::Low)
            .of_tenant();
        Holders { pages, old }
    }
}

impl ManagedIdentities<'_> {
    /// Reads the next page, which may be empty; `None` after the last page.
    ///
    /// If Graph's page token has expired, the list starts again with its first page.
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<Principal>>, GraphError> {
        let page = self.0.next_page::<WirePrincipal>(deadline).await?;
        Ok(page.map(|page| page.into_iter().map(Principal::from).collect()))
    }

    /// The number of pages that have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.0.pages_read()
    }
}

impl Holders<'_> {
    /// Reads the next page, like [`ManagedIdentities::next_page`].
    pub async fn next_page(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<CompactAssignment>>, GraphError> {
        let page = self.pages.next_page::<WireHolder>(deadline).await?;
        let holdings = |page: Vec<WireHolder>| {
            page.into_iter().filter_map(|holder| holder.holding(self.old)).collect()
        };
        Ok(page.map(holdings))
    }

    /// The number of pages that have been read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.pages_read()
    }
}

impl WireHolder {
    fn holding(self, old: OffsetDateTime) -> Option<CompactAssignment> {
        let created =
            self.created_date_time.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339));
        let is_service_principal = self.principal_type.is_none_or(|kind| kind == SERVICE_PRINCIPAL);
        is_service_principal.then_some(CompactAssignment {
            principal: self.principal_id,
            api: self.resource_id,
            role: self.app_role_id,
            is_old: matches!(created, Some(Ok(created)) if created < old),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(kind: Option<&str>) -> Option<CompactAssignment> {
        let id = "11111111-1111-1111-1111-111111111111";
        let wire = serde_json::json!({
            "principalId": id, "principalType": kind, "resourceId": id, "appRoleId": id,
        });
        let now = OffsetDateTime::now_utc();
        serde_json::from_value::<WireHolder>(wire).unwrap().holding(now)
    }

    #[test]
    fn users_and_groups_with_a_role_are_left_out() {
        assert_eq!(holding(Some("User")), None);
        assert_eq!(holding(Some("Group")), None);
        assert!(holding(Some("ServicePrincipal")).is_some());
        assert!(holding(None).is_some(), "the type is missing");
    }
}
