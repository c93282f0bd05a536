//! Making an assignment exist, or not exist.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Answer, Call, Graph,
    error::{ErrorKind, GraphError},
    odata::{self, Key},
};
use crate::{
    domain::{
        directory::{Assignment, Principal},
        ids::{AppRoleId, ObjectId},
        policy::Permit,
        request::Action,
    },
    remote::retry::Deadline,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewAssignment {
    principal_id: ObjectId,
    resource_id: ObjectId,
    app_role_id: AppRoleId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAssignment {
    id: String,
    app_role_id: AppRoleId,
    resource_id: ObjectId,
    created_date_time: Option<String>,
}

/// What carrying out a permit came to.
#[derive(Debug)]
pub enum Done {
    /// This call created the assignment.
    Assigned(Answer<Assignment>),
    /// It stood already.
    AlreadyAssigned(Assignment),
    /// This call removed it. The body is the assignment that was.
    Revoked(Answer<Assignment>),
    /// It did not exist.
    AlreadyRevoked,
}

impl From<WireAssignment> for Assignment {
    fn from(wire: WireAssignment) -> Self {
        Self {
            id: wire.id,
            api: wire.resource_id,
            role: wire.app_role_id,
            created: wire.created_date_time,
        }
    }
}

impl Graph {
    /// Every assignment that a principal holds, on whatever API.
    pub async fn assignments(
        &self,
        principal: &Principal,
        deadline: Deadline,
    ) -> Result<Vec<Assignment>, GraphError> {
        let by_client_id = principal.by_client_id.then_some(Key::AppId(principal.client_id));
        self.held_by(by_client_id.unwrap_or(Key::ObjectId(principal.object_id)), deadline).await
    }

    /// Does what `permit` allows. `held` is what the principal held when that was decided.
    ///
    /// Neither way is idempotent on Graph's side: a second attempt, after a lost answer or a second
    /// delivery of a message, is refused as a duplicate or as unknown. Those refusals are successes
    /// here.
    pub async fn carry_out(
        &self,
        permit: &Permit,
        held: &[Assignment],
        client_request_id: Uuid,
        deadline: Deadline,
    ) -> Result<Done, GraphError> {
        match permit.action() {
            Action::Assign => self.assign(permit, client_request_id, deadline).await,
            Action::Revoke => match held.iter().find(|assignment| is_of(assignment, permit)) {
                Some(assignment) => {
                    self.revoke(permit, assignment, client_request_id, deadline).await
                }
                None => Ok(Done::AlreadyRevoked),
            },
        }
    }

    async fn assign(
        &self,
        permit: &Permit,
        client_request_id: Uuid,
        deadline: Deadline,
    ) -> Result<Done, GraphError> {
        let duplicate = match self.create(permit, client_request_id, deadline).await {
            Ok(created) => return Ok(Done::Assigned(created)),
            Err(error) if error.kind() == ErrorKind::AlreadyAssigned => error,
            Err(error) => return Err(error),
        };
        let held = self.held_by(key(permit), deadline).await?;
        match held.into_iter().find(|assignment| is_of(assignment, permit)) {
            Some(assignment) => Ok(Done::AlreadyAssigned(assignment)),
            // Lists lag behind writes, so the next delivery will find it.
            None => Err(duplicate.not_listed_yet()),
        }
    }

    async fn create(
        &self,
        permit: &Permit,
        client_request_id: Uuid,
        deadline: Deadline,
    ) -> Result<Answer<Assignment>, GraphError> {
        let body = NewAssignment {
            principal_id: permit.principal(),
            resource_id: permit.api(),
            app_role_id: permit.role(),
        };
        let call = Call {
            name: "create the assignment",
            method: Method::POST,
            url: odata::assignments(&self.endpoint, key(permit)),
            body: Some(&body),
            client_request_id,
            may_lag: false,
        };
        let Answer { body, request_id } = self.call::<_, WireAssignment>(&call, deadline).await?;
        Ok(Answer { body: body.into(), request_id })
    }

    async fn revoke(
        &self,
        permit: &Permit,
        assignment: &Assignment,
        client_request_id: Uuid,
        deadline: Deadline,
    ) -> Result<Done, GraphError> {
        let call = Call::<()> {
            name: "remove the assignment",
            method: Method::DELETE,
            url: odata::assignment(&self.endpoint, key(permit), &assignment.id),
            body: None,
            client_request_id,
            may_lag: false,
        };
        match self.call::<_, ()>(&call, deadline).await {
            Ok(Answer { request_id, .. }) => {
                Ok(Done::Revoked(Answer { body: assignment.clone(), request_id }))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyRevoked => Ok(Done::AlreadyRevoked),
            Err(error) => Err(error),
        }
    }

    async fn held_by(&self, key: Key, deadline: Deadline) -> Result<Vec<Assignment>, GraphError> {
        let url = odata::assignment_list(&self.endpoint, key);
        let listed =
            self.list::<WireAssignment>("list the assignments", url, false, deadline).await?;
        Ok(listed.into_iter().map(Assignment::from).collect())
    }
}

fn is_of(assignment: &Assignment, permit: &Permit) -> bool {
    assignment.api == permit.api() && assignment.role == permit.role()
}

/// How the write names the principal: as Graph was asked for it.
fn key(permit: &Permit) -> Key {
    permit.client_id().map_or(Key::ObjectId(permit.principal()), Key::AppId)
}
