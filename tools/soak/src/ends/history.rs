//! What happened to one role of one principal, so that a fault can be explained.

use storage_emulator::TableRequest;
use tenant_emulator::{AcceptedWrite, WriteKind};
use time::OffsetDateTime;

use super::evidence::EndsEvidence;
use crate::record::{ENDS, INTENTS};

/// The columns of a row of ends or of an intent that explain a fault.
const COLUMNS: [&str; 12] = [
    "action",
    "requestId",
    "endDateTime",
    "newestEndDateTime",
    "subject",
    "assignmentId",
    "since",
    "until",
    "boundAt",
    "endingUntil",
    "earlierClaims",
    "except",
];

impl EndsEvidence {
    /// Every write, result and change of a row about the role of an assignment, in the order of time.
    pub(crate) fn history(&self, assignment_id: &str) -> Vec<String> {
        let Some(write) = self.writes.iter().find(|write| write.assignment_id == assignment_id)
        else {
            return Vec::new();
        };
        let same = |one: &&AcceptedWrite| {
            (&one.principal_id, &one.resource_id, &one.app_role_id)
                == (&write.principal_id, &write.resource_id, &write.app_role_id)
        };
        let mut events: Vec<_> =
            self.writes.iter().filter(same).map(|one| self.told(one)).collect();
        for one in &self.outcomes {
            if self.writes.iter().filter(same).any(|write| write.assignment_id == one.assignment_id)
            {
                let (id, end) = (&one.request_id, one.end);
                let of = &one.assignment_id;
                let text = format!("result of {id}: {} {of}, end {end:?}", one.status);
                events.push((one.finished, text));
            }
        }
        let row_key = format!("{}_{}", write.resource_id, write.app_role_id);
        for request in &self.table_requests {
            events.extend(self.row_changes(request, &write.principal_id, &row_key));
        }
        events.sort();
        events.into_iter().map(|(at, text)| format!("{:>9.3} s {text}", self.seconds(at))).collect()
    }

    fn told(&self, write: &AcceptedWrite) -> (OffsetDateTime, String) {
        let verb = match write.kind {
            WriteKind::Created => "created",
            WriteKind::Deleted => "deleted",
        };
        let by = match write.client_request_id.as_deref() {
            None => "by hand".to_owned(),
            Some(id) => {
                let request = self.record.intents.get(id).map(|intent| intent.request_id.as_str());
                format!("by the broker for {}", request.unwrap_or("an unknown intent"))
            }
        };
        (self.clock.time_of(write.at), format!("{} was {verb} {by}", write.assignment_id))
    }

    fn row_changes(
        &self,
        request: &TableRequest,
        principal: &str,
        row_key: &str,
    ) -> Vec<(OffsetDateTime, String)> {
        let status = request.answer.map(|answer| answer.status);
        let (api, role) = row_key.split_once('_').unwrap_or_default();
        let about_role = request.operations.iter().filter(|one| {
            let column = |name: &str| one.entity.get(name).and_then(|value| value.as_str());
            let is_intent = column("apiId") == Some(api) && column("appRoleId") == Some(role);
            one.partition_key == principal
                && ((one.table == ENDS && one.row_key == row_key)
                    || (one.table == INTENTS && is_intent))
        });
        about_role
            .map(|one| {
                let columns = COLUMNS
                    .into_iter()
                    .filter_map(|name| one.entity.get(name).map(|value| format!("{name} {value}")));
                let columns: Vec<_> = columns.collect();
                let text =
                    format!("{:?} in {}: {status:?} {}", one.kind, one.table, columns.join(", "));
                (self.clock.time_of(request.arrived), text)
            })
            .collect()
    }

    fn seconds(&self, at: OffsetDateTime) -> f64 {
        (at - self.clock.time).as_seconds_f64()
    }
}
