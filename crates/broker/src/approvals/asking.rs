//! Keeps a request until it is approved.

use app_roles::{
    approval::ApprovalState,
    held::Holding,
    ids::ApprovalId,
    outcome::{Code, RoleOutcome, Status},
    policy::Decision,
    request::{Action, Request},
};
use azure_rest::tables::TableError;
use record::{
    approvals::{ApprovalRow, StoredApproval},
    ends::PrincipalEnds,
};
use time::{Duration, OffsetDateTime};

use super::{
    closing::{about, denied, expired},
    events,
    parts::{ApprovalParts, table_failed},
    review::{shown, with_ids},
};
use crate::{
    answer::Answer,
    approval_reference::ApprovalReference,
    ask::Ask,
    decide::{Decided, not_attempted},
    directory::Target,
    moment::rfc3339,
    stop::{Again, Stop},
};

impl ApprovalParts {
    /// The answer to a message whose request an earlier delivery has already kept. Its final result comes
    /// from its row, whatever the policy and the mode say now.
    pub(crate) async fn of_message(&self, ask: &Ask) -> Result<Option<Answer>, Stop> {
        let (Some(message_id), Some(_)) = (&ask.message_id, &self.record) else { return Ok(None) };
        let id = ApprovalId::of_message(&message_id.to_string());
        let stored = self.get(id, ask.deadline).await.map_err(Stop::Again)?;
        let row = stored.map(|stored| stored.row).filter(|row| !row.state.is_final());
        Ok(row.map(|row| {
            let outcome = RoleOutcome::new(Status::PendingApproval);
            about(&row, &outcome.with_message(&waits(&row)))
        }))
    }

    /// Keeps a request that needs an approval, and answers that it waits. A request that is kept already is
    /// not kept twice.
    pub(crate) async fn ask(
        &self,
        (ask, request): (&Ask, &Request),
        target: &Target,
        decided: Vec<Decided>,
    ) -> Result<Answer, Stop> {
        let in_effect = self.in_effect((ask, request), target, &decided).await?;
        if let Some(roles) = in_effect.iter().map(RoleInEffect::unchanged).collect() {
            return Ok(target.answer(roles));
        }
        let kept = match self.kept_already((ask, request), target, &decided).await? {
            Some(row) => row,
            None if decided.iter().any(lacks_approvers) => {
                return Err(Stop::Final(without_approvers(target, decided)));
            }
            None => {
                self.check_room(ask, target, &decided).await?;
                self.keep((ask, request), target, &decided).await?
            }
        };
        Ok(answer_about(&kept, target, &in_effect))
    }

    /// Which of the roles the principal holds already, and with which ends.
    async fn in_effect(
        &self,
        (ask, request): (&Ask, &Request),
        target: &Target,
        decided: &[Decided],
    ) -> Result<Vec<RoleInEffect>, Stop> {
        let held = self.directory.held(target, ask.deadline).await?;
        let ends = if request.action == Action::Revoke || held.is_empty() {
            PrincipalEnds::default()
        } else {
            let ends = self.ends.of(target.principal.object_id, ask.deadline).await;
            ends.map_err(|failure| Stop::Again(Again::without_record(&failure)))?
        };
        let role = |Decided { decision, outcome }: &Decided| {
            let permit = decision.permit();
            let known = RoleOutcome { approved_by: None, ..outcome.clone() };
            match (permit.action(), held.holding(permit.api(), permit.role())) {
                (Action::Assign, Holding::Held(assignment)) => RoleInEffect {
                    outcome: RoleOutcome { status: Status::AlreadyAssigned, ..known }
                        .with_assignment(assignment.clone())
                        .with_end(ends.end_of(permit.principal(), assignment)),
                    is_in_effect: true,
                },
                (Action::Revoke, Holding::NotHeld) => RoleInEffect {
                    outcome: RoleOutcome { status: Status::AlreadyRevoked, ..known },
                    is_in_effect: true,
                },
                _ => RoleInEffect { outcome: known, is_in_effect: false },
            }
        };
        Ok(decided.iter().map(role).collect())
    }

    /// The row of this request if it is kept already, by an earlier delivery of its message or by an equal
    /// call that still waits.
    async fn kept_already(
        &self,
        (ask, request): (&Ask, &Request),
        target: &Target,
        decided: &[Decided],
    ) -> Result<Option<ApprovalRow>, Stop> {
        if let Some(message_id) = &ask.message_id {
            let id = ApprovalId::of_message(&message_id.to_string());
            let stored = self.get(id, ask.deadline).await.map_err(Stop::Again)?;
            return Ok(stored.map(|stored| stored.row));
        }
        let digest = self.subject(ask, request, (target, decided)).digest();
        let table = self.table().map_err(Stop::Again)?;
        let equal = table.waiting_with_digest(&digest, ask.deadline).await;
        let equal = equal.map_err(|error| Stop::Again(table_failed(&error)))?;
        let is_same = |row: &ApprovalRow| {
            row.message_id.is_none() && row.request.request_id == request.request_id
        };
        let now = ask.started.at;
        let mut equal = equal.into_iter().map(|stored| stored.row);
        // An approved request no longer waits for approvers, so it does not expire.
        let waits =
            |row: &ApprovalRow| now < row.expires_at || row.state == ApprovalState::Approved;
        Ok(equal.find(|row| is_same(row) && waits(row)))
    }

    /// Stores the row of a new request, and sends the event.
    async fn keep(
        &self,
        (ask, request): (&Ask, &Request),
        target: &Target,
        decided: &[Decided],
    ) -> Result<ApprovalRow, Stop> {
        let row = self.new_row((ask, request), target, decided);
        let table = self.table().map_err(Stop::Again)?;
        match table.insert(&row, ask.deadline).await {
            // The row exists if an answer was lost, or if another delivery stored it at the same time.
            Ok(()) | Err(TableError::Exists) => {}
            Err(error) => return Err(Stop::Again(table_failed(&error))),
        }
        tracing::info!(
            event = "approval.requested",
            approval_id = %row.id,
            principal_id = %row.subject.principal_id,
            requester = %row.requester,
            "the request waits for approval"
        );
        let stored = self.get(row.id, ask.deadline).await.map_err(Stop::Again)?;
        let Some(stored) = stored else {
            return Err(Stop::again("the row of the approval is not there after it was stored"));
        };
        let StoredApproval { row, .. } = &stored;
        let kept = row.clone();
        self.send(&stored, ask.deadline).await;
        Ok(kept)
    }

    fn new_row(
        &self,
        (ask, request): (&Ask, &Request),
        target: &Target,
        decided: &[Decided],
    ) -> ApprovalRow {
        let id = match &ask.message_id {
            Some(message_id) => ApprovalId::of_message(&message_id.to_string()),
            None => ApprovalId::random(),
        };
        let created_at = OffsetDateTime::now_utc();
        let mut row = ApprovalRow {
            id,
            state: ApprovalState::Pending,
            subject: self.subject(ask, request, (target, decided)),
            request: with_ids(request, target, decided),
            requester: ask.requester.clone(),
            function: ask.function.clone(),
            invocation_id: ask.invocation_id,
            message_id: ask.message_id.clone(),
            shown: shown(target, decided),
            created_at,
            expires_at: expires_at(request, decided, created_at),
            decisions: Vec::new(),
            carry_out: None,
            approved_at: None,
            finished_at: None,
            result: None,
            result_is_due: false,
            unsent_events: Vec::new(),
        };
        row.unsent_events = vec![events::requested(&row, created_at)];
        row
    }
}

/// When a request expires: after the shortest waiting time of its rules, and not later than its own limit.
fn expires_at(request: &Request, decided: &[Decided], now: OffsetDateTime) -> OffsetDateTime {
    let within = decided.iter().filter_map(|one| match &one.decision {
        Decision::NeedsApproval(unapproved) => Some(unapproved.terms().within()),
        Decision::Allowed(_) => None,
    });
    let within = within.min().map_or(Duration::ZERO, Duration::from);
    let latest = now.saturating_add(within);
    let latest = request.not_after.map_or(latest, |not_after| not_after.min(latest));
    latest.truncate_to_second()
}

/// Whether too few approvers of the rule may decide on this request.
fn lacks_approvers(one: &Decided) -> bool {
    match &one.decision {
        Decision::Allowed(_) => false,
        Decision::NeedsApproval(unapproved) => {
            unapproved.eligible().len() < unapproved.terms().count()
        }
    }
}

/// The answer to a request that can never be approved.
fn without_approvers(target: &Target, decided: Vec<Decided>) -> Answer {
    let roles = decided.into_iter().map(|one| {
        if !lacks_approvers(&one) {
            return not_attempted(one.outcome);
        }
        RoleOutcome { status: Status::Denied, ..one.outcome }.with_code(Code::NoApprover).with_message(
            "the rule names too few approvers who may decide on this request: its requester and the \
             identity that the role is for do not count",
        )
    });
    target.answer(roles.collect())
}

/// A role of a request, and whether it is as the request wants it.
struct RoleInEffect {
    /// What is known of the role.
    outcome: RoleOutcome,
    is_in_effect: bool,
}

impl RoleInEffect {
    /// The outcome if the request would change nothing, so that no approver is asked. A request for an
    /// assignment with an end does change something: it extends the end.
    fn unchanged(&self) -> Option<RoleOutcome> {
        let is_unchanged = self.is_in_effect && self.outcome.end_date_time.is_none();
        is_unchanged.then(|| self.outcome.clone())
    }
}

/// The answer about a request that is kept. If it has ended, the answer states what is in effect, because
/// an approval is used only once.
fn answer_about(row: &ApprovalRow, target: &Target, roles: &[RoleInEffect]) -> Answer {
    let is_over = row.state.is_final();
    let (status, message) = match row.state {
        ApprovalState::Pending | ApprovalState::Approved => (Status::PendingApproval, waits(row)),
        ApprovalState::Denied => return about(row, &denied()),
        ApprovalState::Expired => return about(row, &expired()),
        ApprovalState::Done | ApprovalState::Refused => (
            Status::NotAttempted,
            "the approval of this message was used or has ended; its final result was sent"
                .to_owned(),
        ),
    };
    let roles = roles.iter().map(|role| {
        let RoleInEffect { outcome, is_in_effect } = role;
        if is_over && *is_in_effect {
            return outcome.clone();
        }
        RoleOutcome { status, ..outcome.clone() }.with_message(&message)
    });
    let approval = ApprovalReference { id: row.id, digest: row.subject.digest() };
    Answer { approval: Some(Box::new(approval)), ..target.answer(roles.collect()) }
}

/// The message to the requester of a waiting request.
fn waits(row: &ApprovalRow) -> String {
    if row.state == ApprovalState::Approved {
        return "is approved and being carried out".to_owned();
    }
    format!(
        "waits for approval until {}; an approver decides with `app-role approvals show {}`",
        rfc3339(row.expires_at),
        row.id
    )
}
