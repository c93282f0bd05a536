//! What became of writes whose outcome was not recorded.
//!
//! The handler may end, or storage may fail, between a write and its audit row. Then the row of the intent
//! remains. Its outcome follows from three things that are read later: what the principal holds, the audit
//! rows of the principal, and its other open intents. They must be read in this order: a write that the
//! list shows has an intent, and an intent that is gone has an audit row.

mod open_intent;
mod past_row;

use app_roles::{
    directory::Assignment,
    held::{HeldAssignments, Holding},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use open_intent::moment;
pub use open_intent::{Change, FOUND_AT, OpenIntent, Removal, Row, UnreadableIntent, WAS_GONE};
use past_row::{PastRow, settled_key};
pub(crate) use past_row::{finished, last_key};

/// The largest expected difference between this machine's clock and Microsoft Graph's.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// How long a list of Microsoft Graph may show an assignment that was removed, or lack one that was
/// created. Two minutes have been observed.
const LIST_LAG: Duration = Duration::minutes(3);

/// How long before its intent an invocation may have begun. Deadlines are minutes.
const LONGEST_INVOCATION: Duration = Duration::hours(1);

/// The outcome of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// This write created the assignment.
    Assigned(Created),
    /// This write removed the assignment.
    Revoked,
    /// The write was not sent, or changed nothing.
    NotWritten,
    /// The outcome can no longer be found out. The text says why.
    Unknown(&'static str),
}

/// An assignment that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Graph's id of the assignment.
    pub assignment_id: String,
    /// When it was created.
    pub at: OffsetDateTime,
}

/// How an intent is settled.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// The outcome is already recorded: only the intent is deleted.
    Close,
    /// The row is stored, and then the intent is deleted.
    Record(Became, Row),
}

/// Whether a request may claim a change, if it got no answer and the assignment now exists or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteClaim {
    /// No other request of the broker can have made the change.
    Free,
    /// A row states that another request has made the change, or that the assignment existed before.
    Taken,
    /// Another request may have made the change, and its outcome is not recorded yet.
    Contested,
}

/// What is known about the writes to one principal.
#[derive(Debug)]
pub struct Case<'a> {
    /// What the principal holds; `None` if the principal no longer exists.
    pub held: Option<&'a HeldAssignments>,
    /// All open intents of the principal.
    pub intents: &'a [OpenIntent],
    /// The audit rows of the principal up to [`Case::last_row_key`].
    pub rows: &'a [Row],
}

/// An observation of an assignment.
#[derive(Debug)]
struct Sighting<'a> {
    id: &'a str,
    created: Option<OffsetDateTime>,
    /// When the invocation that observed it began.
    seen: Option<OffsetDateTime>,
}

/// A case in progress.
struct Settling<'a> {
    held: Option<&'a HeldAssignments>,
    intents: &'a [OpenIntent],
    rows: Vec<PastRow>,
    /// Intents that were stored before this moment are due.
    due: OffsetDateTime,
}

impl<'a> Case<'a> {
    /// The largest key of an audit row that is relevant to these intents. Older rows have larger keys.
    #[must_use]
    pub fn last_row_key(intents: &[OpenIntent]) -> Option<String> {
        let oldest = intents.iter().map(|intent| intent.intended_at).min()?;
        Some(last_key(oldest - LONGEST_INVOCATION))
    }

    /// How each intent older than `due` is settled. Younger ones are skipped, because their invocations may
    /// still work on them, and so are intents whose outcome depends on a younger one.
    #[must_use]
    pub fn settle(&self, due: OffsetDateTime) -> Vec<(&'a OpenIntent, Settlement)> {
        let mut settling = self.settling(due);
        let mut intents: Vec<_> =
            self.intents.iter().filter(|intent| intent.intended_at < due).collect();
        // If several revoke the same assignment, the first one gets it.
        intents.sort_by_key(|intent| intent.intended_at);
        let settled = intents.into_iter().map(|intent| Some((intent, settling.settle(intent)?)));
        settled.flatten().collect()
    }

    /// Whether an intent may claim that it created an assignment that exists.
    #[must_use]
    pub fn creation_claim(&self, row_key: &str, made: &Assignment) -> WriteClaim {
        let settling = self.settling(OffsetDateTime::UNIX_EPOCH);
        let own = self.intents.iter().find(|intent| intent.row_key == row_key);
        let was_there = own.is_some_and(|own| settling.was_found_before(own, &made.id));
        if was_there || settling.is_claimed("assigned", &made.id) {
            return WriteClaim::Taken;
        }
        let can_be_of = |other: &&OpenIntent| {
            other.row_key != row_key
                && other.change == Change::Assign
                && (other.api, other.role) == (made.api, made.role)
        };
        match self.intents.iter().find(can_be_of) {
            Some(_) => WriteClaim::Contested,
            None => WriteClaim::Free,
        }
    }

    /// Whether an intent may claim the removal of an assignment that is gone.
    #[must_use]
    pub fn removal_claim(&self, row_key: &str, assignment_id: &str) -> WriteClaim {
        let settling = self.settling(OffsetDateTime::UNIX_EPOCH);
        let own = self.intents.iter().find(|intent| intent.row_key == row_key);
        let found_at = own.and_then(|own| own.removal_of(assignment_id)?.found_at);
        if settling.is_claimed("revoked", assignment_id) {
            return WriteClaim::Taken;
        }
        let can_be_of = |other: &&OpenIntent| {
            other.row_key != row_key
                && !found_at.is_some_and(|found| is_over(other, found))
                && settling.can_have_removed(other, assignment_id)
        };
        match self.intents.iter().find(can_be_of) {
            Some(_) => WriteClaim::Contested,
            None => WriteClaim::Free,
        }
    }

    fn settling(&self, due: OffsetDateTime) -> Settling<'a> {
        let rows = self.rows.iter().map(PastRow::from).collect();
        Settling { held: self.held, intents: self.intents, rows, due }
    }
}

/// The row that states with certainty the outcome of an intent. `None` if there is none.
#[must_use]
pub fn outcome_of<'a>(intent: &OpenIntent, rows: &'a [Row]) -> Option<&'a Row> {
    rows.iter().find(|row| PastRow::from(*row).is_outcome_of(intent))
}

impl Settling<'_> {
    /// How an intent is settled; `None` if this depends on one that is not due.
    fn settle(&mut self, intent: &OpenIntent) -> Option<Settlement> {
        if self.is_on_record(intent) {
            return Some(Settlement::Close);
        }
        let became = match &intent.change {
            Change::Assign => self.assigned(intent),
            Change::Revoke(removal) => self.revoked(intent, removal),
        };
        if became == Became::Revoked && self.is_contested(intent) {
            return None;
        }
        if became == Became::NotWritten && self.has_failed(intent) {
            return Some(Settlement::Close);
        }
        let row = settled_row(intent, &became);
        self.rows.push(PastRow::from(&row));
        Some(Settlement::Record(became, row))
    }

    /// Whether a younger intent may have made the removal that this one would claim.
    fn is_contested(&self, intent: &OpenIntent) -> bool {
        let Change::Revoke(Removal { assignment_id, .. }) = &intent.change else { return false };
        self.intents
            .iter()
            .filter(|other| other.intended_at >= self.due)
            .any(|other| self.can_have_removed(other, assignment_id))
    }

    /// Whether an intent without a recorded outcome may have removed an assignment.
    fn can_have_removed(&self, intent: &OpenIntent, id: &str) -> bool {
        intent.removal_of(id).is_some_and(|removal| !removal.was_gone) && !self.is_on_record(intent)
    }

    fn is_on_record(&self, intent: &OpenIntent) -> bool {
        self.rows.iter().any(|row| row.is_outcome_of(intent))
    }

    /// Whether the row of the answer states that the write failed.
    fn has_failed(&self, intent: &OpenIntent) -> bool {
        self.rows.iter().any(|row| row.key == intent.audit_row_key && row.status == "failed")
    }

    fn assigned(&self, intent: &OpenIntent) -> Became {
        let earliest = self
            .sightings(intent)
            .filter_map(|sighting| Some((sighting.created?, sighting.id)))
            .filter(|(created, id)| {
                self.can_be_of(intent, *created) && !self.is_claimed("assigned", id)
            })
            .min();
        if let Some((at, id)) = earliest {
            return Became::Assigned(Created { assignment_id: id.to_owned(), at });
        }
        self.unless_unclear(intent, Became::NotWritten)
    }

    /// Whether an assignment created at this moment can come from this intent, and from no other that is
    /// more likely.
    fn can_be_of(&self, intent: &OpenIntent, created: OffsetDateTime) -> bool {
        let can_be = |one: &OpenIntent| {
            one.intended_at - CLOCK_SKEW <= created && created <= one.write_until + CLOCK_SKEW
        };
        let is_rival = |one: &&OpenIntent| {
            one.change == Change::Assign
                && (one.api, one.role) == (intent.api, intent.role)
                && can_be(one)
                && !self.is_on_record(one)
        };
        // The most likely one is the last before the moment or, if the clocks differ, the first after it.
        let distance = |one: &&OpenIntent| {
            let before = created - one.intended_at;
            (before.is_negative(), before.abs(), one.row_key.clone())
        };
        let nearest = self.intents.iter().filter(is_rival).min_by_key(distance);
        nearest.is_some_and(|nearest| nearest.row_key == intent.row_key)
    }

    fn revoked(&self, intent: &OpenIntent, removal: &Removal) -> Became {
        let id = removal.assignment_id.as_str();
        let is_held = self.held.is_some_and(|held| held.iter().any(|one| one.id == id));
        let was_there = is_held || self.was_seen_after(intent, id);
        if was_there || removal.was_gone || self.is_claimed("revoked", id) {
            return Became::NotWritten;
        }
        self.unless_unclear(intent, Became::Revoked)
    }

    /// Whether the assignment was observed long after the write of the intent.
    fn was_seen_after(&self, intent: &OpenIntent, id: &str) -> bool {
        let over = intent.write_until + LIST_LAG;
        let is_seen = self
            .sightings(intent)
            .any(|sighting| sighting.id == id && sighting.seen.is_some_and(|seen| seen > over));
        // A read of its id does not lag.
        let mut found = self.intents.iter().filter_map(|other| other.removal_of(id)?.found_at);
        is_seen || found.any(|found| is_over(intent, found))
    }

    /// Whether a row states that its own write did this to the assignment.
    fn is_claimed(&self, status: &str, id: &str) -> bool {
        self.rows.iter().any(|row| row.status == status && row.assignment_id.as_deref() == Some(id))
    }

    /// Whether another request had found an assignment before this intent was stored.
    fn was_found_before(&self, intent: &OpenIntent, id: &str) -> bool {
        self.rows.iter().any(|row| {
            row.status == "alreadyAssigned"
                && row.assignment_id.as_deref() == Some(id)
                && row.finished.is_some_and(|finished| finished <= intent.intended_at)
        })
    }

    /// `became`, unless the principal's assignments are unclear.
    fn unless_unclear(&self, intent: &OpenIntent, became: Became) -> Became {
        match self.held.map(|held| held.holding(intent.api, intent.role)) {
            Some(Holding::Held(_) | Holding::NotHeld) => became,
            Some(Holding::Unclear) => Became::Unknown(
                "Microsoft Graph lists an assignment that cannot be read and may be this one",
            ),
            None => Became::Unknown("the principal no longer exists"),
        }
    }

    /// All observations of assignments of an intent's role.
    fn sightings(&self, intent: &OpenIntent) -> impl Iterator<Item = Sighting<'_>> {
        let (api, role) = (intent.api, intent.role);
        let is_it = move |one: &&Assignment| (one.api, one.role) == (api, role);
        let held = self.held.into_iter().flat_map(|held| held.iter()).filter(is_it);
        let held = held.map(|one| Sighting {
            id: &one.id,
            created: one.created.as_deref().and_then(moment),
            seen: None,
        });
        let is_row = move |row: &&PastRow| (row.api, row.role) == (Some(api), Some(role));
        let rows = self.rows.iter().filter(is_row).filter_map(|row| {
            Some(Sighting {
                id: row.assignment_id.as_deref()?,
                created: row.created,
                seen: row.began,
            })
        });
        let is_intent = move |one: &&OpenIntent| (one.api, one.role) == (api, role);
        let removals = self.intents.iter().filter(is_intent).filter_map(|one| match &one.change {
            Change::Assign => None,
            Change::Revoke(removal) => Some(Sighting {
                id: &removal.assignment_id,
                created: removal.created.as_deref().and_then(moment),
                seen: Some(one.began()),
            }),
        });
        held.chain(rows).chain(removals)
    }
}

/// Whether the write of an intent was over at a moment on another instance's clock.
fn is_over(intent: &OpenIntent, at: OffsetDateTime) -> bool {
    intent.write_until + CLOCK_SKEW < at
}

/// The audit row of an intent: what was known before the write, and what became of it.
fn settled_row(intent: &OpenIntent, became: &Became) -> Row {
    let mut row = intent.audit_columns();
    let mut set = |column: &str, value: Value| row.insert(column.to_owned(), value);
    set("PartitionKey", intent.principal.to_string().into());
    set("RowKey", settled_key(intent).into());
    set("settledLater", true.into());
    set("decision", "allowed".into());
    set("status", became.status().into());
    set("message", became.message().into());
    match became {
        Became::Assigned(Created { assignment_id, at }) => {
            set("assignmentId", assignment_id.clone().into());
            set("createdDateTime", at.format(&Rfc3339).unwrap_or_default().into());
        }
        Became::NotWritten => {
            // Only an assigned role has an end.
            row.remove("endDateTime");
            row.remove("tokensUntil");
        }
        Became::Revoked | Became::Unknown(_) => {}
    }
    row
}

impl Became {
    /// The status of the row.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Assigned(_) => "assigned",
            Self::Revoked => "revoked",
            Self::NotWritten => "notWritten",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The latest moment at which the tenant was changed. `None` if it was not, or if this is unknown.
    #[must_use]
    pub fn changed_by(&self, intent: &OpenIntent) -> Option<OffsetDateTime> {
        match self {
            Self::Assigned(created) => Some(created.at),
            Self::Revoked => Some(intent.write_until),
            Self::NotWritten | Self::Unknown(_) => None,
        }
    }

    /// The message of the row, for people.
    fn message(&self) -> String {
        match self {
            Self::Assigned(_) => {
                "settled later: Microsoft Graph shows that it was created".to_owned()
            }
            Self::Revoked => "settled later: Microsoft Graph no longer lists it".to_owned(),
            Self::NotWritten => {
                "settled later: Microsoft Graph shows no change by this request".to_owned()
            }
            Self::Unknown(why) => {
                format!("settled later: the outcome cannot be read, because {why}")
            }
        }
    }
}
