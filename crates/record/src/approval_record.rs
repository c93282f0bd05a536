//! What the tables of the record say about an approval.

use std::collections::BTreeSet;

use app_roles::{
    approval::{ApprovalDigest, ApprovalSubject},
    ids::{AppRoleId, ObjectId},
    request::Action,
};
use azure_rest::{
    retry::Deadline,
    tables::{Entity, TableError, literal},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    approvals::ApprovalRow,
    record::{AUDIT_TABLE, INTENT_TABLE, PARTITION_KEY, Record},
};

/// The status of the row of an approval that was given.
pub const APPROVAL_GIVEN: &str = "approvalGiven";

/// The status of the row of an approval that was denied.
pub const APPROVAL_DENIED: &str = "approvalDenied";

/// The status of the rows of a request that waits.
const PENDING: &str = "pendingApproval";

/// The statuses of roles that were written.
const CHANGED: [&str; 2] = ["assigned", "revoked"];

/// The statuses of roles that already were as requested.
const UNCHANGED: [&str; 2] = ["alreadyAssigned", "alreadyRevoked"];

/// What the record says about an approval.
#[derive(Debug, Clone)]
pub struct ApprovalRecord {
    rows: Vec<Entity>,
}

/// A role for which an approval was used, according to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedApproval {
    /// The role.
    pub role: AppRoleId,
    /// Whether it was written. Otherwise there was nothing to write.
    pub is_change: bool,
    /// When the invocation that used it began, if the row states it.
    pub began: Option<OffsetDateTime>,
}

impl ApprovalRecord {
    /// Reads the rows about an approval. `None` if a write under it has no recorded outcome yet. Intents
    /// are read before rows, because an intent that is gone has a row.
    pub async fn read(
        record: &Record,
        row: &ApprovalRow,
        deadline: Deadline,
    ) -> Result<Option<Self>, TableError> {
        let filter = filter_of(row);
        let intents = record.tables().query(INTENT_TABLE, &filter, deadline).await?;
        if !intents.is_empty() {
            return Ok(None);
        }
        let rows = record.tables().query(AUDIT_TABLE, &filter, deadline).await?;
        Ok(Some(Self { rows }))
    }

    /// Reads the approvers who have denied what a row asks for now, also while a write is under way.
    pub async fn read_denied(
        record: &Record,
        row: &ApprovalRow,
        deadline: Deadline,
    ) -> Result<BTreeSet<ObjectId>, TableError> {
        let rows = record.tables().query(AUDIT_TABLE, &filter_of(row), deadline).await?;
        Ok(Self { rows }.denied(&row.subject.digest()))
    }

    fn of_status(&self, status: &str) -> impl Iterator<Item = &Entity> {
        self.rows.iter().filter(move |row| text(row, "status") == status)
    }

    /// The decisions with this status on the subject with this digest.
    fn decisions(&self, status: &str, digest: &ApprovalDigest) -> impl Iterator<Item = &Entity> {
        self.of_status(status).filter(|row| text(row, "approvalDigest") == digest.as_str())
    }

    /// The approvers who have approved the subject with this digest.
    #[must_use]
    pub fn given(&self, digest: &ApprovalDigest) -> BTreeSet<ObjectId> {
        self.decisions(APPROVAL_GIVEN, digest).filter_map(approver).collect()
    }

    /// Whether the subject with this digest was denied. A row that names no approver counts too, because
    /// a doubtful denial prevents the write.
    #[must_use]
    pub fn is_denied(&self, digest: &ApprovalDigest) -> bool {
        self.decisions(APPROVAL_DENIED, digest).next().is_some()
    }

    /// The approvers who have denied the subject with this digest.
    #[must_use]
    pub fn denied(&self, digest: &ApprovalDigest) -> BTreeSet<ObjectId> {
        self.decisions(APPROVAL_DENIED, digest).filter_map(approver).collect()
    }

    /// Whether the requester has made the request for everything that the subject names.
    #[must_use]
    pub fn is_asked(&self, subject: &ApprovalSubject) -> bool {
        let api = subject.api_id.to_string();
        let is_asked = |role: AppRoleId| {
            self.of_status(PENDING).any(|row| {
                text(row, "appRoleId") == role.to_string()
                    && text(row, "requester") == subject.requester
                    && text(row, "apiId") == api
                    && text(row, "action") == Action::verb(subject.action)
            })
        };
        subject.roles.iter().all(|role| is_asked(role.id))
    }

    /// The roles for which the approval was used.
    #[must_use]
    pub fn uses(&self) -> Vec<UsedApproval> {
        let used = |row: &Entity| {
            let status = text(row, "status");
            let is_change = CHANGED.contains(&status);
            if !is_change && !UNCHANGED.contains(&status) {
                return None;
            }
            let role = AppRoleId::parse(text(row, "appRoleId")).ok()?;
            let began = OffsetDateTime::parse(text(row, "startedAt"), &Rfc3339).ok();
            Some(UsedApproval { role, is_change, began })
        };
        self.rows.iter().filter_map(used).collect()
    }
}

/// The filter for the rows about an approval.
fn filter_of(row: &ApprovalRow) -> String {
    let principal = literal::text(&row.subject.principal_id.to_string());
    let id = literal::text(&row.id.to_string());
    format!("{PARTITION_KEY} eq {principal} and approvalId eq {id}")
}

/// The approver whose decision a row has.
fn approver(row: &Entity) -> Option<ObjectId> {
    ObjectId::parse(text(row, "requester").strip_prefix("http:")?).ok()
}

fn text<'a>(row: &'a Entity, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}
