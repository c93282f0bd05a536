//! What the record says about an approval.

use std::collections::BTreeSet;

use app_roles::ids::{AppRoleId, ObjectId};
use azure_rest::retry::Deadline;
use record::{approval_record::ApprovalRecord, approvals::ApprovalRow};
use time::OffsetDateTime;

use super::parts::{ApprovalParts, table_failed};
use crate::stop::Again;

/// What the record proves about a request that waited for approval.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// The approvers of the request in its present form, according to both the row and the record. Each
    /// decision is recorded before it counts, so a decision that is not on record was not made.
    pub(super) approvers: BTreeSet<ObjectId>,
    /// Whether the record shows that the requester made the request.
    pub(super) is_asked: bool,
    /// Whether an approver has denied it in its present form.
    pub(super) is_denied: bool,
    /// The approvers who have denied it.
    pub(super) deniers: BTreeSet<ObjectId>,
    /// What the approval was used for by earlier invocations.
    pub(super) written: Written,
}

/// What an approval was used for.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The roles that were written, or that already were as requested.
    pub(super) roles: BTreeSet<AppRoleId>,
}

impl Written {
    /// Whether every role of the request is written.
    pub(super) fn covers(&self, row: &ApprovalRow) -> bool {
        row.subject.roles.iter().all(|role| self.roles.contains(&role.id))
    }
}

impl ApprovalParts {
    /// Reads what the record says about an approval. The error means that it cannot be read now.
    pub(super) async fn proof(
        &self,
        row: &ApprovalRow,
        deadline: Deadline,
    ) -> Result<Proof, Again> {
        let read = ApprovalRecord::read(self.record()?, row, deadline).await;
        let Some(record) = read.map_err(|error| table_failed(&error))? else {
            return Err(Again::because("a write under this approval has no outcome on record yet"));
        };
        let uses = record.uses();
        let lag = time::Duration::try_from(self.timing.list_lag).unwrap_or(time::Duration::MAX);
        let is_young = OffsetDateTime::now_utc().saturating_sub(lag);
        let mut writes = uses.iter().filter(|used| used.is_change);
        if writes.any(|write| write.began.is_none_or(|began| began > is_young)) {
            return Err(Again::because("lists may not show yet what this approval has written"));
        }
        let digest = row.subject.digest();
        let given = record.given(&digest);
        Ok(Proof {
            approvers: row.approvers().intersection(&given).copied().collect(),
            is_asked: record.is_asked(&row.subject),
            is_denied: record.is_denied(&digest),
            deniers: record.denied(&digest),
            written: Written { roles: uses.into_iter().map(|used| used.role).collect() },
        })
    }
}
