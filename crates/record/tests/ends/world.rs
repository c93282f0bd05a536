//! The world: a row with a version, what Graph holds, and the invocations.

use std::collections::HashMap;

use app_roles::{
    directory::Assignment,
    ids::{AppRoleId, ObjectId},
};
use proptest::{prelude::TestCaseError, prop_assert};
use record::ends::{
    EndKey, EndRow,
    rules::{BeingEnded, Next, Now, RowChange, Step, next},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    action::Action,
    announced::tell,
    invocation::{Fact, Invocation, Phase, TIME_LIMIT, Work},
};

/// How far a list may lag, in seconds.
const MOST_LAG: i64 = 120;

/// What is true of an assignment, whatever the table says.
#[derive(Debug, Clone, Default)]
struct Truth {
    created: i64,
    is_by_hand: bool,
    has_end: bool,
    /// The latest end that an answer has promised.
    promised: Option<OffsetDateTime>,
    /// Whether a request without an end has checked whether a row covers it.
    may_be_permanent: bool,
    /// When the last such request that was answered made its check.
    permanent_at: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    seconds: i64,
    row: Option<(EndRow, u64)>,
    etags: u64,
    held: Option<Assignment>,
    /// What was held from a second on. A list may show any of the last minutes.
    history: Vec<(i64, Option<Assignment>)>,
    truths: HashMap<String, Truth>,
    invocations: Vec<Invocation>,
}

pub(crate) fn key() -> EndKey {
    let id = "c0a70500-0000-4000-8000-0000000000b0";
    EndKey {
        principal: ObjectId::parse(id).unwrap(),
        api: ObjectId::parse(id).unwrap(),
        role: AppRoleId::parse(id).unwrap(),
    }
}

fn moment(at: OffsetDateTime) -> Now {
    Now { at, list_lag: Duration::minutes(5) }
}

impl World {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(self.seconds)
    }

    pub(crate) fn act(&mut self, action: Action) -> Result<(), TestCaseError> {
        // Clocks tell before from after.
        self.seconds += 1;
        match action {
            Action::Start(work) => self.invocations.push(Invocation::new(work, self.now(), true)),
            Action::Continue { which, luck } => self.go_on(which, luck)?,
            Action::Kill(which) => {
                if let Some(index) = self.running(which) {
                    self.invocations[index].phase = Phase::Cut;
                }
            }
            Action::Redeliver(which) => {
                let grants = self.invocations.iter().filter(|one| {
                    one.is_over() && matches!(one.work, Work::Grant { message: 1.., .. })
                });
                if let Some(one) = grants.cycle().nth(which).cloned() {
                    self.invocations.push(Invocation::new(one.work, self.now(), false));
                }
            }
            Action::Advance(seconds) => self.seconds += seconds,
            Action::CreateByHand if self.held.is_none() => {
                self.create(&Truth { is_by_hand: true, ..Truth::default() });
            }
            Action::RemoveByHand => self.set_held(None),
            Action::Announce => tell(&mut self.row, &mut self.etags, self.seconds)?,
            Action::CreateByHand => {}
        }
        Ok(())
    }

    /// All deliveries come to their end, and then all ends pass.
    pub(crate) fn come_to_rest(&mut self, comes_again: bool) -> Result<(), TestCaseError> {
        let cut = self.invocations.iter_mut().filter_map(|one| {
            let was_done = matches!(one.phase, Phase::Done);
            if !was_done {
                one.phase = Phase::Cut;
            }
            let has_message = matches!(one.work, Work::Grant { message: 1.., .. });
            (!was_done && has_message && comes_again).then(|| one.work.clone())
        });
        let cut: Vec<_> = cut.collect();
        for work in cut {
            self.seconds += TIME_LIMIT + 1;
            self.run(work)?;
        }
        for _ in 0..4 {
            self.seconds += 6_000;
            self.run(Work::EndAssignments)?;
        }
        prop_assert!(self.row.is_none(), "a row is left: {:?}", self.row);
        if let Some(held) = &self.held {
            let truth = &self.truths[&held.id];
            let may_stand = truth.is_by_hand || !truth.has_end || truth.may_be_permanent;
            prop_assert!(may_stand, "an end was forgotten: {truth:?}");
        }
        Ok(())
    }

    /// Runs work without interruption, with lists that do not lag.
    fn run(&mut self, work: Work) -> Result<(), TestCaseError> {
        let index = self.invocations.len();
        self.invocations.push(Invocation::new(work, self.now(), false));
        for _ in 0..40 {
            self.continue_one(index, 0)?;
        }
        prop_assert!(self.invocations[index].is_over(), "{:?}", self.invocations[index]);
        Ok(())
    }

    fn running(&self, which: usize) -> Option<usize> {
        let running = self.invocations.iter().enumerate().filter(|(_, one)| !one.is_over());
        let running: Vec<_> = running.map(|(index, _)| index).collect();
        (!running.is_empty()).then(|| running[which % running.len()])
    }

    fn go_on(&mut self, which: usize, luck: u8) -> Result<(), TestCaseError> {
        match self.running(which) {
            Some(index) => self.continue_one(index, luck),
            None => Ok(()),
        }
    }

    fn continue_one(&mut self, index: usize, luck: u8) -> Result<(), TestCaseError> {
        let mut one = self.invocations[index].clone();
        let is_late = self.now() > one.started + Duration::seconds(TIME_LIMIT);
        one.phase = match one.phase.clone() {
            over @ (Phase::Done | Phase::Cut) => over,
            _ if is_late => Phase::Cut,
            Phase::Look => self.look(&one, luck),
            Phase::Change { fact, then } => self.read_row(&mut one, fact, then),
            Phase::Store { fact, then, etag, next } => {
                self.store_row(&mut one, (fact, then), etag, next)
            }
            Phase::Post => self.post(&one, luck),
            Phase::Delete(id) => self.delete(&one, id, luck)?,
            Phase::Answer { about, end } => {
                self.answer(&one, about, end);
                Phase::Done
            }
        };
        self.invocations[index] = one;
        Ok(())
    }

    fn list(&self, luck: u8) -> Option<Assignment> {
        let lag = i64::from(luck % 4) * MOST_LAG / 3;
        let seen_at = self.seconds - lag;
        let before = self.history.iter().rev().find(|(since, _)| *since <= seen_at);
        if lag == 0 { self.held.clone() } else { before.and_then(|(_, held)| held.clone()) }
    }

    fn look(&mut self, one: &Invocation, luck: u8) -> Phase {
        match one.work {
            Work::Grant { .. } => {
                // The first delivery may write without a look.
                let is_blind = one.is_first_delivery && luck >= 128;
                let found = if is_blind { None } else { self.list(luck) };
                match (found, &one.new_end) {
                    (Some(held), _) => {
                        let then = answer(Some(held.id.clone()));
                        Phase::Change { fact: Fact::Found(held), then }
                    }
                    (None, Some(_)) => {
                        Phase::Change { fact: Fact::Announced, then: Box::new(Phase::Post) }
                    }
                    (None, None) => Phase::Post,
                }
            }
            Work::Revoke => match self.list(luck) {
                Some(held) => Phase::Delete(held.id),
                None => Phase::Done,
            },
            Work::EndAssignments => self.look_for_ends(luck),
        }
    }

    fn look_for_ends(&mut self, luck: u8) -> Phase {
        let now = self.now();
        let Some((row, etag)) = self.row.clone() else { return Phase::Done };
        if row.due_at().is_none_or(|due| due > now) {
            return Phase::Done;
        }
        let listed = row.has_writes().then(|| self.list(luck));
        let named = row.due_assignments(now).next().map(str::to_owned);
        let by_list = listed.clone().flatten().filter(|held| row.is_due(held, now));
        match (named.or(by_list.map(|held| held.id)), listed) {
            (Some(due), _) => {
                let until = now + Duration::seconds(TIME_LIMIT);
                let begun = next(key(), Some(&row), &Step::EndBegins(until), moment(now));
                if self.store(Some(etag), begun.row) { Phase::Delete(due) } else { Phase::Cut }
            }
            (None, Some(held)) => {
                let then = Box::new(Phase::Done);
                Phase::Change { fact: Fact::Listed(held, now), then }
            }
            (None, None) => Phase::Done,
        }
    }

    fn read_row(&mut self, one: &mut Invocation, fact: Fact, then: Box<Phase>) -> Phase {
        if let Work::Grant { end: None, .. } = one.work {
            one.looked_at = Some(self.seconds);
            // The list that it has read may lag. The role is permanent, whichever assignment it is.
            let about = match &fact {
                Fact::Found(held) | Fact::Created(held) | Fact::Existed(Some(held)) => Some(held),
                _ => None,
            };
            for assignment in about.into_iter().chain(&self.held) {
                let truth = self.truths.get_mut(&assignment.id);
                truth.expect("each assignment is known").may_be_permanent = true;
            }
        }
        let row = self.row.as_ref();
        let next = next(key(), row.map(|(row, _)| row), &one.step(&fact), moment(self.now()));
        Phase::Store { fact, then, etag: row.map(|(_, etag)| *etag), next }
    }

    fn store_row(
        &mut self,
        one: &mut Invocation,
        (fact, then): (Fact, Box<Phase>),
        etag: Option<u64>,
        next: Next,
    ) -> Phase {
        if !self.store(etag, next.row) {
            return Phase::Change { fact, then };
        }
        match &fact {
            Fact::Announced => one.open_since = Some(self.seconds),
            Fact::Created(_) | Fact::Existed(_) | Fact::NotWritten => one.open_since = None,
            _ => {}
        }
        match *then {
            Phase::Answer { about, .. } => match next.end {
                Ok(end) => Phase::Answer { about, end },
                Err(BeingEnded) => Phase::Cut,
            },
            other => other,
        }
    }

    /// Stores a change if the row is still this version.
    fn store(&mut self, etag: Option<u64>, change: RowChange) -> bool {
        let is_same = self.row.as_ref().map(|(_, etag)| *etag) == etag;
        self.etags += 1;
        match change {
            RowChange::Keep => return true,
            _ if !is_same => return false,
            RowChange::Put(row) => {
                assert!(!row.claims.is_empty(), "a row without a claim says nothing");
                let stored = EndRow::of_entity(&row.to_entity());
                assert_eq!(stored.as_ref(), Ok(&*row), "a row is read as it was stored");
                self.row = Some((*row, self.etags));
            }
            RowChange::Remove => self.row = None,
        }
        true
    }

    fn post(&mut self, one: &Invocation, luck: u8) -> Phase {
        let Work::Grant { end, .. } = one.work else { return Phase::Cut };
        if let Some(held) = self.held.clone() {
            return match (luck % 8, end) {
                // The list lags.
                (7, Some(_)) => {
                    Phase::Change { fact: Fact::NotWritten, then: Box::new(Phase::Cut) }
                }
                (7, None) => Phase::Cut,
                // The row of the list cannot be read.
                (6, end) => {
                    // Without an end, nothing can be said about a write that is under way.
                    let about = end.is_some().then_some(held.id);
                    Phase::Change { fact: Fact::Existed(None), then: answer(about) }
                }
                _ => {
                    let then = answer(Some(held.id.clone()));
                    Phase::Change { fact: Fact::Existed(Some(held)), then }
                }
            };
        }
        if luck % 8 == 7 {
            return Phase::Change { fact: Fact::NotWritten, then: Box::new(Phase::Done) };
        }
        let made = self.create(&Truth { has_end: end.is_some(), ..Truth::default() });
        // The response may be lost.
        if luck % 8 == 6 {
            return Phase::Cut;
        }
        let then = answer(Some(made.id.clone()));
        Phase::Change { fact: Fact::Created(made), then }
    }

    fn delete(&mut self, one: &Invocation, id: String, luck: u8) -> Result<Phase, TestCaseError> {
        let at = self.now();
        let is_held = self.held.as_ref().is_some_and(|held| held.id == id);
        if is_held && matches!(one.work, Work::EndAssignments) {
            self.check_end(&id)?;
        }
        if is_held {
            self.set_held(None);
        }
        let fact = match (is_held, &one.work) {
            (true, _) => Fact::Removed(id, at),
            (false, Work::EndAssignments) => Fact::Gone(id),
            (false, _) => return Ok(Phase::Done),
        };
        if luck % 8 == 7 {
            return Ok(Phase::Cut);
        }
        Ok(Phase::Change { fact, then: Box::new(Phase::Done) })
    }

    /// Checks that the timer removes only an assignment whose end was promised.
    fn check_end(&self, id: &str) -> Result<(), TestCaseError> {
        let truth = &self.truths[id];
        let may_be_of_write = self.invocations.iter().any(|one| may_have_made(one, truth));
        prop_assert!(
            truth.permanent_at.is_none() || may_be_of_write,
            "a permanent assignment was ended: {truth:?}"
        );
        prop_assert!(truth.promised.is_none_or(|end| end <= self.now()), "it ended early");
        prop_assert!(truth.has_end || may_be_of_write, "it was not ours to end: {truth:?}");
        Ok(())
    }

    fn answer(&mut self, one: &Invocation, about: Option<String>, end: Option<OffsetDateTime>) {
        let Work::Grant { end: asked, .. } = one.work else { return };
        let Some(truth) = about.and_then(|id| self.truths.get_mut(&id)) else { return };
        truth.promised = truth.promised.max(end);
        if asked.is_none() {
            truth.permanent_at = truth.permanent_at.max(one.looked_at);
        }
    }

    fn create(&mut self, truth: &Truth) -> Assignment {
        let id = format!("assignment-{}", self.truths.len());
        let created = self.now().format(&Rfc3339).unwrap();
        let key = key();
        let made =
            Assignment { id: id.clone(), api: key.api, role: key.role, created: Some(created) };
        self.truths.insert(id, Truth { created: self.seconds, ..truth.clone() });
        self.set_held(Some(made.clone()));
        made
    }

    fn set_held(&mut self, held: Option<Assignment>) {
        self.held.clone_from(&held);
        self.history.push((self.seconds, held));
    }
}

fn answer(about: Option<String>) -> Box<Phase> {
    Box::new(Phase::Answer { about, end: None })
}

/// Whether an interrupted write may have made an assignment. Graph cannot tell. If a request without an end
/// looked after the write was announced, the assignment stays.
fn may_have_made(one: &Invocation, truth: &Truth) -> bool {
    let (Some(window), Some(announced_at)) = (&one.new_end, one.open_since) else { return false };
    let created = OffsetDateTime::UNIX_EPOCH + Duration::seconds(truth.created);
    (window.since..=window.until).contains(&created)
        && truth.permanent_at.is_none_or(|at| at < announced_at)
}
