//! The requests about assignments. Each write is sent once, when the rate limiter allows it.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use super::write::{WriteOptions, is_of};
use crate::{
    client::{GraphClient, GraphResponse, Write},
    error::GraphError,
    odata::{self, Key},
    pages::Pages,
    rate_limiter::WriteRateLimiter,
    wire::{NewAssignment, WireAssignment, WireNamedHolder},
    write_quota::WriteQuota,
};
use app_roles::{directory::Assignment, ids::ObjectId, policy::Permit};
use azure_rest::{rest::Response, retry::Deadline, timing::CallTiming};

/// The response header with the used share of a limit, which Graph sends from 0.8 up ("Microsoft Graph
/// service-specific throttling limits", identity and access).
const THROTTLE_LIMIT_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";

pub(super) struct AssignmentRequests {
    client: Arc<GraphClient>,
    limiter: WriteRateLimiter,
}

impl AssignmentRequests {
    pub(super) fn new(client: Arc<GraphClient>, quota: WriteQuota) -> Self {
        let limiter = WriteRateLimiter::new(quota, client.timing().clone());
        Self { client, limiter }
    }

    pub(super) fn timing(&self) -> &CallTiming {
        self.client.timing()
    }

    /// Waits until the rate limiter would allow a write of low priority.
    pub(super) async fn wait_for_capacity(&self, deadline: Deadline) -> Result<(), GraphError> {
        self.limiter.wait_for_capacity(deadline).await.ok_or_else(GraphError::not_sent)
    }

    pub(super) async fn list(
        &self,
        principal: Key,
        deadline: Deadline,
    ) -> Result<Vec<Assignment>, GraphError> {
        let url = odata::assignment_list(self.client.root(), principal);
        let pages = Pages::new(&self.client, "list the assignments", url);
        let listed: Vec<WireAssignment> = pages.read_all(deadline).await?;
        Ok(listed.into_iter().map(Assignment::from).collect())
    }

    pub(super) async fn list_holders(
        &self,
        api: ObjectId,
        deadline: Deadline,
    ) -> Result<Vec<WireNamedHolder>, GraphError> {
        let url = odata::assigned_to(self.client.root(), Key::ObjectId(api));
        Pages::new(&self.client, "list the holders", url).read_all(deadline).await
    }

    /// The assignment that a permit is about, if Graph lists it.
    pub(super) async fn find(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Assignment>, GraphError> {
        let held = self.list(principal_key(permit), deadline).await?;
        Ok(held.into_iter().find(|assignment| is_of(assignment, permit)))
    }

    pub(super) async fn create(
        &self,
        permit: &Permit,
        options: &WriteOptions,
    ) -> Result<GraphResponse<Assignment>, GraphError> {
        let body = NewAssignment {
            principal_id: permit.principal(),
            resource_id: permit.api(),
            app_role_id: permit.role(),
        };
        let write = Write {
            method: Method::POST,
            url: odata::assignments(self.client.root(), principal_key(permit)),
            body: Some(&body),
            client_request_id: options.client_request_id,
            priority: options.priority,
        };
        let GraphResponse { body, request_id } =
            self.write_once::<_, WireAssignment>(&write, options.deadline).await?;
        Ok(GraphResponse { body: body.into(), request_id })
    }

    pub(super) async fn remove(
        &self,
        permit: &Permit,
        assignment: &Assignment,
        options: &WriteOptions,
    ) -> Result<GraphResponse<()>, GraphError> {
        let write = Write::<()> {
            method: Method::DELETE,
            url: odata::assignment(self.client.root(), principal_key(permit), &assignment.id),
            body: None,
            client_request_id: options.client_request_id,
            priority: options.priority,
        };
        self.write_once(&write, options.deadline).await
    }

    async fn write_once<B: Serialize, T: DeserializeOwned>(
        &self,
        write: &Write<'_, B>,
        deadline: Deadline,
    ) -> Result<GraphResponse<T>, GraphError> {
        let slot = self.limiter.acquire(deadline, write.priority).await;
        let slot = slot.ok_or_else(GraphError::not_sent)?;
        let response = self.client.write_once(write, deadline).await?;
        match response.status {
            StatusCode::TOO_MANY_REQUESTS => slot.throttled(response.retry_after()),
            _ => slot.accepted(used_share(&response)),
        }
        self.client.decode(&response).await
    }
}

fn used_share(response: &Response) -> Option<f64> {
    let used = response.header(THROTTLE_LIMIT_PERCENTAGE)?.trim().parse::<f64>().ok()?;
    (used.is_finite() && used >= 0.0).then_some(used)
}

/// The principal by the name that Graph was asked for.
fn principal_key(permit: &Permit) -> Key {
    permit.client_id().map_or(Key::ObjectId(permit.principal()), Key::AppId)
}
