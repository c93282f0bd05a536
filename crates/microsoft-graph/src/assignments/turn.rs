//! One turn to write to a principal.
//!
//! Graph answers 409 to concurrent writes to one principal, so requests for it take turns, which go round by
//! requester. They pass on what they know. So one read answers all requests that arrived before it began, and
//! what is missing is written once:
//!
//! 1. A request that finds no other before it, and does not expect the assignment to exist, writes at
//!    once.
//! 2. A request that had to wait, or that expects the assignment to exist, reads first. A refused write
//!    costs write quota; a read does not.
//! 3. A request never relies on what was read, written or refused before it arrived. Another client may
//!    have changed it since.

use shared_quota::priority::Priority;
use std::collections::BTreeMap;

use app_roles::{
    directory::Assignment,
    held::{HeldAssignments, Holding},
    ids::ObjectId,
    policy::Permit,
    request::Action,
};
use azure_rest::{
    rest::ServiceError as _,
    retry::{Attempt, Backoff, Deadline},
};
use memory_cache::Moment;
use record::intent::Intent;

use super::{
    assign::AssignWrite,
    known::{Fact, Refusal},
    look::{Look, Removable},
    memory::key,
    requests::{Found, found},
    revoke::{RevokeWrite, Target},
    turns::{PrincipalGuard, Turns},
    write::{WriteOptions, Written},
};
use crate::{caller::Caller, error::GraphError};

/// The number of assignments that one turn reads one by one. A read of one assignment does not lag, but
/// the list shows all of them at once.
const MOST_READ_ONE_BY_ONE: usize = 4;

/// The turn to write to a principal. Others wait for the principal until it is dropped.
#[must_use = "others wait for the principal until the turn is dropped"]
pub struct Turn<'a> {
    turns: &'a Turns,
    principal: ObjectId,
    /// `None` while a write of low priority lets others go first.
    guard: Option<PrincipalGuard>,
    /// What was read of assignments before their removal, by their ids.
    looks: BTreeMap<String, Look>,
}

impl<'a> Turn<'a> {
    /// Waits for the turn to write to a principal.
    pub(super) async fn take(
        turns: &'a Turns,
        principal: ObjectId,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Self, GraphError> {
        let guard = Some(turns.take(principal, caller, deadline).await?);
        Ok(Self { turns, principal, guard, looks: BTreeMap::new() })
    }

    /// The outcome of a permit that needs no write: the assignment already exists or is already gone, or
    /// Graph has just refused the same write. `None` means that a write is necessary.
    ///
    /// `held` are the principal's assignments at the time of the decision. Only a revocation uses them.
    pub async fn without_write(
        &mut self,
        permit: &Permit,
        held: &HeldAssignments,
        options: &WriteOptions,
    ) -> Result<Option<Written>, GraphError> {
        let fact = match (self.fact(permit), permit.action()) {
            (None, Action::Assign) => self.read(permit, options.deadline).await?,
            (fact, _) => fact,
        };
        match (permit.action(), fact) {
            (_, Some(Fact::Refused(refusal))) if refusal.answers(permit, options) => {
                Err(refusal.error)
            }
            (Action::Assign, Some(Fact::Held(assignment))) => {
                Ok(Some(Written::AlreadyAssigned(assignment)))
            }
            (Action::Assign, _) => Ok(None),
            (Action::Revoke, _) => {
                let is_gone = self.to_remove(permit, held)?.is_empty();
                Ok(is_gone.then_some(Written::AlreadyRevoked))
            }
        }
    }

    /// The assignment that a revocation must remove: the first known one that exists.
    pub async fn removable(
        &mut self,
        permit: &Permit,
        held: &HeldAssignments,
        deadline: Deadline,
    ) -> Result<Option<Removable>, GraphError> {
        let mut first = None;
        for Target { assignment, .. } in self.to_remove(permit, held)? {
            let look = self.look(permit, &assignment, deadline).await?;
            if look != Look::Gone {
                return Ok(Some(Removable { assignment, look }));
            }
            first.get_or_insert(Removable { assignment, look });
        }
        Ok(first)
    }

    /// Reads whether an assignment exists that this turn is about to remove.
    pub async fn look(
        &mut self,
        permit: &Permit,
        assignment: &Assignment,
        deadline: Deadline,
    ) -> Result<Look, GraphError> {
        let look = self.turns.requests.look(permit, &assignment.id, deadline).await?;
        self.looks.insert(assignment.id.clone(), look);
        Ok(look)
    }

    /// Creates or removes the assignment whose intent is on record.
    ///
    /// `held` are the principal's assignments at the time of the decision. Only a revocation uses them.
    pub async fn write(
        &mut self,
        intent: &Intent,
        held: &HeldAssignments,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        let permit = intent.permit();
        let waited_for_replicas = options.waits_for_replicas();
        let targets = match permit.action() {
            Action::Assign => Vec::new(),
            Action::Revoke => self.to_remove(permit, held)?,
        };
        if let Some(known) = &mut self.guard {
            known.forget(permit);
        }
        let began = Moment::now();
        let outcome = match permit.action() {
            Action::Assign => self.assign(permit, options).await,
            Action::Revoke => self.revoke(permit, targets, options).await,
        };
        let fact = match &outcome {
            Ok(written) => {
                let fact = self.turns.remember(permit, written);
                // This id is gone, but another client may have made a new assignment.
                let is_about_id =
                    matches!(written, Written::AlreadyRevoked) || written.is_inferred();
                (!is_about_id).then_some(fact)
            }
            Err(error) if error.is_transient() || error.is_in_doubt() => None,
            Err(error) => Some(Fact::Refused(Refusal {
                action: permit.action(),
                error: error.clone(),
                waited_for_replicas,
            })),
        };
        if let (Some(known), Some(fact)) = (&mut self.guard, fact) {
            known.set(permit, began, fact);
        }
        outcome
    }

    /// Removes exactly this assignment, whatever else the principal now holds.
    pub async fn remove_exactly(
        &mut self,
        intent: &Intent,
        assignment: &Assignment,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        let permit = intent.permit();
        if let Some(known) = &mut self.guard {
            known.forget(permit);
        }
        let target = self.target(assignment.clone(), false);
        let outcome = self.remove(permit, target, options).await?;
        let memory = &self.turns.memory;
        if memory.expected(&key(permit)).is_some_and(|known| known.id == assignment.id) {
            memory.forget(&key(permit));
        }
        Ok(outcome)
    }

    /// What is known of the assignment since this request arrived.
    fn fact(&self, permit: &Permit) -> Option<Fact> {
        let known = self.guard.as_ref()?;
        known.fact(permit, known.arrived()).cloned()
    }

    /// Reads whether the assignment exists, if a read is likely to save the write.
    async fn read(
        &mut self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Fact>, GraphError> {
        let Some(known) = &mut self.guard else { return Ok(None) };
        let expected = self.turns.memory.expected(&key(permit));
        let Some(expected) = expected else {
            return if known.waited() { self.read_list(permit, deadline).await } else { Ok(None) };
        };
        if known.count(known.arrived()) < MOST_READ_ONE_BY_ONE {
            return self.read_one(permit, &expected, deadline).await;
        }
        match self.read_list(permit, deadline).await? {
            // The list may lag.
            Some(Fact::Absent) => self.read_one(permit, &expected, deadline).await,
            fact => Ok(fact),
        }
    }

    /// Reads an assignment by its id.
    async fn read_one(
        &mut self,
        permit: &Permit,
        expected: &Assignment,
        deadline: Deadline,
    ) -> Result<Option<Fact>, GraphError> {
        let began = Moment::now();
        let fact = match self.turns.requests.read(permit, &expected.id, deadline).await {
            Ok(Found::Assignment(assignment)) => Fact::Held(Some(assignment)),
            Ok(Found::Nothing) => Fact::Absent,
            Err(error) if error.is_transient() => return Err(error),
            // The write will show the problem.
            Ok(Found::Unclear) | Err(_) => return Ok(None),
        };
        // If this one is gone, another client may have made a new assignment instead.
        if let (Some(known), Fact::Held(_)) = (&mut self.guard, &fact) {
            known.set(permit, began, fact.clone());
        }
        Ok(Some(fact))
    }

    /// Reads the list, unless another request has read it since this one arrived.
    async fn read_list(
        &mut self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Fact>, GraphError> {
        let Some(known) = &mut self.guard else { return Ok(None) };
        let arrived = known.arrived();
        let held = match known.list(arrived) {
            Some(list) => found(list, permit),
            None => {
                let began = Moment::now();
                let list = match self.turns.requests.list_of(permit, deadline).await {
                    Ok(list) => list,
                    Err(error) if error.is_transient() => return Err(error),
                    // The write will show the problem.
                    Err(_) => return Ok(None),
                };
                let held = found(&list, permit);
                known.set_list(began, list);
                held
            }
        };
        Ok(match held {
            Found::Assignment(assignment) => {
                self.turns.memory.seen(key(permit), &assignment);
                Some(Fact::Held(Some(assignment)))
            }
            Found::Nothing => Some(Fact::Absent),
            Found::Unclear => None,
        })
    }

    /// What a revocation may have to remove: the assignment that the list shows, and the one that this
    /// process has created. They differ if the list lags, or if another client has replaced it.
    fn to_remove(
        &self,
        permit: &Permit,
        held: &HeldAssignments,
    ) -> Result<Vec<Target>, GraphError> {
        let known = match self.fact(permit) {
            Some(Fact::Absent) => return Ok(Vec::new()),
            Some(Fact::Held(assignment)) => assignment,
            Some(Fact::Refused(_)) | None => None,
        };
        let created = self.turns.memory.created_lately(&key(permit));
        let unlisted = known.into_iter().chain(created);
        let unlisted = unlisted.map(|assignment| self.target(assignment, false));
        let holding = held.holding(permit.api(), permit.role());
        let listed = match &holding {
            Holding::Held(one) if !self.turns.requests.has_removed(&one.id) => {
                Some(self.target((*one).clone(), true))
            }
            _ => None,
        };
        let mut targets: Vec<Target> = Vec::new();
        for target in listed.into_iter().chain(unlisted) {
            if targets.iter().all(|other| other.assignment.id != target.assignment.id) {
                targets.push(target);
            }
        }
        match holding {
            // The answer "already revoked" could be wrong.
            Holding::Unclear if targets.is_empty() => Err(GraphError::unclear_assignment()),
            _ => Ok(targets),
        }
    }

    fn target(&self, assignment: Assignment, was_listed: bool) -> Target {
        let look = self.looks.get(&assignment.id).copied().unwrap_or(Look::Unclear);
        Target { assignment, was_listed, look }
    }

    async fn assign(
        &mut self,
        permit: &Permit,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        let requests = &self.turns.requests;
        let mut write = AssignWrite::new(requests, permit, options.clone());
        let mut backoff =
            Backoff::new("create the assignment", requests.timing(), options.deadline);
        loop {
            let attempt = write.attempt().await;
            if let Some(result) = self.after(&mut backoff, attempt, &options).await {
                return result.map_err(|error| error.in_doubt(write.lost_response()));
            }
        }
    }

    /// Removes the first target that exists.
    async fn revoke(
        &mut self,
        permit: &Permit,
        targets: Vec<Target>,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        for target in targets {
            match self.remove(permit, target, options.clone()).await? {
                Written::AlreadyRevoked => {}
                written => return Ok(written),
            }
        }
        Ok(Written::AlreadyRevoked)
    }

    async fn remove(
        &mut self,
        permit: &Permit,
        target: Target,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        let requests = &self.turns.requests;
        let mut write = RevokeWrite::new(requests, permit, target, options.clone());
        let mut backoff =
            Backoff::new("remove the assignment", requests.timing(), options.deadline);
        loop {
            let attempt = write.attempt().await;
            if let Some(result) = self.after(&mut backoff, attempt, &options).await {
                return result.map_err(|error| error.in_doubt(write.lost_response()));
            }
        }
    }

    /// The final result after an attempt; `None` after a wait. A write of low priority lets others go
    /// first while it waits.
    async fn after(
        &mut self,
        backoff: &mut Backoff,
        attempt: Attempt<Written, GraphError>,
        options: &WriteOptions,
    ) -> Option<Result<Written, GraphError>> {
        if options.caller.priority == Priority::Low && matches!(attempt, Attempt::Again { .. }) {
            self.guard = None;
        }
        let result = backoff.after(attempt).await;
        if result.is_none() && self.guard.is_none() {
            match self.turns.take(self.principal, &options.caller, options.deadline).await {
                Ok(guard) => self.guard = Some(guard),
                Err(error) => return Some(Err(error)),
            }
        }
        result
    }
}
