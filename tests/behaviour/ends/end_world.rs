//! Requests with an end, the table of ends, and the timer.

use functions_host_emulator::{FunctionsHost, Outcome};
use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue};
use tenant_emulator::{
    AppRoleAssignment,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    record::intents::ENDS,
    world::{Setup, TIMEOUT, World},
};

/// The function whose timer ends assignments.
pub(crate) const END: &str = "EndAssignments";

/// A time longer than until any end of these tests.
const LONG: Duration = Duration::days(400);

/// A world whose policy allows everything that these tests ask for.
pub(crate) async fn world() -> World {
    Setup::new().await.with_wide_policy().start().await
}

/// A request of the broker's own form, for the Orders API and `id-orders`, with more members.
pub(crate) fn request(action: &str, roles: &[&str], more: &Value) -> String {
    let mut request = json!({
        "requestId": "INC-1", "action": action, "principal": ORDERS_IDENTITY,
        "api": "api://orders", "roles": roles,
    });
    let members = request.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    request.to_string()
}

/// A request for `Orders.Read` with an end in this many hours, or without one.
pub(crate) fn read_for(hours: Option<i64>) -> String {
    let more =
        hours.map_or_else(|| json!({}), |hours| json!({ "duration": format!("PT{hours}H") }));
    request("assign", &["Orders.Read"], &more)
}

pub(crate) fn revoke() -> String {
    request("revoke", &["Orders.Read"], &json!({}))
}

/// The hours from the beginning of an invocation to the end that its only role has.
pub(crate) fn hours(result: &Value) -> Option<i64> {
    let [role] = result["roles"].as_array().unwrap().as_slice() else { panic!("{result}") };
    let end = moment(role["endDateTime"].as_str()?);
    let started = moment(result["startedAt"].as_str().unwrap());
    // A later request may have been answered with the end of an earlier one.
    Some(((end - started).as_seconds_f64() / 3600.0).round() as i64)
}

pub(crate) fn moment(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn long_ago(text: &str) -> String {
    (moment(text) - LONG).format(&Rfc3339).unwrap()
}

fn claims_long_ago(text: &str) -> String {
    let mut claims: Vec<serde_json::Map<String, Value>> = serde_json::from_str(text).unwrap();
    for (name, value) in claims.iter_mut().flatten() {
        if ["endDateTime", "boundAt", "since", "until"].contains(&name.as_str()) {
            *value = long_ago(value.as_str().unwrap()).into();
        }
    }
    json!(claims).to_string()
}

impl World {
    /// What `id-orders` holds of the role `Orders.Read`.
    pub(crate) fn held(&self) -> Option<AppRoleAssignment> {
        self.held_by(ORDERS_IDENTITY)
    }

    pub(crate) fn held_by(&self, principal: &str) -> Option<AppRoleAssignment> {
        let all = self.tenant.assignments_of(principal).into_iter();
        all.into_iter().find(|one| one.resource_id == ORDERS_API && one.app_role_id == ORDERS_READ)
    }

    /// Creates the assignment of `Orders.Read` to `id-orders` by hand. Returns its id.
    pub(crate) fn create_by_hand(&self) -> String {
        self.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap()
    }

    pub(crate) fn remove_by_hand(&self) {
        assert!(self.tenant.revoke(&self.held().unwrap().id));
    }

    pub(crate) async fn end_rows(&self) -> Vec<Entity> {
        self.rows_of(ENDS).await
    }

    /// Lets all ends pass: all times in rows move into the past, and the assignments become as much older.
    pub(crate) async fn let_ends_pass(&self) {
        let table = self.account.table(ENDS);
        for mut row in self.end_rows().await {
            for (name, value) in &mut row.properties {
                match value {
                    EntityValue::DateTime(text) => *text = long_ago(text),
                    EntityValue::String(text) if name == "earlierClaims" => {
                        *text = claims_long_ago(text);
                    }
                    _ => {}
                }
            }
            table.put(&row).await.unwrap();
        }
        for held in self.tenant.assignments() {
            let age = OffsetDateTime::now_utc() - moment(&held.created_date_time) + LONG;
            assert!(self.tenant.backdate(&held.id, age.unsigned_abs()));
        }
    }

    /// Ends what is due.
    pub(crate) async fn run_ends(&self) -> Outcome {
        self.run_timer(END).await
    }

    /// All ends pass, and the timer fires.
    pub(crate) async fn end_all(&self) {
        self.let_ends_pass().await;
        assert!(matches!(self.run_ends().await, Outcome::Succeeded));
    }

    /// Fires the timer until no row is left.
    pub(crate) async fn run_ends_until_done(&self) {
        let done = async {
            while !self.end_rows().await.is_empty() {
                self.run_ends().await;
            }
        };
        let done = tokio::time::timeout(TIMEOUT, done).await;
        assert!(done.is_ok(), "{:#?}", self.end_rows().await);
    }

    /// Another instance of the app.
    pub(crate) async fn another_host(&self) -> FunctionsHost {
        let host = FunctionsHost::start(self.options().clone()).await.unwrap();
        host.ready().await.unwrap();
        host
    }
}
