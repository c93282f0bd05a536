//! How each step changes the row of a role, and which end it may promise.
//!
//! The rules are pure. They hold however two processes and lost steps interleave, because each step says
//! only what it knows for certain:
//!
//! - A write announces itself before it is sent. Only its own invocation takes that claim back while the
//!   write may be under way.
//! - An assignment is covered by its id, or because it was created while an announced write was under
//!   way. Ids are never used twice, so a claim that is left over harms no later assignment.
//! - Of two ends, the later wins. Two deliveries of one message have one end.
//! - A request without an end makes the assignment permanent: no claim covers it from then on.
//! - A removal announces itself, too. After that, nothing extends the assignment.

use app_roles::{directory::Assignment, ids::InvocationId};
use time::{Duration, OffsetDateTime};

use super::{
    details::Details,
    end_row::{Claim, EndKey, EndRow, MOST_CLAIMS, Subject, claim_of, created},
};

/// An end that a request states or that its rule sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEnd {
    /// When the assignment ends.
    pub end: OffsetDateTime,
    /// The earliest moment at which the write can create the assignment, by Graph's clock.
    pub since: OffsetDateTime,
    /// The latest moment.
    pub until: OffsetDateTime,
    /// The request.
    pub details: Details,
}

/// What happens to a role.
#[derive(Debug, Clone)]
pub enum Step<'a> {
    /// A write with an end is about to be sent.
    Announced(&'a NewEnd),
    /// The principal holds the role already, and nothing was written. `None`: the request has no end.
    Found(&'a Assignment, Option<&'a NewEnd>),
    /// The write of this invocation created the assignment.
    Created(&'a Assignment, Option<&'a NewEnd>),
    /// The write of this invocation was refused, because the assignment exists. Its id is absent if it
    /// cannot be read.
    Existed(Option<&'a Assignment>, Option<&'a NewEnd>),
    /// The write of this invocation was refused, or never sent, for certain.
    NotWritten(InvocationId),
    /// An assignment was removed. The moment is before the removal.
    Removed(&'a str, OffsetDateTime),
    /// The assignment that a claim names does not exist.
    Gone(&'a str),
    /// The removal of what is due is about to be sent. It is over by this moment.
    EndBegins(OffsetDateTime),
    /// A list that was read at this moment shows this assignment, or none. It may lag.
    Listed(Option<&'a Assignment>, OffsetDateTime),
}

/// The change of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// It stays as it is, or stays absent.
    Keep,
    /// It is stored.
    Put(Box<EndRow>),
    /// It is deleted.
    Remove,
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The change of the row.
    pub row: RowChange,
    /// The end of the assignment; `None` if it does not end. The error means that it is unknown whether the
    /// assignment will remain.
    pub end: Result<Option<OffsetDateTime>, BeingEnded>,
}

/// The assignment is being removed, because its end has come. Whether it remains is known afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the assignment is being removed, because its end has come")]
pub struct BeingEnded;

/// The moment of a step, and how far lists may lag behind it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The moment.
    pub at: OffsetDateTime,
    /// How long Graph's lists may lack an assignment that exists, or show one that does not.
    pub list_lag: Duration,
}

impl Step<'_> {
    /// The assignment that exists according to this step and that its invocation did not make.
    pub(super) fn held(&self) -> Option<&Assignment> {
        match self {
            Self::Found(held, _) | Self::Existed(Some(held), _) | Self::Listed(Some(held), _) => {
                Some(held)
            }
            _ => None,
        }
    }
}

/// How a step changes the row of a role. `row` is the present row of the table.
pub fn next(key: EndKey, row: Option<&EndRow>, step: &Step<'_>, now: Now) -> Next {
    let mut draft = Draft::of(key, row, now);
    let end = draft.take(step);
    Next { row: draft.change_from(row), end }
}

/// The row as a step changes it.
struct Draft {
    key: EndKey,
    claims: Vec<Claim>,
    ending_until: Option<OffsetDateTime>,
    announced_end: Option<OffsetDateTime>,
    now: Now,
}

impl Draft {
    fn of(key: EndKey, row: Option<&EndRow>, now: Now) -> Self {
        let claims = row.map(|row| row.claims.clone()).unwrap_or_default();
        let (ending_until, announced_end) =
            row.map_or((None, None), |row| (row.ending_until, row.announced_end));
        Self { key, claims, ending_until, announced_end, now }
    }

    /// Takes a step. Returns the end that the assignment has after it.
    fn take(&mut self, step: &Step<'_>) -> Result<Option<OffsetDateTime>, BeingEnded> {
        match *step {
            Step::Announced(new) => Ok(Some(self.announce(new))),
            Step::Found(held, Some(new)) => self.found(held, new),
            Step::Created(made, Some(new)) => Ok(self.created(made, new)),
            Step::Existed(held, Some(new)) => {
                self.take_back(new.details.invocation_id);
                match held {
                    Some(held) => self.found(held, new),
                    None => self.found_unnamed(new),
                }
            }
            Step::Listed(held, at) => Ok(self.listed(held, at)),
            _ => self.without_end(step).map(|()| None),
        }
    }

    /// Takes a step that results in no end.
    fn without_end(&mut self, step: &Step<'_>) -> Result<(), BeingEnded> {
        match *step {
            Step::Found(held, None) | Step::Existed(Some(held), None) => {
                self.covering(held)?;
                self.make_permanent(Some(held));
            }
            Step::Existed(None, None) if self.is_being_ended() => return Err(BeingEnded),
            Step::Existed(None, None) => self.make_permanent(None),
            Step::Created(made, None) => self.make_permanent(Some(made)),
            Step::NotWritten(invocation) => self.take_back(invocation),
            Step::Removed(id, at) => {
                let is_named = |claim: &Claim| matches!(claim.subject, Subject::Assignment { .. });
                self.claims.retain(|claim| is_named(claim) || claim.subject.is_open(at));
                self.forget(id);
            }
            Step::Gone(id) => self.forget(id),
            Step::EndBegins(until) => self.ending_until = Some(until),
            Step::Announced(_) | Step::Listed(..) => {}
            Step::Found(..) | Step::Created(..) | Step::Existed(..) => {}
        }
        Ok(())
    }

    /// Adds the claim of a write. Returns the end, which is that of an earlier delivery if the message had
    /// one.
    fn announce(&mut self, new: &NewEnd) -> OffsetDateTime {
        let invocation = new.details.invocation_id;
        if let Some(own) = self.claims.iter().find(|one| one.subject.is_write_of(invocation)) {
            // The answer of the table was lost.
            return own.end;
        }
        let is_same =
            |claim: &&Claim| claim.details.is_same_message(&new.details) && claim.end > self.now.at;
        let end = self.claims.iter().find(is_same).map_or(new.end, |claim| claim.end);
        self.make_room();
        let subject = Subject::Write {
            invocation_id: invocation,
            since: new.since,
            until: new.until,
            except: Vec::new(),
        };
        self.claims.insert(0, Claim { subject, end, details: new.details.clone() });
        end
    }

    /// Takes a step that found an assignment: if the row covers it, the later end wins.
    fn found(
        &mut self,
        held: &Assignment,
        new: &NewEnd,
    ) -> Result<Option<OffsetDateTime>, BeingEnded> {
        let Some(before) = self.covering(held)? else { return Ok(None) };
        let claim = later(before.clone(), new);
        if before.subject.is_open(self.now.at) {
            // Only the invocation that writes knows whether it made this assignment. So every claim that
            // may cover it needs the later end.
            for one in self.claims.iter_mut().filter(|one| one.subject.may_have_created(held)) {
                if one.end < claim.end {
                    (one.end, one.details) = (claim.end, claim.details.clone());
                }
            }
            return Ok(Some(claim.end));
        }
        Ok(Some(self.bind(held, claim)))
    }

    /// Takes a step that found an unreadable assignment: everything that the row covers gets the later end.
    fn found_unnamed(&mut self, new: &NewEnd) -> Result<Option<OffsetDateTime>, BeingEnded> {
        if self.is_being_ended() && !self.claims.is_empty() {
            return Err(BeingEnded);
        }
        self.claims = self.claims.drain(..).map(|claim| later(claim, new)).collect();
        Ok(self.claims.iter().map(|claim| claim.end).max())
    }

    /// Takes a step that created an assignment. It ends, unless a request without an end has found it in
    /// the meantime.
    fn created(&mut self, made: &Assignment, new: &NewEnd) -> Option<OffsetDateTime> {
        let own = |claim: &&Claim| claim.subject.is_write_of(new.details.invocation_id);
        let announced = self.claims.iter().find(own).cloned();
        let is_named = |claim: &&Claim| claim.subject.is_assignment(&made.id);
        let extended = self.claims.iter().find(is_named).cloned();
        let is_permanent = announced.as_ref().is_some_and(|own| own.subject.excepts(&made.id));
        self.take_back(new.details.invocation_id);
        if is_permanent {
            return None;
        }
        let own = announced.unwrap_or_else(|| Claim {
            subject: self.named(made),
            end: new.end,
            details: new.details.clone(),
        });
        let claim = extended.filter(|extended| extended.end > own.end).unwrap_or(own);
        Some(self.bind(made, claim))
    }

    /// The claim that covers an assignment that is held.
    fn covering(&self, held: &Assignment) -> Result<Option<Claim>, BeingEnded> {
        match claim_of(&self.claims, held) {
            Some(_) if self.is_being_ended() => Err(BeingEnded),
            claim => Ok(claim.cloned()),
        }
    }

    fn is_being_ended(&self) -> bool {
        self.ending_until.is_some_and(|until| self.now.at <= until)
    }

    /// Names the assignment in its claim, and drops the claims of what it has replaced.
    fn bind(&mut self, held: &Assignment, claim: Claim) -> OffsetDateTime {
        let (Now { at, list_lag }, end) = (self.now, claim.end);
        let lists_show = at - list_lag;
        self.claims.retain(|claim| !claim.subject.is_replaced_by(held, lists_show));
        self.make_room();
        self.claims.insert(0, Claim { subject: self.named(held), ..claim });
        end
    }

    fn named(&self, held: &Assignment) -> Subject {
        Subject::Assignment { id: held.id.clone(), bound_at: self.now.at }
    }

    /// Makes the assignment permanent: no claim covers it any more. Writes in progress keep theirs for what
    /// they create.
    fn make_permanent(&mut self, held: Option<&Assignment>) {
        let now = self.now.at;
        self.claims.retain(|claim| claim.subject.is_open(now));
        for claim in &mut self.claims {
            if let Some(held) = held {
                claim.subject.exclude(&held.id);
            }
        }
    }

    /// Drops the claim of a write that is over.
    fn take_back(&mut self, invocation: InvocationId) {
        self.claims.retain(|claim| !claim.subject.is_write_of(invocation));
    }

    /// Drops the claim of an assignment that does not exist, and the announcement of its removal.
    fn forget(&mut self, id: &str) {
        self.claims.retain(|claim| !claim.subject.is_assignment(id));
        self.ending_until = None;
    }

    /// Concludes from a list what it proves: a write that ended long ago made this assignment, or none.
    fn listed(&mut self, held: Option<&Assignment>, at: OffsetDateTime) -> Option<OffsetDateTime> {
        let claim = held.and_then(|held| claim_of(&self.claims, held)).cloned();
        let list_lag = self.now.list_lag;
        // Graph does not say when it was created, so that any write may have made it.
        let is_unclear = held.is_some_and(|held| created(held).is_none());
        self.claims.retain(|claim| match &claim.subject {
            Subject::Write { until, .. } => *until + list_lag >= at || is_unclear,
            Subject::Assignment { .. } => true,
        });
        let (held, claim) = (held?, claim?);
        if claim.subject.is_assignment(&held.id) || claim.subject.is_open(self.now.at) {
            return Some(claim.end);
        }
        Some(self.bind(held, claim))
    }

    /// Limits the number of claims before one is added.
    fn make_room(&mut self) {
        while self.claims.len() >= MOST_CLAIMS {
            if !self.merge_oldest_writes() && !self.drop_oldest_assignment() {
                return;
            }
        }
    }

    /// Drops the claim of the oldest assignment. A principal holds a role only once, so it is gone if there
    /// are many.
    fn drop_oldest_assignment(&mut self) -> bool {
        let is_named = |claim: &Claim| matches!(claim.subject, Subject::Assignment { .. });
        let oldest = self.claims.iter().rposition(is_named);
        oldest.map(|oldest| self.claims.remove(oldest)).is_some()
    }

    /// Gives the two oldest writes one claim, with the later end. Returns whether there are two.
    fn merge_oldest_writes(&mut self) -> bool {
        let is_write = |claim: &Claim| matches!(claim.subject, Subject::Write { .. });
        let Some(oldest) = self.claims.iter().rposition(is_write) else { return false };
        let (newer, _) = self.claims.split_at(oldest);
        let Some(next) = newer.iter().rposition(is_write) else { return false };
        let oldest = self.claims.remove(oldest);
        let Some(next) = self.claims.get_mut(next) else { return false };
        if oldest.end > next.end {
            (next.end, next.details) = (oldest.end, oldest.details);
        }
        next.subject.include(oldest.subject);
        true
    }

    /// The change that leads from the row to the draft.
    fn change_from(self, before: Option<&EndRow>) -> RowChange {
        let Self { key, claims, ending_until, announced_end, .. } = self;
        // An announced end counts only while a claim has it.
        let is_left = |end: &OffsetDateTime| claims.iter().any(|claim| claim.end == *end);
        let announced_end = announced_end.filter(is_left);
        let after = EndRow { key, claims, ending_until, announced_end };
        match before {
            None if after.claims.is_empty() => RowChange::Keep,
            Some(before) if *before == after => RowChange::Keep,
            Some(_) if after.claims.is_empty() => RowChange::Remove,
            _ => RowChange::Put(Box::new(after)),
        }
    }
}

/// A claim with the later of two ends. Deliveries of the same message have the same end.
fn later(before: Claim, new: &NewEnd) -> Claim {
    if before.details.is_same_message(&new.details) || before.end >= new.end {
        return before;
    }
    Claim { end: new.end, details: new.details.clone(), ..before }
}
