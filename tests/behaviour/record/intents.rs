//! Intents in the tables, the timer that settles them, and what must hold at the end.

use std::collections::BTreeMap;

use functions_host_emulator::{FinishedInvocation, FunctionsHost, Outcome};
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue, StorageError};
use tenant_emulator::{AcceptedWrite, WriteKind};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{TIMEOUT, World, http_client};

/// The function whose timer settles intents.
pub(crate) const SETTLE: &str = "SettleIntents";

pub(crate) const INTENTS: &str = "AppRoleIntents";
pub(crate) const AUDIT: &str = "AppRoleAudit";
pub(crate) const ENDS: &str = "AppRoleEnds";

/// Intents are due after 3 seconds, and late after 9.
const FAST: &str = "0.005";

/// Fires the timer of a function at an instance, and does not wait.
pub(crate) async fn fire_at(host: &FunctionsHost, function: &str) {
    let url = host.admin_url().join(&format!("admin/functions/{function}")).unwrap();
    let call = http_client().post(url).json(&json!({ "input": "" }));
    assert_eq!(call.send().await.unwrap().status(), StatusCode::ACCEPTED);
}

impl World {
    /// Kills the handler and the host, and starts new ones, which soon settle what was left.
    pub(crate) async fn restart_to_settle(&mut self) {
        self.restart_with_setting("PACE_FACTOR", FAST).await;
    }

    /// Fires the timer.
    pub(crate) async fn fire(&self, function: &str) {
        fire_at(&self.host, function).await;
    }

    /// Fires the timer of a function, and waits for the end of the run.
    pub(crate) async fn run_timer(&self, function: &str) -> Outcome {
        let is_run = |one: &&FinishedInvocation| one.function == function;
        let before = self.host.invocations().iter().filter(is_run).count();
        self.fire(function).await;
        let mut finished = 0;
        loop {
            let all = self.host.wait_for_invocations(finished + 1, TIMEOUT).await.unwrap();
            finished = all.len();
            if let Some(run) = all.iter().filter(is_run).nth(before) {
                return run.outcome.clone();
            }
        }
    }

    /// Settles what is due.
    pub(crate) async fn run_settling(&self) -> Outcome {
        self.run_timer(SETTLE).await
    }

    /// Fires the timer until no intent is left. On a busy machine, one run may have too little time.
    pub(crate) async fn settle_all(&self) {
        let settled = async {
            while !self.intents().await.is_empty() {
                self.run_settling().await;
            }
        };
        tokio::time::timeout(TIMEOUT, settled).await.unwrap();
    }

    /// The rows of intents.
    pub(crate) async fn intents(&self) -> Vec<Entity> {
        self.rows_of(INTENTS).await
    }

    /// The rows of a table; none if it does not exist.
    pub(crate) async fn rows_of(&self, table: &str) -> Vec<Entity> {
        match self.account.table(table).entities().await {
            Ok(rows) => rows,
            Err(StorageError::NotFound { .. }) => Vec::new(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Stores an intent of an assignment of `id-orders` that was left open a while ago.
    pub(crate) async fn leave_intent(&self, changes: &[(&str, Option<&str>)], age: Duration) {
        let at = OffsetDateTime::now_utc() - age;
        let mut properties: BTreeMap<_, _> = [
            ("action", "assign"),
            ("apiId", tenant_emulator::contoso::ORDERS_API),
            ("appRoleId", tenant_emulator::contoso::ORDERS_READ),
            ("auditRowKey", "251000000000000-c0a70500-0000-4000-8000-00000000e001-00"),
            ("invocationId", "c0a70500-0000-4000-8000-00000000e001"),
            ("requester", "queue:app-role-requests"),
            ("requestId", "INC-1"),
        ]
        .map(|(name, text)| (name.to_owned(), EntityValue::String(text.to_owned())))
        .into();
        for (name, at) in [("intendedAt", at), ("writeUntil", at + Duration::seconds(65))] {
            let text = at.format(&Rfc3339).unwrap();
            properties.insert(name.to_owned(), EntityValue::DateTime(text));
        }
        let mut intent = Entity {
            partition_key: tenant_emulator::contoso::ORDERS_IDENTITY.to_owned(),
            row_key: "c0a70500-0000-4000-8000-00000000e001-00".to_owned(),
            properties,
        };
        for (name, text) in changes {
            let text = text.map(str::to_owned);
            match (*name, text) {
                ("PartitionKey", Some(text)) => intent.partition_key = text,
                (name, Some(text)) => {
                    intent.properties.insert(name.to_owned(), EntityValue::String(text));
                }
                (name, None) => {
                    intent.properties.remove(name);
                }
            }
        }
        let table = self.account.table(INTENTS);
        table.create_if_missing().await.unwrap();
        table.insert_all(&[intent]).await.unwrap();
    }

    /// The first log line of an event. Waits for it.
    pub(crate) async fn event(&self, event: &str) -> Value {
        let line = self.log_line(&format!("\"event\":\"{event}\"")).await;
        serde_json::from_str(&line).unwrap()
    }

    /// The writes of the broker that the tenant has accepted.
    pub(crate) fn accepted(&self) -> Vec<AcceptedWrite> {
        let all = self.tenant.accepted_writes();
        all.into_iter().filter(|write| write.client_request_id.is_some()).collect()
    }

    /// Asserts that each accepted write has one row, that no row claims more, and that no intent is left.
    /// Returns the rows.
    pub(crate) async fn assert_on_record(&self) -> Vec<Entity> {
        assert_eq!(self.intents().await, []);
        let rows = self.rows_of(AUDIT).await;
        let written = self.accepted().into_iter().map(|write| {
            let status = match write.kind {
                WriteKind::Created => "assigned",
                WriteKind::Deleted => "revoked",
            };
            format!("{status} {} {}", write.principal_id, write.app_role_id)
        });
        let claims = rows.iter().map(|row| {
            let [status, role] = ["status", "appRoleId"].map(|column| text(row, column));
            format!("{status} {} {role}", row.partition_key)
        });
        let is_claim =
            |claim: &String| ["assigned ", "revoked "].iter().any(|one| claim.starts_with(one));
        let mut written: Vec<_> = written.collect();
        let mut claimed: Vec<_> = claims.filter(is_claim).collect();
        written.sort();
        claimed.sort();
        assert_eq!(claimed, written, "{rows:#?}");
        rows
    }
}

/// The text of a column; empty if there is none.
pub(crate) fn text<'a>(row: &'a Entity, column: &str) -> &'a str {
    row.properties.get(column).and_then(EntityValue::as_str).unwrap_or_default()
}

/// Whether a row was stored by settling.
pub(crate) fn is_settled_later(row: &Entity) -> bool {
    row.properties.get("settledLater") == Some(&EntityValue::Boolean(true))
}
