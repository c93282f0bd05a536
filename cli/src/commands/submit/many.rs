//! Printing what came of the requests of a file.

use serde_json::{Value, json};

use super::{
    asked::{Asked, Outcome, State, exit_of},
    sending::{Ended, Sender},
    single::ADVICE,
};
use crate::{
    broker_result::{self, text},
    exit::Exit,
    failure::Failure,
    output::Screen,
    result, timestamps,
};

const HEADERS: [&str; 6] = ["PRINCIPAL", "API", "ROLE", "OUTCOME", "RULE", "MESSAGE"];

/// What to do if nothing but approvals is missing.
const AFTER_APPROVAL: &str = "the broker carries a request out as soon as it is approved; `app-role list` shows what \
                              a principal holds";

/// What came of the requests of a file.
pub(super) struct Report<'a> {
    pub(super) all: &'a [Asked],
    pub(super) sender: &'a Sender,
    pub(super) ended: Ended,
}

impl Report<'_> {
    /// What came of a request.
    pub(super) fn outcome(&self, asked: &Asked) -> Outcome {
        asked.outcome(self.sender.waits())
    }

    /// The exit status of all requests together.
    pub(super) fn exit(&self) -> Exit {
        let outcomes: Vec<_> = self.all.iter().map(|asked| self.outcome(asked)).collect();
        if self.ended == Ended::Interrupted { Exit::Interrupted } else { exit_of(&outcomes) }
    }

    /// The numbers of requests by what came of them, in words.
    pub(super) fn tally(&self) -> String {
        let mut counted: Vec<(&str, usize)> = Vec::new();
        for asked in self.all {
            let phrase = asked.phrase(self.outcome(asked));
            match counted.iter_mut().find(|(known, _)| *known == phrase) {
                Some((_, number)) => *number += 1,
                None => counted.push((phrase, 1)),
            }
        }
        let counted = counted.iter().map(|(phrase, number)| format!("{number} {phrase}"));
        let noun = if self.all.len() == 1 { "request" } else { "requests" };
        format!("{} {noun}: {}", self.all.len(), counted.collect::<Vec<_>>().join(", "))
    }

    /// The document for programs.
    pub(super) fn document(&self) -> Value {
        let requests: Vec<_> = self.all.iter().map(|asked| self.entry(asked)).collect();
        json!({ "exitStatus": self.exit() as u8, "requests": requests })
    }

    fn entry(&self, asked: &Asked) -> Value {
        let outcome = self.outcome(asked);
        let mut entry = json!({
            "request": asked.written.json(), "outcome": outcome.word(), "exitStatus": outcome.exit() as u8,
        });
        let field = match &*asked.state() {
            State::NotSent | State::Called => None,
            State::Queued(id) => Some(("messageId", json!(id))),
            State::Pending(result) | State::Answered(result) => Some(("result", result.clone())),
            State::Failed(failure) | State::Lost(failure) => {
                Some(("error", json!(failure.sentence)))
            }
        };
        if let (Some((name, value)), Value::Object(entry)) = (field, &mut entry) {
            entry.insert(name.to_owned(), value);
        }
        entry
    }

    /// Prints a table for people: one row for each role.
    pub(super) fn print(&self, screen: Screen) {
        screen.table(&HEADERS, self.all.iter().flat_map(|asked| self.rows(asked)));
        let mut effective_by = None;
        for asked in self.all {
            if let State::Pending(result) | State::Answered(result) = &*asked.state() {
                broker_result::remarks(screen, result);
                let moment = text(result, "effectiveBy").and_then(timestamps::parse);
                effective_by = effective_by.max(moment);
            }
        }
        let effective_by = effective_by.map(timestamps::to_the_second);
        result::show_effective_by(screen, effective_by.as_deref());
        screen.say(self.tally());
    }

    fn rows(&self, asked: &Asked) -> Vec<Vec<String>> {
        let [principal, api, roles] = asked.names();
        let message = match &*asked.state() {
            State::Pending(result) | State::Answered(result) => {
                let [principal, api] = [("principal", principal), ("api", api)].map(named(result));
                let rows = broker_result::roles(result).iter().map(broker_result::row);
                return rows
                    .map(|row| [vec![principal.clone(), api.clone()], row].concat())
                    .collect();
            }
            State::Failed(failure) | State::Lost(failure) => failure.sentence.clone(),
            State::Queued(id) => format!("message {id}"),
            State::NotSent | State::Called => String::new(),
        };
        let outcome = asked.phrase(self.outcome(asked)).to_owned();
        vec![vec![principal, api, roles, outcome, String::new(), message]]
    }

    /// Prints what to do about requests without an answer.
    pub(super) fn advise(&self, screen: Screen) {
        let outcomes: Vec<_> = self.all.iter().map(|asked| self.outcome(asked)).collect();
        let is_lost = outcomes.contains(&Outcome::NoAnswer);
        if is_lost || outcomes.contains(&Outcome::Pending) {
            let begin = match self.ended {
                Ended::Interrupted => "stopped waiting".to_owned(),
                Ended::TimedOut => {
                    format!("stopped waiting after {} s", self.sender.timeout().as_secs())
                }
                Ended::Complete if is_lost => "not every request has an answer".to_owned(),
                Ended::Complete => return,
            };
            screen.note(format!("{begin}; requests were sent {}", self.sender.route()));
            let advice = if is_lost { ADVICE } else { AFTER_APPROVAL };
            screen.note(format!("hint: {advice}"));
        }
    }

    /// The first hint of a request that failed.
    pub(super) fn hint(&self) -> Option<String> {
        self.all.iter().find_map(|asked| match &*asked.state() {
            State::Failed(Failure { hint, .. }) => hint.clone(),
            _ => None,
        })
    }
}

/// Returns the display name of a part of a result, or else the name in the request.
fn named(result: &Value) -> impl Fn((&str, String)) -> String {
    |(part, name)| {
        let shown = result.get(part).and_then(|part| text(part, "displayName"));
        shown.map_or(name, str::to_owned)
    }
}
