//! Assignments that end, and those that should have ended.

use std::sync::Arc;

use app_roles::{
    directory::{Api, AppRole, Assignment},
    ids::{AppRoleId, ObjectId},
    names::RoleName,
};
use microsoft_graph::assignments::NamedHolder;
use record::ends::EndKey;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    broker_record::{End, Ends, ShownEnd},
    exit::Exit,
    failure::Failure,
    session::Session,
};

/// An assignment that the broker made, and that ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ending {
    principal: String,
    principal_id: ObjectId,
    api: String,
    api_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    role_id: AppRoleId,
    #[serde(flatten)]
    shown_end: ShownEnd,
    /// Whether no rule allows the assignment any more. It still ends only at its time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) no_rule: bool,
    #[serde(skip)]
    end: End,
}

impl Ending {
    /// Describes what a principal of this name holds.
    fn new(
        (principal, principal_id): (&str, ObjectId),
        api: &Api,
        role: AppRoleId,
        end: End,
    ) -> Self {
        let known = api.role(&RoleName::from(role));
        let known = known.unwrap_or_else(|_| AppRole::known_by_id(role));
        Self {
            principal: principal.to_owned(),
            principal_id,
            api: api.display_name.clone(),
            api_id: api.object_id,
            role: known.value,
            role_id: role,
            shown_end: end.shown(),
            no_rule: false,
            end,
        }
    }

    /// Describes what a holder of a role holds; `None` if it does not end.
    pub(super) fn of_holder(ends: &Ends, api: &Api, holder: &NamedHolder) -> Option<Self> {
        let held = Assignment {
            // Without a readable ID, only the time of its creation tells whether it ends.
            id: holder.assignment_id.clone().unwrap_or_default(),
            api: api.object_id,
            role: holder.role,
            created: holder.created.clone(),
        };
        let end = ends.end_of(holder.principal, &held)?;
        Some(Self::new((&holder.display_name, holder.principal), api, holder.role, end))
    }

    /// The principal, the API and the role.
    pub(super) fn ids(&self) -> (ObjectId, ObjectId, AppRoleId) {
        (self.principal_id, self.api_id, self.role_id)
    }

    /// Returns whether the broker should have ended the assignment.
    pub(super) fn is_late(&self, now: OffsetDateTime) -> bool {
        self.end.is_late(now)
    }

    /// Returns the row of a table. `word` says whether the assignment is late.
    pub(super) fn row(&self, word: &str) -> Vec<String> {
        let rule = if self.no_rule { "no rule allows it any more" } else { "" };
        vec![
            word.to_owned(),
            self.principal.clone(),
            self.principal_id.to_string(),
            self.api.clone(),
            self.role.clone().unwrap_or_else(|| self.role_id.to_string()),
            rule.to_owned(),
            self.end.cell(),
        ]
    }
}

/// Finds late assignments on APIs that the policy no longer names. An assignment ends even if its rule is
/// gone.
pub(super) async fn late_elsewhere(
    session: &Session,
    ends: &Ends,
    apis: &[Arc<Api>],
) -> Result<Vec<Ending>, Failure> {
    let mut late = Vec::new();
    let now = OffsetDateTime::now_utc();
    for key in ends.late(now).filter(|key| apis.iter().all(|api| api.object_id != key.api)) {
        let found = held(session, ends, key).await?;
        late.extend(found.filter(|one| one.is_late(now)));
    }
    Ok(late)
}

/// Reads what the principal of a row holds; `None` if the row says nothing about it.
async fn held(session: &Session, ends: &Ends, key: EndKey) -> Result<Option<Ending>, Failure> {
    let directory = session.directory();
    let principal = match directory.principal(&key.principal.to_string()).await {
        Err(failure) if failure.exit == Exit::NotFound => return Ok(None),
        other => other?,
    };
    let held = directory.assignments(&principal).await?;
    let mut held = held.iter().filter(|one| one.api == key.api && one.role == key.role);
    let Some((held, end)) = held.find_map(|one| Some((one, ends.end_of(key.principal, one)?)))
    else {
        return Ok(None);
    };
    let api = directory.api_of(held).await?;
    let named = |api: Arc<Api>| {
        Ending::new((&principal.display_name, principal.object_id), &api, key.role, end)
    };
    Ok(api.map(named))
}
