//! The steps of a grant at which handlers are killed.

use std::time::Duration;

use app_process::app::RECORD;
use storage_emulator::{
    ActiveTableRule, TableFault, TableOperationKind as Kind, TableProxy, TableRule,
};

use crate::record::{ENDS, INTENTS};

/// How long to wait until a handler reaches a step. A handler that has nothing to do is killed anyway.
const PATIENCE: Duration = Duration::from_secs(2);
/// The time from an intent to the middle of its write: half of Microsoft Graph's latency.
const UNTIL_WRITE: Duration = Duration::from_millis(10);

/// A step at which a handler is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// At any step.
    Anywhere,
    /// A change of a row was sent, and has no effect.
    Before(&'static str, Kind),
    /// A change of a row took effect, and its answer has not arrived.
    After(&'static str, Kind),
    /// An intent was stored, and its write is on its way.
    Write,
}

/// The steps of a grant without an end.
pub(crate) const STEPS: [Step; 8] = [
    Step::Before(INTENTS, Kind::Upsert),
    Step::After(INTENTS, Kind::Upsert),
    Step::Write,
    Step::Before(RECORD, Kind::Insert),
    Step::After(RECORD, Kind::Insert),
    Step::Before(INTENTS, Kind::Delete),
    Step::After(INTENTS, Kind::Delete),
    Step::Anywhere,
];

/// The further steps of a grant with an end.
pub(crate) const STEPS_WITH_END: [Step; 6] = [
    Step::Before(ENDS, Kind::Insert),
    Step::After(ENDS, Kind::Insert),
    Step::Before(ENDS, Kind::Replace),
    Step::After(ENDS, Kind::Replace),
    Step::Before(ENDS, Kind::Delete),
    Step::After(ENDS, Kind::Delete),
];

/// A handler that is held at a step. Dropping this discards what it holds.
#[derive(Debug)]
pub(crate) struct Held(Option<ActiveTableRule>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(rule) = &self.0 {
            rule.discard();
        }
    }
}

impl Step {
    fn rule(self) -> Option<TableRule> {
        let rule = |fault, table, kind| TableRule::new(fault).table(table).kind(kind).only(1);
        match self {
            Self::Anywhere => None,
            Self::Before(table, kind) => Some(rule(TableFault::Held, table, kind)),
            Self::After(table, kind) => Some(rule(TableFault::AnswerHeld, table, kind)),
            Self::Write => Some(rule(TableFault::AnswerHeld, INTENTS, Kind::Upsert)),
        }
    }

    /// Waits until the handler behind this proxy is at the step, and holds it there.
    pub(crate) async fn reach(self, proxy: &TableProxy) -> Held {
        let held = Held(self.rule().map(|rule| proxy.add(rule)));
        if let Held(Some(rule)) = &held {
            let reached = tokio::time::timeout(PATIENCE, rule.wait_for_hits(1)).await;
            if self == Self::Write && reached.is_ok() {
                rule.release();
                tokio::time::sleep(UNTIL_WRITE).await;
            }
        }
        held
    }
}
