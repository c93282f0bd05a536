#![doc = include_str!("../README.md")]

pub mod assignments;
mod client;
pub mod error;
pub mod inventory;
mod member;
mod odata;
mod pages;
pub mod priority;
mod rate_limiter;
mod rows;
pub mod service_principals;
mod throttle;
mod wire;
pub mod write_quota;

use std::sync::Arc;

use azure_core::http::Url;

use crate::{
    assignments::Assignments, client::GraphClient, error::GraphError, inventory::Inventory,
    service_principals::ServicePrincipals, write_quota::WriteQuota,
};
use azure_rest::{rest::RestClient, retry::Deadline, token::Token};
pub use client::GraphResponse;
pub use pages::Listed;
pub use service_principals::Lookup;

/// Microsoft Graph v1.0, called with the broker's own identity.
pub struct Graph {
    client: Arc<GraphClient>,
    service_principals: ServicePrincipals,
    assignments: Assignments,
    inventory: Inventory,
}

impl Graph {
    /// A client of the Graph at `endpoint`, for example `https://graph.microsoft.com`, that keeps to
    /// `quota` for writes.
    #[must_use]
    pub fn new(rest: RestClient, endpoint: &Url, quota: WriteQuota) -> Self {
        let client = Arc::new(GraphClient::new(rest, odata::root(endpoint)));
        Self {
            service_principals: ServicePrincipals::new(client.clone()),
            assignments: Assignments::new(client.clone(), quota),
            inventory: Inventory::new(client.clone()),
            client,
        }
    }

    /// Fetches the token that the next call would send. Its claims identify the broker.
    pub async fn sign_in(&self, deadline: Deadline) -> Result<Token, GraphError> {
        self.client.sign_in(deadline).await
    }

    /// The service principals, by name.
    #[must_use]
    pub fn service_principals(&self) -> &ServicePrincipals {
        &self.service_principals
    }

    /// The assignments of app roles.
    #[must_use]
    pub fn assignments(&self) -> &Assignments {
        &self.assignments
    }

    /// The lists of the whole tenant.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }
}
