//! Making an assignment exist.

use azure_core::http::Url;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Answer, Call, Graph,
    error::{ErrorKind, GraphError},
    odata,
};
use crate::{
    domain::{
        directory::Assignment,
        ids::{AppRoleId, ObjectId},
        policy::Permit,
    },
    remote::retry::Deadline,
};

/// Pages of a list that are read at most. A service principal may hold 1,500 assignments ("Microsoft
/// Entra service limits and restrictions"), which is two pages; a list without end would otherwise
/// hold its invocation until the deadline.
const MOST_PAGES: usize = 20;

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

#[derive(Deserialize)]
struct Page {
    value: Vec<WireAssignment>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

/// How an assignment came to exist.
#[derive(Debug)]
pub enum Ensured {
    /// This call created it.
    Created(Answer<Assignment>),
    /// It stood already.
    Found(Assignment),
}

impl From<WireAssignment> for Assignment {
    fn from(wire: WireAssignment) -> Self {
        Self { id: wire.id, created: wire.created_date_time }
    }
}

impl Graph {
    /// Creates the assignment that `permit` allows, or finds it.
    ///
    /// Creating is not idempotent on Graph's side: a second attempt, after a lost answer or a second
    /// delivery of a message, is refused as a duplicate. That refusal is a success here.
    pub async fn ensure_assigned(
        &self,
        permit: &Permit,
        client_request_id: Uuid,
        deadline: Deadline,
    ) -> Result<Ensured, GraphError> {
        let duplicate = match self.create(permit, client_request_id, deadline).await {
            Ok(created) => return Ok(Ensured::Created(created)),
            Err(error) if error.kind() == ErrorKind::AlreadyAssigned => error,
            Err(error) => return Err(error),
        };
        match self.find(permit, deadline).await? {
            Some(assignment) => Ok(Ensured::Found(assignment)),
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
            url: odata::assignments(&self.endpoint, permit.principal()),
            body: Some(&body),
            client_request_id,
        };
        let Answer { body, request_id } = self.call::<_, WireAssignment>(&call, deadline).await?;
        Ok(Answer { body: body.into(), request_id })
    }

    /// Looks for the permitted assignment among those of its principal.
    async fn find(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Assignment>, GraphError> {
        let mut next = Some(odata::assignment_list(&self.endpoint, permit.principal()));
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(None) };
            let page = self.get::<Page>("list the assignments", url, deadline).await?.body;
            let found = page.value.into_iter().find(|assignment| {
                assignment.resource_id == permit.api() && assignment.app_role_id == permit.role()
            });
            if let Some(assignment) = found {
                return Ok(Some(assignment.into()));
            }
            next = page.next_link.map(|link| self.same_origin(&link)).transpose()?;
        }
        Ok(None)
    }

    /// The next page's address, if it is Graph's own: the token goes nowhere else.
    fn same_origin(&self, link: &str) -> Result<Url, GraphError> {
        Url::parse(link)
            .ok()
            .filter(|url| url.origin() == self.endpoint.origin())
            .ok_or_else(GraphError::foreign_link)
    }
}
