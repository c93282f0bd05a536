//! The calls about assignments, each sent once: list, create, remove.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Graph,
    ensure::Effort,
    error::GraphError,
    exchange::Call,
    odata::{self, Key},
};
use app_roles::{
    directory::{Api, Assignment, Principal},
    ids::{AppRoleId, ObjectId},
    policy::Permit,
};
use azure_rest::retry::Deadline;

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

/// A row of the list of an API's assignments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireNamedHolder {
    principal_id: ObjectId,
    principal_display_name: Option<String>,
    principal_type: Option<String>,
    #[serde(flatten)]
    assignment: WireAssignment,
}

/// Somebody who holds a role of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHolder {
    /// Who.
    pub principal: ObjectId,
    /// Their name when the assignment was made, for people.
    pub display_name: String,
    /// `User`, `Group` or `ServicePrincipal` ("appRoleAssignment resource type", principalType).
    pub kind: String,
    /// The assignment.
    pub assignment: Assignment,
}

impl From<WireNamedHolder> for NamedHolder {
    fn from(wire: WireNamedHolder) -> Self {
        Self {
            principal: wire.principal_id,
            display_name: wire.principal_display_name.unwrap_or_default(),
            kind: wire.principal_type.unwrap_or_default(),
            assignment: wire.assignment.into(),
        }
    }
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

    /// Everybody who holds a role of an API: applications, people, groups.
    pub async fn named_holders(
        &self,
        api: &Api,
        deadline: Deadline,
    ) -> Result<Vec<NamedHolder>, GraphError> {
        let url = odata::assigned_to(&self.root, Key::ObjectId(api.object_id));
        let listed = self.list::<WireNamedHolder>("list the holders", url, false, deadline).await?;
        Ok(listed.into_iter().map(NamedHolder::from).collect())
    }

    /// The same for a principal of which only the object id is known.
    pub async fn assignments_of(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<Vec<Assignment>, GraphError> {
        self.held_by(Key::ObjectId(principal), deadline).await
    }

    /// The assignment that a permit is about, as far as the list shows it.
    pub(super) async fn listed(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Assignment>, GraphError> {
        let held = self.held_by(key(permit), deadline).await?;
        Ok(held.into_iter().find(|assignment| is_of(assignment, permit)))
    }

    pub(super) async fn create(
        &self,
        permit: &Permit,
        effort: Effort,
    ) -> Result<Answer<Assignment>, GraphError> {
        let body = NewAssignment {
            principal_id: permit.principal(),
            resource_id: permit.api(),
            app_role_id: permit.role(),
        };
        let call = Call {
            name: "create the assignment",
            method: Method::POST,
            url: odata::assignments(&self.root, key(permit)),
            body: Some(&body),
            client_request_id: effort.client_request_id,
            may_lag: false,
            priority: effort.priority,
        };
        let answer = self.write_once::<_, WireAssignment>(&call, effort.deadline).await?;
        Ok(Answer { body: answer.body.into(), request_id: answer.request_id })
    }

    pub(super) async fn remove(
        &self,
        permit: &Permit,
        assignment: &Assignment,
        effort: Effort,
    ) -> Result<Answer<()>, GraphError> {
        let call = Call::<()> {
            name: "remove the assignment",
            method: Method::DELETE,
            url: odata::assignment(&self.root, key(permit), &assignment.id),
            body: None,
            client_request_id: effort.client_request_id,
            may_lag: false,
            priority: effort.priority,
        };
        self.write_once(&call, effort.deadline).await
    }

    async fn held_by(&self, key: Key, deadline: Deadline) -> Result<Vec<Assignment>, GraphError> {
        let url = odata::assignment_list(&self.root, key);
        let listed =
            self.list::<WireAssignment>("list the assignments", url, false, deadline).await?;
        Ok(listed.into_iter().map(Assignment::from).collect())
    }
}

/// Whether an assignment is the one that a permit is about.
pub(super) fn is_of(assignment: &Assignment, permit: &Permit) -> bool {
    assignment.api == permit.api() && assignment.role == permit.role()
}

/// How the write names the principal: as Graph was asked for it.
fn key(permit: &Permit) -> Key {
    permit.client_id().map_or(Key::ObjectId(permit.principal()), Key::AppId)
}
