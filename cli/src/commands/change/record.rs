//! A file of what was done, one JSON object a line.
//!
//! An intent is written before each change and what came of it afterwards, so that a change whose end
//! nobody saw can be found in Entra's audit log by its client-request-id.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use app_roles::{
    directory::{Api, Principal},
    ids::ObjectId,
    outcome::RoleOutcome,
    request::Request,
    result::{ResultApi, ResultPrincipal},
    text::Reason,
};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{failure::Failure, result::written};

/// An open file of what was done.
#[derive(Debug)]
pub(crate) struct Record {
    path: PathBuf,
    file: File,
}

/// What is changed, and by whom.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) operator: ObjectId,
    pub(crate) principal: &'a Principal,
    pub(crate) api: &'a Api,
    pub(crate) request: &'a Request,
    pub(crate) client_request_id: Uuid,
}

/// A line of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireLine<'a> {
    at: String,
    event: &'static str,
    operator: ObjectId,
    action: &'static str,
    principal: ResultPrincipal,
    api: ResultApi,
    role: &'a RoleOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    client_request_id: String,
}

impl Record {
    /// Opens the file to append to it, before anything is done that would have to stand in it.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| {
            Failure::failed(format!("{} cannot be written to: {error}", path.display()))
                .hint("nothing was changed; name another file with --record")
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes a line, through to the disk.
    pub(crate) fn write(
        &mut self,
        event: &'static str,
        line: &Line<'_>,
        role: &RoleOutcome,
    ) -> Result<(), Failure> {
        let wire = WireLine {
            at: written(OffsetDateTime::now_utc()),
            event,
            operator: line.operator,
            action: line.request.action.verb(),
            principal: line.principal.into(),
            api: line.api.into(),
            role,
            reason: line.request.reason.as_ref().map(Reason::as_str),
            client_request_id: line.client_request_id.to_string(),
        };
        let text = serde_json::to_string(&wire).map_err(|error| self.unwritten(role, &error))?;
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.sync_data());
        written.map_err(|error| self.unwritten(role, &error))
    }

    /// The one place where it can still be said what was done.
    fn unwritten(&self, role: &RoleOutcome, error: &dyn std::error::Error) -> Failure {
        let path = self.path.display();
        let status = crate::result::word(&role.status);
        let name = role.value.as_deref().or(role.requested.as_deref()).unwrap_or_default();
        Failure::failed(format!("{path} cannot be written to: {error}; {name}: {status}"))
            .hint("roles before this one are in the record; `app-role list` shows what is held now")
    }
}
