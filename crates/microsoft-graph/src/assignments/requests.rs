//! The requests about assignments. Each write is sent once, when the rate limiter allows it.

use shared_quota::priority::Priority;
use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde::{Serialize, de::IgnoredAny};
use time::OffsetDateTime;

use super::{
    holders::NamedHolder,
    look::Look,
    memory::{CAPACITY, REPLICA_LAG},
    write::WriteOptions,
};
use crate::{
    caller::Caller,
    client::{GraphClient, GraphResponse, Read, Write},
    error::{ErrorKind, GraphError},
    odata::{self, Key},
    pages::{Listed, Pages},
    rate_limiter::WriteRateLimiter,
    rows::WireRow as _,
    wire::{NewAssignment, WireAssignment, WireHolder},
};
use app_roles::{
    directory::Assignment,
    held::{HeldAssignment, HeldAssignments, Holding},
    ids::ObjectId,
    policy::Permit,
};
use azure_rest::{
    rest::{Response, ServiceError as _},
    retry::Deadline,
    timing::CallTiming,
};
use memory_cache::TimedCache;

/// The response header with the used share of a limit, which Graph sends from 0.8 up ("Microsoft Graph
/// service-specific throttling limits", identity and access).
const THROTTLE_LIMIT_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";

/// How often an assignment is read before its removal while the answers are inconclusive. Without a
/// conclusive one, the removal cannot be told from one by another client.
const MOST_LOOKS: u32 = 3;

/// What the list of a principal says about the assignment of a permit.
#[derive(Debug)]
pub(super) enum Found {
    Assignment(Assignment),
    Nothing,
    /// The list contains an assignment that cannot be read and may be this one.
    Unclear,
}

pub(super) struct AssignmentRequests {
    client: Arc<GraphClient>,
    limiter: WriteRateLimiter,
    /// The ids of the assignments that this process has removed. Graph may still list them. It gives no id
    /// twice.
    removed: TimedCache<String, ()>,
}

impl AssignmentRequests {
    pub(super) fn new(client: Arc<GraphClient>, limiter: WriteRateLimiter) -> Self {
        Self { client, limiter, removed: TimedCache::new(CAPACITY) }
    }

    pub(super) fn timing(&self) -> &CallTiming {
        self.client.timing()
    }

    /// Waits until the rate limiter would allow a write of low priority.
    pub(super) async fn wait_for_capacity(
        &self,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<(), GraphError> {
        self.limiter.wait_for_capacity(deadline, caller).await.ok_or_else(|| self.no_slot())
    }

    /// Prevents all writes that have not been sent yet.
    pub(super) fn stop_writes(&self) {
        self.limiter.stop();
    }

    fn no_slot(&self) -> GraphError {
        if self.limiter.is_stopped() { GraphError::stopping() } else { GraphError::not_sent() }
    }

    /// Whether this process removed an assignment so recently that lists may still show it.
    pub(super) fn has_removed(&self, id: &str) -> bool {
        self.removed.get(id, REPLICA_LAG).is_some()
    }

    /// Lists the assignments of a principal, without those that this process has removed.
    pub(super) async fn list(
        &self,
        principal: Key,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        let url = odata::assignment_list(self.client.root(), principal);
        let pages = Pages::new(&self.client, "list the assignments", url);
        let Listed { rows, skipped } = pages.read_all::<WireAssignment>(deadline).await?;
        // A row that is no object may be any assignment.
        let skipped = std::iter::repeat_n(HeldAssignment::default(), skipped);
        let is_removed =
            |row: &HeldAssignment| row.id.as_deref().is_some_and(|id| self.has_removed(id));
        let rows = rows.into_iter().filter(|row| !is_removed(row));
        Ok(rows.chain(skipped).collect())
    }

    /// Lists the assignments of the principal of a permit.
    pub(super) async fn list_of(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        self.list(principal_key(permit), deadline).await
    }

    /// Reads the assignment that a permit is about by its id.
    pub(super) async fn read(
        &self,
        permit: &Permit,
        id: &str,
        deadline: Deadline,
    ) -> Result<Found, GraphError> {
        let url = odata::assignment(self.client.root(), principal_key(permit), id);
        let read = Read::new("read the assignment", url);
        let row = match self.client.read::<WireAssignment>(read, deadline).await {
            Ok(response) => response.body.read(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        Ok(found(&row.into_iter().collect(), permit))
    }

    /// Reads whether the assignment with this id exists. The error means that a later read may tell.
    pub(super) async fn look(
        &self,
        permit: &Permit,
        id: &str,
        deadline: Deadline,
    ) -> Result<Look, GraphError> {
        for _ in 1..MOST_LOOKS {
            match self.look_once(permit, id, deadline).await? {
                Look::Unclear => {}
                look => return Ok(look),
            }
        }
        self.look_once(permit, id, deadline).await
    }

    async fn look_once(
        &self,
        permit: &Permit,
        id: &str,
        deadline: Deadline,
    ) -> Result<Look, GraphError> {
        let url = odata::assignment(self.client.root(), principal_key(permit), id);
        let began = OffsetDateTime::now_utc();
        let read = Read::new("read the assignment", url);
        match self.client.read::<IgnoredAny>(read, deadline).await {
            Ok(_) => Ok(Look::Found(began)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // A replica that does not know the principal cannot tell whether it holds an assignment.
                let client_id = permit.client_id();
                let is_about_principal = error.names(permit.principal())
                    || client_id.is_some_and(|id| error.names_application(id));
                Ok(if is_about_principal { Look::Unclear } else { Look::Gone })
            }
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(Look::Unclear),
        }
    }

    pub(super) async fn list_holders(
        &self,
        api: ObjectId,
        deadline: Deadline,
    ) -> Result<Listed<NamedHolder>, GraphError> {
        let url = odata::assigned_to(self.client.root(), Key::ObjectId(api));
        let pages = Pages::new(&self.client, "list the holders", url);
        let listed = pages.read_all::<WireHolder>(deadline).await;
        let Listed { rows, skipped } = listed.map_err(GraphError::of_api_in_url)?;
        Ok(Listed { rows: rows.into_iter().map(NamedHolder::from).collect(), skipped })
    }

    /// Looks for the assignment that a permit is about.
    pub(super) async fn find(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Found, GraphError> {
        Ok(found(&self.list_of(permit, deadline).await?, permit))
    }

    /// Whether Graph knows the principal of a permit and does not know the API.
    pub(super) async fn lacks_only_api(&self, permit: &Permit, deadline: Deadline) -> bool {
        let exists = async |key, operation| {
            let read = Read::new(operation, odata::object(self.client.root(), key));
            match self.client.read::<IgnoredAny>(read, deadline).await {
                Ok(_) => Some(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Some(false),
                Err(_) => None,
            }
        };
        exists(Key::ObjectId(permit.api()), "look for the API").await == Some(false)
            && exists(principal_key(permit), "look for the principal").await == Some(true)
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
            priority: options.caller.priority,
        };
        let response = self.write_once(&write, options).await?;
        let response = self.client.decode::<WireAssignment>(&response).await?;
        let GraphResponse { body, request_id } = response;
        let body = body
            .created(permit)
            .ok_or_else(|| GraphError::unusable("the new assignment", "it has no valid id"))?;
        Ok(GraphResponse { body, request_id })
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
            priority: options.caller.priority,
        };
        let response = self.write_once(&write, options).await?;
        let removed = self.client.check(&response).await?;
        self.removed.insert(assignment.id.clone(), ());
        Ok(removed)
    }

    async fn write_once<B: Serialize>(
        &self,
        write: &Write<'_, B>,
        WriteOptions { deadline, caller, .. }: &WriteOptions,
    ) -> Result<Response, GraphError> {
        let deadline = *deadline;
        let slot = match caller.priority {
            Priority::Normal => {
                let slot = self.limiter.acquire(deadline, caller).await;
                slot.ok_or_else(|| self.no_slot())?
            }
            // It has waited for capacity before its turn. It must not wait now, because others wait for the
            // principal.
            Priority::Low => match self.limiter.acquire_now(Priority::Low) {
                Some(slot) => slot,
                None if self.limiter.is_stopped() => return Err(GraphError::stopping()),
                None => return Err(GraphError::gives_way()),
            },
        };
        // The token may have to be fetched. Nothing else is waited for before the write is sent.
        let token = self.client.prepare_token().await;
        if token.is_err() || self.limiter.is_stopped() {
            slot.not_sent();
            return Err(token.err().unwrap_or_else(GraphError::stopping));
        }
        let response = self.client.write_once(write, deadline).await?;
        match response.status {
            StatusCode::TOO_MANY_REQUESTS => slot.throttled(response.retry_after()),
            _ => slot.accepted(used_share(&response)),
        }
        Ok(response)
    }
}

/// What is held of the assignment that a permit is about.
pub(super) fn found(held: &HeldAssignments, permit: &Permit) -> Found {
    match held.holding(permit.api(), permit.role()) {
        Holding::Held(assignment) => Found::Assignment(assignment.clone()),
        Holding::NotHeld => Found::Nothing,
        Holding::Unclear => Found::Unclear,
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
