//! Rules that make requests to tables fail.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::watch;

use super::operation::{TableOperation, TableOperationKind};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFault {
    /// The connection is closed, and the request has no effect.
    ConnectionClosed,
    /// The answer is an error, and the request has no effect.
    Error {
        /// The status, from 400 to 599.
        status: u16,
        /// The code, such as `ServerBusy` ("Table service error codes").
        code: &'static str,
    },
    /// The request is held. It is forwarded when the rule is released.
    Held,
    /// The request takes effect, and the connection is closed instead of an answer.
    AnswerLost,
    /// The request takes effect. Its answer is held until the rule is released.
    AnswerHeld,
}

/// A rule: the requests to which it applies, and what happens to them. A new rule applies to every
/// request.
#[derive(Clone, Debug)]
pub struct TableRule {
    fault: TableFault,
    table: Option<String>,
    kind: Option<TableOperationKind>,
    occurrence: Occurrence,
}

/// Which of the requests that a rule matches fail.
#[derive(Clone, Copy, Debug)]
enum Occurrence {
    Every,
    /// Counted from 1.
    Only(usize),
    /// Counted from 1.
    From(usize),
    Share {
        seed: u64,
        share: f64,
    },
}

impl TableRule {
    /// A rule for every request.
    #[must_use]
    pub fn new(fault: TableFault) -> Self {
        Self { fault, table: None, kind: None, occurrence: Occurrence::Every }
    }

    /// Only requests with an operation on this table.
    #[must_use]
    pub fn table(self, name: &str) -> Self {
        Self { table: Some(name.to_owned()), ..self }
    }

    /// Only requests with an operation of this kind, on the rule's table if it has one. The operations
    /// of a transaction count.
    #[must_use]
    pub fn kind(self, kind: TableOperationKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// Only the request with this number, counted from 1, of those that match.
    #[must_use]
    pub fn only(self, number: usize) -> Self {
        Self { occurrence: Occurrence::Only(number), ..self }
    }

    /// Only the request with this number, counted from 1, of those that match, and all after it.
    #[must_use]
    pub fn from(self, number: usize) -> Self {
        Self { occurrence: Occurrence::From(number), ..self }
    }

    /// Only a share of the requests that match, from 0 to 1. Equal seeds select requests of equal
    /// numbers.
    #[must_use]
    pub fn share(self, share: f64, seed: u64) -> Self {
        Self { occurrence: Occurrence::Share { seed, share }, ..self }
    }

    fn matches(&self, operations: &[TableOperation]) -> bool {
        operations.iter().any(|operation| {
            self.table.as_ref().is_none_or(|table| *table == operation.table)
                && self.kind.is_none_or(|kind| kind == operation.kind)
        })
    }

    /// Whether the matching request with this number, counted from 1, fails.
    fn hits(&self, number: usize) -> bool {
        match self.occurrence {
            Occurrence::Every => true,
            Occurrence::Only(only) => number == only,
            Occurrence::From(first) => number >= first,
            Occurrence::Share { seed, share } => {
                let mut random = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
                random.random::<f64>() < share
            }
        }
    }
}

/// A rule that a proxy applies until it is released or discarded. Dropping this value changes nothing.
#[derive(Clone, Debug)]
pub struct ActiveTableRule {
    rule: Arc<TableRule>,
    matched: Arc<AtomicUsize>,
    hits: watch::Sender<usize>,
    state: watch::Sender<State>,
}

/// The state of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Released,
    Discarded,
}

impl ActiveTableRule {
    pub(super) fn new(rule: TableRule) -> Self {
        Self {
            rule: Arc::new(rule),
            matched: Arc::default(),
            hits: watch::Sender::new(0),
            state: watch::Sender::new(State::Active),
        }
    }

    /// The number of requests that have failed or are held by this rule.
    #[must_use]
    pub fn hits(&self) -> usize {
        *self.hits.borrow()
    }

    /// Waits until this many requests have failed or are held by this rule. A request whose answer is
    /// held has taken effect then.
    pub async fn wait_for_hits(&self, count: usize) {
        // The wait cannot fail, because this value has the sender.
        drop(self.hits.subscribe().wait_for(|hits| *hits >= count).await);
    }

    /// Ends the rule. Requests that it holds are forwarded, and answers that it holds are sent.
    pub fn release(&self) {
        self.state.send_replace(State::Released);
    }

    /// Ends the rule. The connections of requests and answers that it holds are closed, and such
    /// requests have no effect.
    pub fn discard(&self) {
        self.state.send_replace(State::Discarded);
    }

    pub(super) fn is_active(&self) -> bool {
        *self.state.borrow() == State::Active
    }

    /// The fault of a request, if this rule applies to it.
    pub(super) fn fault_of(&self, operations: &[TableOperation]) -> Option<TableFault> {
        if !self.is_active() || !self.rule.matches(operations) {
            return None;
        }
        let number = 1 + self.matched.fetch_add(1, Ordering::Relaxed);
        self.rule.hits(number).then_some(self.rule.fault)
    }

    pub(super) fn count_hit(&self) {
        self.hits.send_modify(|hits| *hits += 1);
    }

    /// Waits for the end of the rule. Returns whether it was released.
    pub(super) async fn is_released(&self) -> bool {
        let mut state = self.state.subscribe();
        // The wait cannot fail, because this value has the sender.
        let ended = state.wait_for(|state| *state != State::Active).await;
        ended.is_ok_and(|state| *state == State::Released)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn operation(kind: TableOperationKind, table: &str) -> TableOperation {
        let (table, partition_key, row_key) = (table.to_owned(), String::new(), String::new());
        TableOperation { kind, table, partition_key, row_key, etag: None, entity: Value::Null }
    }

    /// The numbers of the requests, of 8 equal ones, that fail.
    fn hits(rule: TableRule) -> Vec<usize> {
        let rule = ActiveTableRule::new(rule);
        let request = [operation(TableOperationKind::Insert, "Rows")];
        (1..=8).filter(|_| rule.fault_of(&request).is_some()).collect()
    }

    #[test]
    fn a_rule_applies_to_every_request_or_to_those_it_names() {
        let rule = || TableRule::new(TableFault::AnswerLost);
        assert_eq!(hits(rule()), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(hits(rule().only(3)), [3]);
        assert_eq!(hits(rule().from(6)), [6, 7, 8]);
        assert_eq!(hits(rule().table("Rows").kind(TableOperationKind::Insert).only(1)), [1]);
        assert_eq!(hits(rule().table("Other")), [0; 0]);
        assert_eq!(hits(rule().kind(TableOperationKind::Delete)), [0; 0]);
        assert_eq!(hits(rule().share(0.5, 7)), hits(rule().share(0.5, 7)));
    }

    #[test]
    fn the_kind_and_the_table_are_those_of_one_operation() {
        let rule = TableRule::new(TableFault::Held).table("Rows").kind(TableOperationKind::Delete);
        let of_another = operation(TableOperationKind::Delete, "Other");
        let insertion = operation(TableOperationKind::Insert, "Rows");
        let deletion = operation(TableOperationKind::Delete, "Rows");
        assert!(!rule.matches(&[of_another, insertion.clone()]));
        assert!(rule.matches(&[insertion, deletion]));
    }

    #[test]
    fn shares_are_about_as_large_as_they_say() {
        let rule = TableRule::new(TableFault::Held).share(0.2, 7);
        let count = (1..=1_000).filter(|number| rule.hits(*number)).count();
        assert!((150..250).contains(&count), "{count}");
    }

    #[test]
    fn a_rule_that_has_ended_applies_to_nothing() {
        let request = [operation(TableOperationKind::Insert, "Rows")];
        for end in [ActiveTableRule::release, ActiveTableRule::discard] {
            let rule = ActiveTableRule::new(TableRule::new(TableFault::Held));
            assert!(rule.fault_of(&request).is_some());
            end(&rule);
            assert!(rule.fault_of(&request).is_none());
        }
    }
}
