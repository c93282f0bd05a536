//! Requests that wait for one approval or two, from a queue or over HTTP, and moments at which the handler
//! is killed.

use std::time::Duration;

use futures_util::future::join_all;
use loopback::until;
use reqwest::Method;
use serde_json::{Value, json};
use storage_emulator::{ActiveTableRule, TableFault, TableOperationKind as Kind, TableRule};
use tenant_emulator::Route;

use crate::{
    approvals::approval_world::{ANNA, APPROVALS, BEN, setup, sync_request, write_request},
    http::caller::{TEAM, TEAM_KEY},
    record::intents::{AUDIT, ENDS, INTENTS},
    world::{TIMEOUT, World},
};

/// A request, and how it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// One approval, from the queue.
    One,
    /// Two approvals, from the queue.
    Two,
    /// One approval, over HTTP.
    Http,
}

pub(crate) const CASES: [Case; 3] = [Case::One, Case::Two, Case::Http];

impl Case {
    fn request(self) -> Value {
        if self == Self::Two { write_request() } else { sync_request() }
    }

    /// The approvers who are needed.
    pub(crate) fn approvers(self) -> &'static [&'static str] {
        if self == Self::Two { &[ANNA, BEN] } else { &[ANNA] }
    }

    pub(crate) fn requester(self) -> String {
        match self {
            Self::Http => format!("key:{TEAM}"),
            _ => "queue:app-role-requests".to_owned(),
        }
    }

    /// Sends the request without waiting for an answer.
    pub(crate) async fn send(self, world: &World) {
        if self == Self::Http {
            let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
            tokio::spawn(call.json(&self.request()).send());
        } else {
            world.requests.send(&self.request().to_string()).await.unwrap();
        }
    }

    /// The id under which the request waits, after [`Case::send`]: from its result, or from the answer to a
    /// repeated call.
    pub(crate) async fn id(self, world: &World) -> String {
        let result = if self == Self::Http {
            world.post(&self.request()).await.success(202)
        } else {
            world.wait_for_messages(&world.results).await.remove(0)
        };
        result["approvalId"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned()
    }

    /// Sends the request, and returns the approval that waits because of it.
    pub(crate) async fn waiting(self, world: &World) -> Value {
        if self != Self::Http {
            self.send(world).await;
        }
        world.shown_to(ANNA, &self.id(world).await).await.success(200)
    }

    /// All approvers but the last one approve.
    pub(crate) async fn approve_but_for_the_last(self, world: &World, shown: &Value) {
        for person in &self.approvers()[1..] {
            world.decide(person, shown, "approve").await.success(200);
        }
    }

    /// All approvers approve, Anna last. Returns the answer to her.
    pub(crate) async fn approve(self, world: &World, shown: &Value) -> Value {
        self.approve_but_for_the_last(world, shown).await;
        world.decide(ANNA, shown, "approve").await.success(200)
    }

    /// Brings the request to its end, and asserts that it was carried out once.
    pub(crate) async fn assert_carried_out(self, world: &World, case: &str) {
        world.finished_later().await;
        world.assert_carried_out((&self.requester(), self.approvers()), case).await;
        if self == Self::Http {
            let row = world.approval_row().await;
            let query = format!("approval={}", row.partition_key);
            let call = world.call(Method::GET, &query).header("x-functions-key", TEAM_KEY);
            let told = crate::http::caller::send(call).await.success(200);
            assert_eq!(told["roles"][0]["approvedBy"], format!("http:{ANNA}"), "{case}: {told}");
        }
    }
}

/// A moment at which the handler is killed: before a request to a table takes effect, or after it and
/// before its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    is_before: bool,
    table: &'static str,
    kind: Kind,
    number: usize,
}

pub(crate) const fn before(table: &'static str, kind: Kind, number: usize) -> Moment {
    Moment { is_before: true, table, kind, number }
}

pub(crate) const fn after(table: &'static str, kind: Kind, number: usize) -> Moment {
    Moment { is_before: false, table, kind, number }
}

impl Moment {
    /// Holds the handler at this moment.
    pub(crate) fn hold(self, world: &World) -> ActiveTableRule {
        let fault = if self.is_before { TableFault::Held } else { TableFault::AnswerHeld };
        world.tables.add(TableRule::new(fault).table(self.table).kind(self.kind).only(self.number))
    }
}

/// A world with all tables, in which a message comes back seconds after its handler was killed.
pub(crate) async fn world() -> World {
    let mut setup = setup().await;
    setup.message_lease = Some(Duration::from_secs(3));
    let world = setup.start().await;
    for table in [APPROVALS, AUDIT, INTENTS, ENDS] {
        world.account.table(table).create_if_missing().await.unwrap();
    }
    world
}

impl World {
    /// Kills the handler once it is held by a rule, and starts a new one.
    pub(crate) async fn kill_at(&mut self, rule: ActiveTableRule) {
        rule.wait_for_hits(1).await;
        self.host.stop_and_keep_log().await;
        rule.discard();
        self.restart_host().await;
    }

    /// Lets Anna approve, and waits until the write has reached the tenant, which holds it.
    pub(crate) async fn approve_up_to_the_held_write(&self, shown: &Value) {
        self.tenant.hold_writes(true);
        self.begin_to_decide(ANNA, shown, "approve");
        let arrived = async || self.tenant.count(Route::CreateAssignment) > 0;
        until(TIMEOUT, arrived).await.unwrap();
    }

    /// Decides as a person, without waiting for an answer.
    pub(crate) fn begin_to_decide(&self, person: &str, shown: &Value, decision: &str) {
        let id = shown["approvalId"].as_str().unwrap();
        let body = json!({ "decision": decision, "digest": shown["digest"] });
        tokio::spawn(self.approvals_call(Method::POST, id, person).json(&body).send());
    }
}

/// How many worlds run at the same time.
const AT_ONCE: usize = 4;

/// Runs a test for each moment, some of them side by side.
pub(crate) async fn in_each_moment(moments: &[Moment], test: impl AsyncFn(Moment)) {
    for some in moments.chunks(AT_ONCE) {
        join_all(some.iter().map(|moment| test(*moment))).await;
    }
}
