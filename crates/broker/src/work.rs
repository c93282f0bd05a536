//! A series of writes to one principal, and each of its writes.

use app_roles::{outcome::RoleOutcome, policy::Permit};
use microsoft_graph::assignments::{Removable, WriteOptions};
use record::intent::{Intent, IntentKey};

use crate::{answer::Answer, ask::Ask, asked::Asked, directory::Target, end_step::EndStep};

/// The purpose of a series of writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    /// The invocation.
    pub(crate) ask: &'a Ask,
    /// What was asked for.
    pub(crate) asked: Asked<'a>,
    /// The principal and the API.
    pub(crate) target: &'a Target,
    /// The number of roles that the invocation has recorded before this series.
    pub(crate) first_row: usize,
}

/// A write that is necessary.
#[derive(Debug)]
pub(crate) struct PlannedChange {
    /// The index of the role in the series.
    pub(crate) index: usize,
    /// The permit for the write.
    pub(crate) permit: Permit,
    /// What is known of the role before the write.
    pub(crate) outcome: RoleOutcome,
    /// The assignment that it removes.
    pub(crate) removes: Option<Removable>,
    /// Its limits and its id in the logs of Microsoft Graph.
    pub(crate) options: WriteOptions,
}

/// A write whose intent is on record.
#[derive(Debug)]
pub(crate) struct IntendedChange {
    /// The index of the role in the series.
    pub(crate) index: usize,
    /// The intent.
    pub(crate) intent: Intent,
    /// What is known of the role before the write.
    pub(crate) outcome: RoleOutcome,
    /// The limits of the write and its id in the logs of Microsoft Graph.
    pub(crate) options: WriteOptions,
}

/// The outcome of a series of writes.
#[derive(Debug)]
pub(crate) struct Done {
    /// The outcome of each role.
    pub(crate) roles: Vec<RoleOutcome>,
    /// The intents of the writes whose outcome is certain.
    pub(crate) intents: Vec<IntentKey>,
    /// What was learnt about the ends of the assignments. It is stored with the record.
    pub(crate) ends: Vec<EndStep>,
    /// How the series ended.
    pub(crate) end: End,
}

/// How a series of writes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// Every role was written, or has finally failed.
    Complete,
    /// Every role was written, but the list of Microsoft Graph does not show all of them yet.
    NotListedYet,
    /// A role met an obstacle that the following roles would meet, too.
    Obstacle,
}

impl Done {
    /// A series without roles.
    pub(crate) fn nothing() -> Self {
        Self { roles: Vec::new(), intents: Vec::new(), ends: Vec::new(), end: End::Complete }
    }

    /// Sets the outcome of a role. The series keeps the most severe `end`.
    pub(crate) fn set(&mut self, index: usize, outcome: RoleOutcome, end: End) {
        if let Some(role) = self.roles.get_mut(index) {
            *role = outcome;
        }
        self.end = self.end.max(end);
    }

    /// The answer about a target.
    pub(crate) fn answer(self, target: &Target) -> Answer {
        Answer { intents: self.intents, ends: self.ends, ..target.answer(self.roles) }
    }
}
