//! A row of the table of ends.

use std::collections::BTreeSet;

use app_roles::{
    directory::Assignment,
    ids::{AppRoleId, InvocationId, ObjectId},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::details::Details;

/// The table of ends. Partition: the principal. Row: API and role.
pub const ENDS_TABLE: &str = "AppRoleEnds";

/// The largest number of claims in a row. Each interrupted write adds one.
pub(super) const MOST_CLAIMS: usize = 16;

/// The largest number of assignments that a claim excludes. A principal holds a role only once, so all but
/// the last are gone, and only a lagging list may still show one of them.
const MOST_EXCEPTIONS: usize = 32;

/// The largest difference between this machine's clock and Graph's.
pub(super) const CLOCK_SKEW: Duration = Duration::seconds(5);

/// What a row is about: a role of an API, and the principal that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndKey {
    /// The principal that holds the role.
    pub principal: ObjectId,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
}

/// When the assignments of one role of a principal end. A stored row has at least one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndRow {
    /// The role and the principal.
    pub key: EndKey,
    /// What ends, and when. The newest claim comes first.
    pub claims: Vec<Claim>,
    /// Until when a removal may be in progress. Meanwhile, the assignment cannot be extended.
    pub ending_until: Option<OffsetDateTime>,
    /// The latest end that was announced to people. It is dropped when no claim has this end, so that a
    /// later end is announced, too.
    pub announced_end: Option<OffsetDateTime>,
}

/// An assignment that ends, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What ends.
    pub subject: Subject,
    /// When it ends.
    pub end: OffsetDateTime,
    /// The request that set this end.
    pub details: Details,
}

/// What a claim covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An assignment that the broker has made.
    Assignment {
        /// Graph's id of the assignment.
        id: String,
        /// When the id became known.
        bound_at: OffsetDateTime,
    },
    /// What one write of the broker made, if anything: the id is not known yet.
    Write {
        /// The invocation that writes.
        invocation_id: InvocationId,
        /// The earliest moment at which the write can have created the assignment, by Graph's clock.
        since: OffsetDateTime,
        /// The latest moment.
        until: OffsetDateTime,
        /// The ids of assignments from this period that do not end, because a request without an end found
        /// them.
        except: Vec<String>,
    },
}

impl Subject {
    /// Whether a write may still create the assignment.
    pub(super) fn is_open(&self, at: OffsetDateTime) -> bool {
        matches!(self, Self::Write { until, .. } if at <= *until)
    }

    /// Whether this is the write of an invocation.
    pub(super) fn is_write_of(&self, invocation: InvocationId) -> bool {
        matches!(self, Self::Write { invocation_id, .. } if *invocation_id == invocation)
    }

    pub(super) fn is_assignment(&self, id: &str) -> bool {
        matches!(self, Self::Assignment { id: own, .. } if own == id)
    }

    /// Whether the existence of `held` proves that this covers nothing else: a principal holds a role only
    /// once, so earlier assignments are gone. The list shows the state at `lists_show` or later.
    pub(super) fn is_replaced_by(&self, held: &Assignment, lists_show: OffsetDateTime) -> bool {
        let is_before = |moment| created(held).is_some_and(|created| moment < created);
        match self {
            Self::Assignment { id, bound_at } => {
                *id == held.id || is_before(*bound_at + CLOCK_SKEW)
            }
            // A lagging list may show an assignment from before the write.
            Self::Write { until, .. } => {
                is_before(*until) || *until < lists_show && self.may_have_created(held)
            }
        }
    }

    /// Whether this excludes an assignment that was created in its period.
    pub(super) fn excepts(&self, id: &str) -> bool {
        matches!(self, Self::Write { except, .. } if except.iter().any(|known| known == id))
    }

    /// Excludes an assignment that exists now, if this is a write.
    pub(super) fn exclude(&mut self, id: &str) {
        if let Self::Write { except, .. } = self
            && except.last().is_none_or(|last| last != id)
        {
            except.retain(|known| known != id);
            except.push(id.to_owned());
            keep_newest(except);
        }
    }

    /// Extends the period to that of an older write.
    pub(super) fn include(&mut self, other: Self) {
        if let (
            Self::Write { since, until, except, .. },
            Self::Write { since: earlier, until: later, except: others, .. },
        ) = (self, other)
        {
            *since = earlier.min(*since);
            *until = later.max(*until);
            let newer: BTreeSet<_> = except.iter().cloned().collect();
            let older = others.into_iter().filter(|id| !newer.contains(id));
            *except = older.chain(std::mem::take(except)).collect();
            keep_newest(except);
        }
    }

    /// Whether the write can have created an assignment, by the time of its creation.
    pub(super) fn may_have_created(&self, assignment: &Assignment) -> bool {
        let Self::Write { since, until, except, .. } = self else { return false };
        let created = created(assignment);
        created.is_some_and(|created| (*since..=*until).contains(&created))
            && !except.contains(&assignment.id)
    }
}

impl EndRow {
    /// When an assignment that the principal holds ends. `None` if the row does not cover it, because it
    /// existed before or others made it.
    #[must_use]
    pub fn end_of(&self, held: &Assignment) -> Option<OffsetDateTime> {
        self.claim_of(held).map(|claim| claim.end)
    }

    /// The claim that covers an assignment: the one that names it, or the latest of the writes that can
    /// have created it.
    #[must_use]
    pub fn claim_of(&self, held: &Assignment) -> Option<&Claim> {
        claim_of(&self.claims, held)
    }

    /// Whether the row covers an assignment that the principal holds.
    #[must_use]
    pub fn covers(&self, held: &Assignment) -> bool {
        self.end_of(held).is_some()
    }

    /// The earliest end of a claim. From then on, the row is due.
    #[must_use]
    pub fn due_at(&self) -> Option<OffsetDateTime> {
        self.claims.iter().map(|claim| claim.end).min()
    }

    /// The ids of assignments whose end has come.
    pub fn due_assignments(&self, now: OffsetDateTime) -> impl Iterator<Item = &str> {
        self.claims.iter().filter_map(move |claim| match &claim.subject {
            Subject::Assignment { id, .. } if claim.end <= now => Some(id.as_str()),
            Subject::Assignment { .. } | Subject::Write { .. } => None,
        })
    }

    /// Whether an assignment that the principal holds must be removed now. While a write may be in
    /// progress, this waits, because only its invocation knows what it has made.
    #[must_use]
    pub fn is_due(&self, held: &Assignment, now: OffsetDateTime) -> bool {
        let claim = self.claim_of(held);
        claim.is_some_and(|claim| claim.end <= now && !claim.subject.is_open(now))
    }

    /// Whether a write may have made an assignment whose id is unknown. Only a list can show it.
    #[must_use]
    pub fn has_writes(&self) -> bool {
        self.claims.iter().any(|claim| matches!(claim.subject, Subject::Write { .. }))
    }

    /// The claim to announce to people now: its end is after `now` and not after `until`, and was not
    /// announced.
    ///
    /// If the row names an assignment, a write beside it may have made nothing, and is left out. A write
    /// that may be in progress is left out, too.
    #[must_use]
    pub fn to_announce(&self, now: OffsetDateTime, until: OffsetDateTime) -> Option<&Claim> {
        let is_named = |claim: &&Claim| matches!(claim.subject, Subject::Assignment { .. });
        let has_named = self.claims.iter().any(|claim| is_named(&claim));
        let is_new = |end| self.announced_end.is_none_or(|announced| announced < end);
        self.claims
            .iter()
            .filter(|claim| if has_named { is_named(claim) } else { !claim.subject.is_open(now) })
            .filter(|claim| now < claim.end && claim.end <= until && is_new(claim.end))
            .min_by_key(|claim| claim.end)
    }

    /// Whether the row covers an assignment only because of the time of its creation.
    pub(super) fn covers_by_time(&self, held: &Assignment) -> bool {
        let is_named = self.claims.iter().any(|claim| claim.subject.is_assignment(&held.id));
        !is_named && self.claims.iter().any(|claim| claim.subject.may_have_created(held))
    }

    /// Excludes an assignment from the claims of writes that did not make it: another invocation did, or it
    /// was found before the write was announced.
    pub(super) fn except_unless_made_by(
        &mut self,
        maker: Option<InvocationId>,
        found: Option<OffsetDateTime>,
        held: &Assignment,
    ) {
        for claim in &mut self.claims {
            if claim.subject.may_have_created(held)
                && let Subject::Write { invocation_id, since, .. } = &claim.subject
                && (maker.is_some_and(|maker| *invocation_id != maker)
                    || found.is_some_and(|found| found < *since + CLOCK_SKEW))
            {
                claim.subject.exclude(&held.id);
            }
        }
    }

    /// Whether an assignment that the row may cover is being removed.
    #[must_use]
    pub fn is_being_ended(&self, now: OffsetDateTime) -> bool {
        self.ending_until.is_some_and(|until| now <= until)
    }
}

/// Limits the number of exceptions of a claim, which are in the order of their discovery.
fn keep_newest(except: &mut Vec<String>) {
    except.drain(..except.len().saturating_sub(MOST_EXCEPTIONS));
}

/// The claim that names an assignment, or the latest of the writes that can have created it.
pub(super) fn claim_of<'a>(claims: &'a [Claim], held: &Assignment) -> Option<&'a Claim> {
    let named = claims.iter().find(|claim| claim.subject.is_assignment(&held.id));
    let writes = claims.iter().filter(|claim| claim.subject.may_have_created(held));
    named.or_else(|| writes.max_by_key(|claim| claim.end))
}

/// When Graph created an assignment. `None` if Graph does not say.
pub(super) fn created(assignment: &Assignment) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(assignment.created.as_deref()?, &Rfc3339).ok()
}
