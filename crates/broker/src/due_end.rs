//! Ends one assignment whose end has come.

use std::sync::Arc;

use app_roles::{
    directory::{Api, Assignment, Principal, PrincipalKind},
    held::{HeldAssignments, Holding},
    names::{ApiName, PrincipalName},
    outcome::{RoleOutcome, Status},
    policy::{DueEnd, OwnIdentity, Policy},
    text::RequestId,
};
use microsoft_graph::{
    Graph,
    assignments::{Removable, Turn, WriteOptions},
    error::{ErrorKind, GraphError},
    service_principals::Lookup,
};
use record::ends::{Claim, Details, EndKey, EndRow, StoredEnd, Subject};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    ask::Ask,
    asked::Asked,
    assignment_ends::AssignmentEnds,
    directory::{Directory, Target},
    end_step::{EndFact, EndStep},
    moment::rfc3339,
    recorder::Recorder,
    timing::Timing,
    work::{Done, End, IntendedChange, PlannedChange, Work},
    writer::written,
};

/// Ends assignments, one at a time.
pub(crate) struct DueEnds {
    graph: Arc<Graph>,
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
    ends: Arc<AssignmentEnds>,
    pub(crate) timing: Timing,
}

/// What became of a row whose end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing is left to do.
    Done,
    /// A write may be under way, or its assignment is not in Graph's list yet. The row waits for both.
    Waits,
    /// Another instance has begun to end it.
    Contested,
}

/// An assignment that must be removed now.
struct DueAssignment<'a> {
    assignment: Assignment,
    claim: &'a Claim,
}

impl DueEnds {
    pub(crate) fn new(
        graph: Arc<Graph>,
        directory: Arc<Directory>,
        recorder: Arc<Recorder>,
        ends: Arc<AssignmentEnds>,
    ) -> Self {
        let timing = directory.timing().clone();
        Self { graph, directory, recorder, ends, timing }
    }

    /// Removes the assignment of a row if its end has come. `index` makes the audit row unique within the
    /// invocation. The error says why the row stays.
    pub(crate) async fn end(
        &self,
        ask: &Ask,
        stored: &StoredEnd,
        index: usize,
    ) -> Result<Ended, String> {
        let mut stored = stored.clone();
        let own = self.directory.own_identity(ask.deadline).await.map_err(reason)?;
        let key = stored.row.key;
        if key.principal == own.object_id {
            return self.refuse(ask, &stored).await;
        }
        // Ends take turns as a caller of their own, so that no requester can delay them with many requests.
        let caller = ask.caller();
        let turn = self.graph.assignments().turn(key.principal, &caller, ask.deadline);
        let mut turn = turn.await.map_err(reason)?;
        let now = OffsetDateTime::now_utc();
        let listed = match stored.row.has_writes() {
            true => self.held(ask, &stored.row).await?,
            false => None,
        };
        if let Some(listed) = &listed {
            let table = self.ends.table().map_err(|failure| failure.message)?;
            let excepted = table.except_others(&mut stored.row, listed, ask.deadline).await;
            excepted.map_err(|error| error.to_string())?;
        }
        let Some(due) = due_assignment(&stored.row, listed.as_ref(), now) else {
            return self.after_list(ask, &stored.row, listed, now).await;
        };
        self.remove(ask, &mut turn, (&stored, due, own), index).await
    }

    /// The principal's assignment of the role, according to the list of Microsoft Graph.
    async fn held(&self, ask: &Ask, row: &EndRow) -> Result<Option<Assignment>, String> {
        let (key, due_at) = (row.key, row.due_at());
        let listed = self.graph.assignments().list_by_object_id(key.principal, ask.deadline).await;
        let held = match listed {
            Ok(held) => held,
            // A principal that does not exist holds nothing.
            Err(error) if is_missing(&error) && self.is_deleted(ask, key, due_at).await => {
                return Ok(None);
            }
            Err(error) => return Err(reason(error)),
        };
        match held.holding(key.api, key.role) {
            Holding::Held(assignment) => Ok(Some(assignment.clone())),
            Holding::NotHeld => Ok(None),
            Holding::Unclear => Err(reason(GraphError::unclear_assignment())),
        }
    }

    /// Whether a principal that Microsoft Graph has just not found does not exist. A replica may lag and not
    /// know a principal that exists, so another read must agree, and the end must be due for longer than
    /// replicas lag.
    async fn is_deleted(&self, ask: &Ask, key: EndKey, due_at: Option<OffsetDateTime>) -> bool {
        let lag = self.timing.replication;
        if due_at.is_none_or(|end| OffsetDateTime::now_utc() - end < lag) {
            return false;
        }
        let name = PrincipalName::ObjectId(key.principal);
        let found = self.graph.service_principals().find(&name, ask.deadline).await;
        matches!(found, Ok(Lookup::NotFound))
    }

    /// Forgets a row about the broker's own identity. The broker assigns itself nothing, so the row is
    /// forged.
    async fn refuse(&self, ask: &Ask, stored: &StoredEnd) -> Result<Ended, String> {
        tracing::error!(
            event = "end.not_ours",
            principal_id = %stored.row.key.principal,
            resource_id = %stored.row.key.api,
            app_role_id = %stored.row.key.role,
            "a row names an assignment of the broker itself, which the broker cannot have made"
        );
        let table = self.ends.table().map_err(|failure| failure.message)?;
        table.forget(stored, ask.deadline).await.map_err(|error| error.to_string())?;
        Ok(Ended::Done)
    }

    /// Stores what the list proves when there is nothing to remove.
    async fn after_list(
        &self,
        ask: &Ask,
        row: &EndRow,
        held: Option<Assignment>,
        at: OffsetDateTime,
    ) -> Result<Ended, String> {
        let is_held = held.is_some();
        let step = EndStep { key: row.key, fact: EndFact::Listed(held, at), end: None };
        let taken = self.ends.take(ask, &[step], ask.deadline).await;
        let taken = taken.map_err(|failure| failure.message)?;
        let is_dropped = taken.first().is_some_and(|one| one.is_ok_and(|end| end.is_dropped));
        if !is_dropped {
            return Ok(Ended::Waits);
        }
        if is_held {
            tracing::info!(event = "end.not_ours", principal_id = %row.key.principal,
                resource_id = %row.key.api, app_role_id = %row.key.role,
                "the principal holds the role by an assignment of others, which stays");
        } else {
            log_not_held(row.key);
        }
        Ok(Ended::Done)
    }

    /// Removes one assignment, after its end is announced and its intent is recorded.
    async fn remove(
        &self,
        ask: &Ask,
        turn: &mut Turn<'_>,
        (stored, due, own): (&StoredEnd, DueAssignment<'_>, OwnIdentity),
        index: usize,
    ) -> Result<Ended, String> {
        let (key, claim) = (stored.row.key, due.claim);
        let mut change = self.planned(ask, key, &due)?;
        let look = turn.look(&change.permit, &due.assignment, ask.deadline).await;
        let look = look.map_err(reason)?;
        change.removes = Some(Removable { assignment: due.assignment.clone(), look });
        let table = self.ends.table().map_err(|failure| failure.message)?;
        let until = self.ends.writes_until(ask);
        let begun = table.begin(stored, until, ask.deadline).await;
        if !begun.map_err(|error| error.to_string())? {
            return Ok(Ended::Contested);
        }
        let target = target(key, &claim.details, own);
        let request_id = claim.details.request_id.as_deref();
        let request_id = request_id.and_then(|id| RequestId::parse(id).ok());
        let asked = Asked::End(request_id.as_ref());
        let work = Work { ask, asked, target: &target, first_row: index };
        let began = OffsetDateTime::now_utc();
        let intended = self.recorder.intend(&work, vec![change]).await;
        let mut intended = intended.map_err(|failure| failure.message)?;
        let change = intended.pop().ok_or("nothing was planned")?;
        let done = self.carry_out(turn, change, &due, (ask, key, began)).await;
        let outcome = done.roles.first().cloned();
        let answer = done.answer(&target);
        let recorded = self.recorder.record_one_of_many(ask, asked, (work.first_row, answer)).await;
        recorded.map_err(|again| again.reason)?;
        finish(key, outcome)
    }

    /// Removes an assignment whose intent is recorded.
    async fn carry_out(
        &self,
        turn: &mut Turn<'_>,
        IntendedChange { intent, outcome, options, .. }: IntendedChange,
        due: &DueAssignment<'_>,
        (ask, key, began): (&Ask, EndKey, OffsetDateTime),
    ) -> Done {
        let id = due.assignment.id.clone();
        let removed = turn.remove_exactly(&intent, &due.assignment, options).await;
        let removed = self.recorder.claims().judge(&intent, removed, ask.deadline).await;
        let (outcome, fact, is_certain) = match removed {
            Ok(removed) => {
                let outcome = written(removed, outcome);
                let fact = match outcome.status {
                    Status::Revoked => EndFact::Removed(id, began),
                    _ => EndFact::Gone(id),
                };
                (outcome, Some(fact), true)
            }
            Err(error)
                if is_missing(&error) && self.is_deleted(ask, key, Some(due.claim.end)).await =>
            {
                let outcome = RoleOutcome { status: Status::AlreadyRevoked, ..outcome };
                (outcome, Some(EndFact::Gone(id)), true)
            }
            Err(error) => {
                let (is_certain, is_in_doubt) = (error.is_certain(), error.is_in_doubt());
                tracing::error!(event = "graph.failed", kind = ?error.kind(), again = true, "{error}");
                let outcome = outcome.with_failure(error.into_failure());
                let status = if is_in_doubt { Status::Unknown } else { Status::Failed };
                (RoleOutcome { status, ..outcome }, None, is_certain)
            }
        };
        let ends = fact.map(|fact| EndStep { key, fact, end: None }).into_iter().collect();
        let intents = is_certain.then(|| intent.into_key()).into_iter().collect();
        Done { roles: vec![outcome], intents, ends, end: End::Complete }
    }

    fn planned(
        &self,
        ask: &Ask,
        EndKey { principal, api, role }: EndKey,
        DueAssignment { claim, .. }: &DueAssignment<'_>,
    ) -> Result<PlannedChange, String> {
        let (rule, end) = (claim.details.rule.clone(), claim.end);
        let due = DueEnd { principal, api, role, rule: rule.clone(), end };
        let permit = Policy::permit_end(&due, OffsetDateTime::now_utc());
        let permit = permit.ok_or("the end has not come yet")?;
        let outcome = RoleOutcome {
            id: Some(role),
            value: claim.details.app_role_value.clone(),
            rule: Some(rule),
            ..RoleOutcome::new(Status::NotAttempted)
        };
        let message = format!("ended as agreed: its end was {}", rfc3339(end));
        let options = WriteOptions {
            client_request_id: Uuid::new_v4(),
            deadline: ask.deadline,
            replication_deadline: ask.deadline.at_most(std::time::Duration::ZERO),
            caller: ask.caller(),
        };
        let outcome = outcome.with_message(&message);
        Ok(PlannedChange { index: 0, permit, outcome, removes: None, options })
    }
}

/// The assignment that must be removed now: one that the row names, or one that a list shows.
fn due_assignment<'a>(
    row: &'a EndRow,
    listed: Option<&Assignment>,
    now: OffsetDateTime,
) -> Option<DueAssignment<'a>> {
    let EndKey { api, role, .. } = row.key;
    if let Some(listed) = listed.filter(|listed| row.is_due(listed, now)) {
        return Some(DueAssignment { assignment: listed.clone(), claim: row.claim_of(listed)? });
    }
    row.claims.iter().filter(|claim| claim.end <= now).find_map(|claim| {
        let Subject::Assignment { id, .. } = &claim.subject else { return None };
        let assignment = Assignment { id: id.clone(), api, role, created: None };
        Some(DueAssignment { assignment, claim })
    })
}

/// Logs the outcome of the removal, once it is recorded.
fn finish(key: EndKey, outcome: Option<RoleOutcome>) -> Result<Ended, String> {
    let outcome = outcome.unwrap_or_else(|| RoleOutcome::new(Status::Unknown));
    match outcome.status {
        Status::Revoked => tracing::info!(
            event = "end.done",
            principal_id = %key.principal,
            resource_id = %key.api,
            app_role_id = %key.role,
            assignment_id = outcome.assignment_id,
            "the assignment has ended as agreed"
        ),
        Status::AlreadyRevoked => log_not_held(key),
        _ => return Err(outcome.message.unwrap_or_default()),
    }
    Ok(Ended::Done)
}

fn log_not_held(EndKey { principal, api, role }: EndKey) {
    tracing::info!(
        event = "end.not_held",
        principal_id = %principal,
        resource_id = %api,
        app_role_id = %role,
        "the assignment was gone before its end"
    );
}

/// Whether the principal, or the API, does not exist. Its assignments do not exist either.
fn is_missing(error: &GraphError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PrincipalNotFound | ErrorKind::ApiNotFound
    )
}

fn reason(error: GraphError) -> String {
    tracing::error!(event = "graph.failed", kind = ?error.kind(), again = true, "{error}");
    error.into_failure().message
}

/// The target of the removal, as the record describes it. The principal or the API may no longer exist.
fn target(key: EndKey, details: &Details, own: OwnIdentity) -> Target {
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    let principal = Principal {
        object_id: key.principal,
        client_id: None,
        display_name: name(&details.principal_display_name),
        kind: PrincipalKind::Unknown,
        resource_id: None,
        by_client_id: false,
    };
    let api = Api {
        object_id: key.api,
        app_id: details.api_app_id,
        owner: None,
        identifier_uris: Vec::new(),
        display_name: name(&details.api_display_name),
        roles: Vec::new(),
        has_unreadable_roles: false,
    };
    let api_name = ApiName::ObjectId(key.api);
    Target { own, principal, api_name, api: Arc::new(api), held: HeldAssignments::default() }
}
