//! An earlier report, and what has changed since.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use app_roles::ids::{AppRoleId, Guid, ObjectId};
use broker::rfc3339;
use serde::Deserialize;
use time::OffsetDateTime;
use wire_formats::json;

use super::document::{Change, ComparedWith, FORMAT, GoneAssignment, Report, ReportedAssignment};
use crate::{failure::Failure, io_reason::io_reason, timestamps};

/// What to do about a file that is no report.
const HINT: &str = "name a file that `app-role report -o <name>.json` has written";

/// The ids of an assignment.
type Ids = (ObjectId, ObjectId, AppRoleId);

/// The assignments of an earlier report.
#[derive(Debug)]
pub(super) struct EarlierReport {
    generated_at: OffsetDateTime,
    complete: bool,
    assignments: HashMap<Ids, EarlierAssignment>,
}

#[derive(Debug)]
struct EarlierAssignment {
    principal_name: String,
    api_name: String,
    role: String,
    created: Option<OffsetDateTime>,
}

/// The part of the file that says what it is.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

/// The parts of the file that are compared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    generated_at: String,
    tenant_id: Option<Guid>,
    complete: bool,
    principals: Vec<Named>,
    apis: Vec<Api>,
    assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
struct Named {
    id: ObjectId,
    name: String,
}

#[derive(Deserialize)]
struct Api {
    id: ObjectId,
    name: String,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    id: AppRoleId,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Assignment {
    principal: usize,
    api: usize,
    role: usize,
    created: Option<String>,
}

impl EarlierReport {
    /// Reads a report of the same tenant.
    pub(super) fn read(file: &Path, tenant: Option<Guid>) -> Result<Self, Failure> {
        let name = file.display();
        let unreadable = |why: String| {
            Failure::failed(format!("the earlier report {name} cannot be read: {why}")).hint(HINT)
        };
        if file.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(unreadable("it is not a file".to_owned()));
        }
        let text = std::fs::read(file).map_err(|error| unreadable(io_reason(&error)))?;
        Self::parse(&text, tenant).map_err(|problem| {
            Failure::failed(format!("{name} is not a report to compare with: {problem}")).hint(HINT)
        })
    }

    pub(super) fn parse(text: &[u8], tenant: Option<Guid>) -> Result<Self, String> {
        let fault = |fault: json::Fault| fault.in_document("the document");
        // Another format may lack everything else.
        let Head { format } = json::from_slice(text).map_err(fault)?;
        if format != FORMAT {
            return Err(format!(
                "its format is {format}, and this version of app-role reads only {FORMAT}"
            ));
        }
        let document: Document = json::from_slice(text).map_err(fault)?;
        if let (Some(then), Some(now)) = (document.tenant_id, tenant)
            && then != now
        {
            return Err(format!("it is about the tenant {then}, and you are signed in to {now}"));
        }
        let generated_at = timestamps::parse(&document.generated_at)
            .ok_or("generatedAt: expected a time such as 2026-08-20T10:11:12Z")?;
        let mut assignments = HashMap::new();
        for (index, one) in document.assignments.iter().enumerate() {
            let place = format!("assignments[{index}]");
            let (ids, found) = document.resolved(one).map_err(|why| format!("{place}{why}"))?;
            if assignments.insert(ids, found).is_some() {
                return Err(format!("{place}: it is there twice"));
            }
        }
        Ok(Self { generated_at, complete: document.complete, assignments })
    }

    /// Marks the assignments that are new, and adds those that are gone.
    ///
    /// An assignment that was removed and created again counts as new.
    pub(super) fn mark(&self, report: &mut Report) {
        report.compared_with = Some(ComparedWith { generated_at: rfc3339(self.generated_at) });
        let ids: Vec<_> = report.assignments.iter().map(|one| ids(report, one)).collect();
        for (one, ids) in report.assignments.iter_mut().zip(&ids) {
            let created = one.created.as_deref().and_then(timestamps::parse);
            let before = ids.and_then(|ids| self.assignments.get(&ids));
            let is_same = before.is_some_and(|before| before.may_be_of(created));
            one.change = (!is_same).then_some(Change::New);
        }
        let present: HashSet<_> = ids.into_iter().flatten().collect();
        let gone = self.assignments.iter().filter(|(ids, _)| !present.contains(ids));
        report.gone = gone.map(|(ids, one)| one.gone(ids.0)).collect();
        report.gone.sort_by_cached_key(|one| {
            let names = [&one.principal_name, &one.api_name, &one.role];
            (names.map(|name| name.to_lowercase()), one.principal_id)
        });
    }

    /// What makes the comparison uncertain; `None` if nothing does.
    pub(super) fn note(&self) -> Option<String> {
        (!self.complete).then(|| {
            format!(
                "the earlier report of {} is not complete, so assignments may be marked as new that \
                 existed then",
                rfc3339(self.generated_at)
            )
        })
    }
}

impl Document {
    /// Looks up what an assignment is about.
    fn resolved(&self, one: &Assignment) -> Result<(Ids, EarlierAssignment), String> {
        let missing =
            |name: &str, index: usize, list: &str| format!(".{name}: {list} has no entry {index}");
        let principal = self.principals.get(one.principal);
        let principal =
            principal.ok_or_else(|| missing("principal", one.principal, "principals"))?;
        let api = self.apis.get(one.api).ok_or_else(|| missing("api", one.api, "apis"))?;
        let role = api.roles.get(one.role);
        let role = role.ok_or_else(|| missing("role", one.role, "the list of the API's roles"))?;
        let created = match one.created.as_deref() {
            Some(text) => Some(timestamps::parse(text).ok_or(".created: expected a time")?),
            None => None,
        };
        let found = EarlierAssignment {
            principal_name: principal.name.clone(),
            api_name: api.name.clone(),
            role: role.value.clone().unwrap_or_else(|| role.id.to_string()),
            created,
        };
        Ok(((principal.id, api.id, role.id), found))
    }
}

impl EarlierAssignment {
    /// Whether an assignment with this creation time may be this one.
    fn may_be_of(&self, created: Option<OffsetDateTime>) -> bool {
        self.created.zip(created).is_none_or(|(then, now)| then == now)
    }

    fn gone(&self, principal_id: ObjectId) -> GoneAssignment {
        GoneAssignment {
            principal_name: self.principal_name.clone(),
            principal_id,
            api_name: self.api_name.clone(),
            role: self.role.clone(),
            created: self.created.map(rfc3339),
        }
    }
}

/// The ids of an assignment in a report.
fn ids(report: &Report, one: &ReportedAssignment) -> Option<Ids> {
    let api = report.apis.get(one.api)?;
    Some((report.principals.get(one.principal)?.id, api.id, api.roles.get(one.role)?.id))
}
