//! Lets an hour pass, and checks that waiting requests are brought to their end once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue};
use tenant_emulator::{WriteKind, contoso::ORDERS_IDENTITY};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    approvals::approval_world::APPROVALS,
    record::intents::{AUDIT, ENDS, INTENTS, text},
    world::{TIMEOUT, World},
};

/// The times in rows that become an hour older. The expiry of a request and the end of an assignment stay.
const PAST: [&str; 8] = [
    "carryOutUntil",
    "approvedAt",
    "startedAt",
    "intendedAt",
    "writeUntil",
    "since",
    "until",
    "boundAt",
];

fn earlier(text: &str, by: Duration) -> String {
    (OffsetDateTime::parse(text, &Rfc3339).unwrap() - by).format(&Rfc3339).unwrap()
}

impl World {
    /// Lets an hour pass: longer than any time limit of an invocation, and longer than lists lag.
    pub(crate) async fn an_hour_passes(&self) {
        self.time_passes(Duration::HOUR).await;
    }

    /// Lets time pass: past times in rows, and assignments, become older by this much.
    pub(crate) async fn time_passes(&self, by: Duration) {
        for table in [APPROVALS, AUDIT, INTENTS, ENDS] {
            for mut row in self.rows_of(table).await {
                for name in PAST {
                    if let Some(EntityValue::DateTime(text) | EntityValue::String(text)) =
                        row.properties.get_mut(name)
                    {
                        *text = earlier(text, by);
                    }
                }
                self.account.table(table).put(&row).await.unwrap();
            }
        }
        for held in self.tenant.assignments_of(ORDERS_IDENTITY) {
            let created = OffsetDateTime::parse(&held.created_date_time, &Rfc3339).unwrap();
            let age = OffsetDateTime::now_utc() - created + by;
            assert!(self.tenant.backdate(&held.id, age.unsigned_abs()));
        }
    }

    /// Lets what waits for approval expire.
    pub(crate) async fn approvals_expire(&self) {
        for mut row in self.rows_of(APPROVALS).await {
            let past = (OffsetDateTime::now_utc() - Duration::MINUTE).format(&Rfc3339).unwrap();
            row.properties.insert("expiresAt".to_owned(), EntityValue::DateTime(past));
            self.account.table(APPROVALS).put(&row).await.unwrap();
        }
    }

    /// The only row of the table of approvals.
    pub(crate) async fn approval_row(&self) -> Entity {
        let [row] = self.rows_of(APPROVALS).await.try_into().unwrap();
        row
    }

    /// Lets time pass and the timers run, until nothing is left to do. Returns the row.
    pub(crate) async fn finished_later(&self) -> Entity {
        let finished = async {
            loop {
                let row = self.approval_row().await;
                let is_open = row.properties["isOpen"] != EntityValue::Boolean(false);
                if !is_open && self.intents().await.is_empty() {
                    return row;
                }
                self.an_hour_passes().await;
                self.run_settling().await;
                self.finish_approvals().await;
            }
        };
        match tokio::time::timeout(TIMEOUT, finished).await {
            Ok(row) => row,
            Err(_) => panic!("{:#?} {:#?}", self.rows_of(APPROVALS).await, self.host.log()),
        }
    }

    /// The results of these messages that are final, and the number of the others.
    async fn final_results(&self) -> (Vec<Value>, usize) {
        let all = self.messages(&self.results).await;
        let count = all.len();
        let is_final = |result: &Value| result["roles"][0]["status"] != "pendingApproval";
        let results: Vec<_> = all.into_iter().filter(is_final).collect();
        let others = count - results.len();
        (results, others)
    }

    /// The events by their ids, without their times, which these tests change. Asserts that events with the
    /// same id are equal.
    pub(crate) async fn events_by_id(&self) -> BTreeMap<String, Value> {
        let queue = self.account.queue("app-role-events").unwrap();
        let mut events = BTreeMap::new();
        for mut event in self.messages(&queue).await {
            event.as_object_mut().unwrap().remove("time");
            let id = event["id"].as_str().unwrap().to_owned();
            let known = events.entry(id).or_insert_with(|| event.clone());
            assert_eq!(*known, event);
        }
        events
    }

    /// Asserts that the only request is finished in this state, and that its final result was sent to its
    /// queue, if it came from one. Returns the result.
    pub(crate) async fn assert_ended(&self, (state, requester): (&str, &str), case: &str) -> Value {
        let row = self.approval_row().await;
        assert_eq!(text(&row, "state"), state, "{case}: {row:#?}");
        assert_eq!(text(&row, "requester"), requester, "{case}");
        assert!(row.properties.contains_key("finishedAt"), "{case}");
        let result: Value = serde_json::from_str(text(&row, "result")).unwrap();
        assert_eq!(result["requester"], requester, "{case}: {result}");
        assert_eq!(result["approvalId"], json!(row.partition_key), "{case}: {result}");
        let (sent, others) = self.final_results().await;
        let is_queue = requester.starts_with("queue:");
        assert_eq!(is_queue, !sent.is_empty(), "{case}: {sent:?}");
        assert_eq!(is_queue, others > 0, "{case}");
        assert!(sent.iter().all(|one| *one == result), "{case}: {sent:?} {result}");
        self.assert_events((&row.partition_key, state), case).await;
        self.assert_rows(requester, case).await;
        result
    }

    /// Asserts that there is an event for each step of the approval, which says how it ended, and one for
    /// each write.
    async fn assert_events(&self, (id, state): (&str, &str), case: &str) {
        let events = self.events_by_id().await;
        let of_type = |kind: &str| {
            let kind = format!("AppRoleBroker.{kind}");
            events.values().filter(|event| event["type"] == kind.as_str()).count()
        };
        assert_eq!(of_type("ApprovalRequested"), 1, "{case}: {events:#?}");
        assert_eq!(of_type("ApprovalDecided"), 1, "{case}: {events:#?}");
        assert_eq!(of_type("AssignmentCreated"), self.accepted().len(), "{case}: {events:#?}");
        let decision = if state == "done" { "approved" } else { state };
        let is_end = |(key, event): (&String, &Value)| {
            key.starts_with(&format!("{id}-{decision}-")) && event["data"]["decision"] == decision
        };
        assert!(events.iter().any(is_end), "{case}: {events:#?}");
    }

    /// Asserts that each row of the record names the requester, or the approver whose decision it is.
    async fn assert_rows(&self, requester: &str, case: &str) {
        for row in self.assert_on_record().await {
            let is_vote = text(&row, "requestedBy") == requester;
            let by = text(&row, "requester");
            assert!(is_vote && by.starts_with("http:") || by == requester, "{case}: {row:#?}");
            assert!(!text(&row, "approvalId").is_empty(), "{case}: {row:#?}");
        }
    }

    /// Asserts that the only request was carried out once, by these approvers, and that another run of the
    /// timer changes nothing.
    pub(crate) async fn assert_carried_out(
        &self,
        (requester, approvers): (&str, &[&str]),
        case: &str,
    ) {
        let result = self.assert_ended(("done", requester), case).await;
        let role = &result["roles"][0];
        let is_there = ["assigned", "alreadyAssigned"].map(|status| role["status"] == status);
        assert!(is_there.contains(&true), "{case}: {result}");
        let named: BTreeSet<_> = role["approvedBy"].as_str().unwrap().split(", ").collect();
        let expected: Vec<_> = approvers.iter().map(|one| format!("http:{one}")).collect();
        assert_eq!(named, expected.iter().map(String::as_str).collect(), "{case}");
        let rows = self.rows_of(AUDIT).await;
        let of_status = |status: &str| -> Vec<&Entity> {
            rows.iter().filter(|row| text(row, "status") == status).collect()
        };
        let [assigned] = of_status("assigned").try_into().unwrap();
        assert_eq!(text(assigned, "approvedBy"), role["approvedBy"], "{case}");
        let given: BTreeSet<_> =
            of_status("approvalGiven").into_iter().map(|row| text(row, "requester")).collect();
        assert_eq!(given, named, "{case}");
        self.an_hour_passes().await;
        self.finish_approvals().await;
        let created = self.accepted().into_iter().filter(|one| one.kind == WriteKind::Created);
        assert_eq!(created.count(), 1, "{case}");
        assert_eq!(self.tenant.assignments_of(ORDERS_IDENTITY).len(), 1, "{case}");
        assert_eq!(self.rows_of(AUDIT).await.len(), rows.len(), "{case}");
    }
}
