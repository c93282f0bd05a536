//! The checks of the record: no write without an intent before it, no intent that stays open, and rows
//! that say exactly what was written.

use std::collections::{BTreeMap, BTreeSet};

use tenant_emulator::{AcceptedWrite, WriteKind};

use crate::{
    check::Check,
    record::{Intent, Record, Row, RowKey},
};

/// The data that the checks compare.
pub(crate) struct RecordEvidence<'a> {
    pub(crate) record: &'a Record,
    pub(crate) writes: &'a [AcceptedWrite],
    /// The ids of the requests of the run.
    pub(crate) requests: BTreeSet<&'a str>,
    /// A fault with what happened to the assignment of this id, if the run knows more.
    pub(crate) explained: &'a dyn Fn(&str, &str) -> String,
}

/// The statuses of rows about writes.
fn status_of(kind: WriteKind) -> &'static str {
    match kind {
        WriteKind::Created => "assigned",
        WriteKind::Deleted => "revoked",
    }
}

fn described(write: &AcceptedWrite) -> String {
    let AcceptedWrite { kind, principal_id, resource_id, app_role_id, .. } = write;
    format!("{kind:?}: principal {principal_id}, API {resource_id}, role {app_role_id}")
}

impl RecordEvidence<'_> {
    /// All checks.
    pub(crate) fn checks(&self) -> Vec<Check> {
        vec![
            self.every_write_has_an_earlier_intent(),
            self.no_intent_is_open(),
            self.every_write_is_on_record(),
            self.no_row_claims_more(),
        ]
    }

    /// The writes with which a request arrived. The others were made by hand.
    fn sent(&self) -> impl Iterator<Item = (&AcceptedWrite, &str)> {
        self.writes.iter().filter_map(|write| Some((write, write.client_request_id.as_deref()?)))
    }

    fn every_write_has_an_earlier_intent(&self) -> Check {
        let mut faults = Vec::new();
        for (write, id) in self.sent() {
            match self.record.intents.get(id) {
                None => faults.push(format!("{}: it has no intent", described(write))),
                Some(intent) if intent.stored >= write.at => {
                    let late = intent.stored - write.at;
                    let fault = format!("its intent was stored {late:?} later");
                    faults.push(format!("{}: {fault}", described(write)));
                }
                Some(_) => {}
            }
        }
        let (sent, intents) = (self.sent().count(), self.record.intents.len());
        let figures = format!("{sent} writes, {intents} intents");
        Check::new("(f) every write has an intent that was durable before it", figures, faults)
    }

    fn no_intent_is_open(&self) -> Check {
        let settled = self.record.rows.values().filter(|row| row.settled_later).count();
        let figures =
            format!("{} open, {settled} were settled by the timer", self.record.open.len());
        Check::new("(g) every intent ended", figures, self.record.open.clone())
    }

    /// Two handlers that write one role at once cannot tell which of them did it, if one of the two got no
    /// answer. So the row about a write may name another request, if it names the assignment.
    fn every_write_is_on_record(&self) -> Check {
        let (mut of_another, mut faults) = (0, Vec::new());
        for (write, id) in self.sent() {
            // A write without an intent is a fault of another check.
            let Some(intent) = self.record.intents.get(id) else { continue };
            let says_so = |row: &&Row| row.status == status_of(write.kind);
            match self.record.rows_of(intent).find(says_so) {
                None if self.is_claimed_by_another(write) => of_another += 1,
                None => {
                    let statuses: Vec<_> =
                        self.record.rows_of(intent).map(|row| row.status.as_str()).collect();
                    let request = &intent.request_id;
                    faults.push(format!(
                        "{} of {request}: its rows say {statuses:?}",
                        described(write)
                    ));
                }
                Some(row) if !self.names_its_request(row, intent) => {
                    let named = &row.request_id;
                    faults.push(format!("{}: its row names request {named:?}", described(write)));
                }
                Some(_) => {}
            }
        }
        let figures =
            format!("{} rows, {of_another} of them by another request", self.record.rows.len());
        Check::new("(h) every write has a row that names its request", figures, faults)
    }

    /// Whether a row of another request of the run says that it did this with the assignment.
    fn is_claimed_by_another(&self, write: &AcceptedWrite) -> bool {
        self.record.rows.values().any(|row| {
            row.status == status_of(write.kind)
                && row.assignment_id == write.assignment_id
                && self.requests.contains(row.request_id.as_str())
        })
    }

    fn names_its_request(&self, row: &Row, intent: &Intent) -> bool {
        row.request_id == intent.request_id && self.requests.contains(row.request_id.as_str())
    }

    /// A row may name an assignment that another request wrote, for the same reason.
    fn no_row_claims_more(&self) -> Check {
        let written: BTreeMap<_, _> = self.sent().map(|(write, id)| (id, write.kind)).collect();
        let own: BTreeSet<_> = self
            .record
            .intents
            .values()
            .filter_map(|intent| {
                let kind = written.get(intent.client_request_id.as_str())?;
                Some((intent.audit_row.clone(), status_of(*kind)))
            })
            .collect();
        let by_any: BTreeSet<_> = self
            .sent()
            .map(|(write, _)| (write.assignment_id.as_str(), status_of(write.kind)))
            .collect();
        let (mut claimed, mut of_another, mut faults) = (0, 0, Vec::new());
        for row in self.record.rows.values() {
            let Row { key, status, request_id, assignment_id, .. } = row;
            if status != "assigned" && status != "revoked" {
                continue;
            }
            claimed += 1;
            if own.contains(&(row.unsettled_key(), status)) {
                continue;
            }
            if by_any.contains(&(assignment_id.as_str(), status.as_str())) {
                of_another += 1;
            } else {
                let fault = format!("{key:?} of {request_id} says {status}, but nothing was");
                faults.push((self.explained)(assignment_id, &fault));
            }
        }
        faults.extend(self.removals_with_several_rows());
        let figures =
            format!("{claimed} rows about writes, {of_another} about that of another request");
        Check::new("(i) no row claims a write that did not happen", figures, faults)
    }

    /// The removals that more than one row claims.
    fn removals_with_several_rows(&self) -> Vec<String> {
        let mut rows: BTreeMap<&str, Vec<&RowKey>> = BTreeMap::new();
        for row in self.record.rows.values().filter(|row| row.status == "revoked") {
            rows.entry(&row.assignment_id).or_default().push(&row.key);
        }
        let several = rows.into_iter().filter(|(id, rows)| !id.is_empty() && rows.len() > 1);
        several.map(|(id, rows)| format!("the removal of {id} has the rows {rows:?}")).collect()
    }
}

#[cfg(test)]
mod tests;
