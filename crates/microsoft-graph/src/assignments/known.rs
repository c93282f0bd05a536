//! What requests that wait for the same principal know about its assignments and pass on.

use std::collections::HashMap;

use app_roles::{
    directory::Assignment,
    held::HeldAssignments,
    ids::{AppRoleId, ObjectId},
    policy::Permit,
    request::Action,
};
use memory_cache::Moment;

use super::write::WriteOptions;
use crate::error::GraphError;

/// What is known about the assignments of a principal. Each fact has a moment, and was true at that moment
/// or later. A request uses only facts from after its arrival.
///
/// It lives while requests wait for the principal.
#[derive(Debug, Default)]
pub(super) struct Known {
    facts: HashMap<(ObjectId, AppRoleId), (Moment, Fact)>,
    list: Option<(Moment, HeldAssignments)>,
}

/// What is known of one assignment.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    /// It exists. `None` if Graph says so, but its list only has an assignment that cannot be read.
    Held(Option<Assignment>),
    /// It does not exist.
    Absent,
    /// Graph refused this write, and would refuse it again.
    Refused(Refusal),
}

/// A refused write.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) action: Action,
    pub(super) error: GraphError,
    /// Whether the write waited for Graph's replicas.
    pub(super) waited_for_replicas: bool,
}

impl Refusal {
    /// Whether this refusal also applies to another write. A write that waits for Graph's replicas may
    /// succeed where one that did not wait was refused.
    pub(super) fn answers(&self, permit: &Permit, options: &WriteOptions) -> bool {
        self.action == permit.action()
            && (self.waited_for_replicas || !options.waits_for_replicas())
    }
}

impl Known {
    /// What is known of the assignment of a permit, from after `arrived`.
    pub(super) fn fact(&self, permit: &Permit, arrived: Moment) -> Option<&Fact> {
        let (moment, fact) = self.facts.get(&(permit.api(), permit.role()))?;
        (*moment > arrived).then_some(fact)
    }

    /// The number of assignments with a fact from after `arrived`.
    pub(super) fn count(&self, arrived: Moment) -> usize {
        self.facts.values().filter(|(moment, _)| *moment > arrived).count()
    }

    pub(super) fn set(&mut self, permit: &Permit, moment: Moment, fact: Fact) {
        self.facts.insert((permit.api(), permit.role()), (moment, fact));
    }

    /// Forgets an assignment that is about to be written. If the writer is cancelled, the
    /// outcome is unknown.
    pub(super) fn forget(&mut self, permit: &Permit) {
        self.facts.remove(&(permit.api(), permit.role()));
    }

    /// The list, if it is from after `arrived`.
    pub(super) fn list(&self, arrived: Moment) -> Option<&HeldAssignments> {
        let (moment, list) = self.list.as_ref()?;
        (*moment > arrived).then_some(list)
    }

    pub(super) fn set_list(&mut self, moment: Moment, list: HeldAssignments) {
        self.list = Some((moment, list));
    }
}
