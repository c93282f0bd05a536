#![doc = include_str!("../README.md")]

pub mod assignments;
pub mod caller;
mod client;
pub mod directory_audits;
pub mod error;
pub mod inventory;
mod member;
mod odata;
mod pages;
mod rate_limiter;
mod rows;
pub mod service_principals;
mod throttle;
mod wire;
mod wire_role_texts;
mod wire_service_principal;

use std::sync::Arc;

use azure_core::http::Url;

use crate::{
    assignments::Assignments, client::GraphClient, directory_audits::DirectoryAudits,
    error::GraphError, inventory::Inventory, rate_limiter::WriteRateLimiter,
    service_principals::ServicePrincipals,
};
use azure_rest::{rest::RestClient, retry::Deadline, token::Token};
pub use client::GraphResponse;
pub use pages::Listed;
pub use service_principals::Lookup;
use shared_quota::{instance::InstanceShare, write_quota::WriteQuota};
pub use shared_quota::{priority, write_quota};

/// Microsoft Graph v1.0, called with the broker's own identity.
pub struct Graph {
    client: Arc<GraphClient>,
    service_principals: ServicePrincipals,
    assignments: Assignments,
    inventory: Inventory,
    directory_audits: DirectoryAudits,
}

impl Graph {
    /// A client of the Graph at `endpoint`, for example `https://graph.microsoft.com`, that keeps to
    /// `quota` for writes.
    #[must_use]
    pub fn new(rest: RestClient, endpoint: &Url, quota: WriteQuota) -> Self {
        let limiter = WriteRateLimiter::new(quota, rest.timing().clone());
        Self::with_limiter(rest, endpoint, limiter)
    }

    /// A client that keeps to its instance's share of a quota for writes.
    #[must_use]
    pub fn with_share(rest: RestClient, endpoint: &Url, share: Arc<InstanceShare>) -> Self {
        let limiter = WriteRateLimiter::with_share(share, rest.timing().clone());
        Self::with_limiter(rest, endpoint, limiter)
    }

    fn with_limiter(rest: RestClient, endpoint: &Url, limiter: WriteRateLimiter) -> Self {
        let client = Arc::new(GraphClient::new(rest, odata::root(endpoint)));
        Self {
            service_principals: ServicePrincipals::new(client.clone()),
            assignments: Assignments::new(client.clone(), limiter),
            inventory: Inventory::new(client.clone()),
            directory_audits: DirectoryAudits::new(client.clone()),
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

    /// The audit log of Microsoft Entra.
    #[must_use]
    pub fn directory_audits(&self) -> &DirectoryAudits {
        &self.directory_audits
    }

    /// The lists of the whole tenant.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }
}
