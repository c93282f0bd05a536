//! The operator's own record of changes: a file of JSON lines.
//!
//! An intent is written before each change, and its outcome afterwards. If the program is killed in
//! between, the client-request-id of the intent finds the change in Entra's audit log.

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
    text::{Reason, printable_json},
};
use broker::rfc3339;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{failure::Failure, io_reason::io_reason, result::word};

/// An open record.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    file: File,
}

/// A change, and who makes it.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) operator: ObjectId,
    pub(super) principal: &'a Principal,
    pub(super) api: &'a Api,
    pub(super) request: &'a Request,
    pub(super) client_request_id: Uuid,
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
    /// Opens the file for appending, before anything is changed.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| {
            Failure::failed(format!("{} cannot be written: {}", path.display(), io_reason(&error)))
                .hint("nothing was changed; name another file with --record")
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends a line and flushes it to disk.
    pub(super) fn write(
        &mut self,
        event: &'static str,
        line: &Line<'_>,
        role: &RoleOutcome,
    ) -> Result<(), Failure> {
        let wire = WireLine {
            at: rfc3339(OffsetDateTime::now_utc()),
            event,
            operator: line.operator,
            action: line.request.action.verb(),
            principal: line.principal.into(),
            api: line.api.into(),
            role,
            reason: line.request.reason.as_ref().map(Reason::as_str),
            client_request_id: line.client_request_id.to_string(),
        };
        let text = serde_json::to_string(&wire)
            .map_err(|_| self.unwritten(role, "a line cannot be encoded as JSON"))?;
        let text = printable_json(&text);
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.sync_data());
        written.map_err(|error| self.unwritten(role, &io_reason(&error)))
    }

    /// Reports a line that was not written. The outcome is part of the message, because nothing else
    /// records it.
    fn unwritten(&self, role: &RoleOutcome, why: &str) -> Failure {
        let path = self.path.display();
        let status = word(&role.status);
        let name = role.value.as_deref().or(role.requested.as_deref()).unwrap_or_default();
        Failure::failed(format!("{path} cannot be written: {why}; {name}: {status}"))
            .hint("earlier roles are in the record; `app-role list` shows what is assigned now")
    }
}
