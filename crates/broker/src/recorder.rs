//! Keeps the record: rows before writes and before answers, and the results that requesters get.

use std::sync::Arc;

use app_roles::{
    VERSION,
    assignment_list::{AssignmentList, HeldRole},
    outcome::{Failure, RoleOutcome, Status},
    policy::Policy,
    result::RequestResult,
};
use azure_rest::{
    retry::{Deadline, millis},
    tables::Entity,
};
use record::{
    approvals::ApprovalRow,
    intent::IntentKey,
    record::{PlannedWrite, ROW_KEY, Record},
};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    answer::Answer,
    ask::{Ask, IfFailed},
    asked::Asked,
    assignment_ends::AssignmentEnds,
    audit_row,
    ballot::Ballot,
    change_events::{ChangeEvent, ChangeEvents},
    directory::Target,
    end_step::EndStep,
    log_output::LogOutput,
    mode::Mode,
    moment::rfc3339,
    record_failure::{no_record, unavailable},
    record_log,
    recorded::Recorded,
    stop::{Again, Obstacle, Stop},
    timing::Timing,
    work::{IntendedChange, PlannedChange, Work},
    write_claims::WriteClaims,
};

/// How long the platform caches a managed identity's token ("Managed identities best practice
/// recommendations"). After that, no token is older than a change.
pub const TOKEN_CACHE: time::Duration = time::Duration::hours(24);

/// Keeps the record.
pub(crate) struct Recorder {
    policy: Arc<Policy>,
    mode: Mode,
    record: Option<Arc<Record>>,
    claims: WriteClaims,
    ends: Arc<AssignmentEnds>,
    events: ChangeEvents,
    log: LogOutput,
    timing: Timing,
}

/// Answers, with everything that is recorded about them.
struct Draft {
    results: Vec<RequestResult>,
    rows: Vec<Entity>,
    intents: Vec<IntentKey>,
    ends: Vec<EndStep>,
}

impl Recorder {
    pub(crate) fn new(
        (policy, mode): (Arc<Policy>, Mode),
        (record, ends, events): (Option<Arc<Record>>, Arc<AssignmentEnds>, ChangeEvents),
        log: LogOutput,
        timing: Timing,
    ) -> Self {
        let claims = WriteClaims::new(record.clone(), timing.calls.write_answer);
        Self { policy, mode, record, claims, ends, events, log, timing }
    }

    /// Decides which changes this instance may claim as its own.
    pub(crate) fn claims(&self) -> &WriteClaims {
        &self.claims
    }

    /// Stores and logs the intents of a series of writes. The error means that nothing may be written.
    pub(crate) async fn intend(
        &self,
        work: &Work<'_>,
        changes: Vec<PlannedChange>,
    ) -> Result<Vec<IntendedChange>, Failure> {
        let (mut planned, mut others) = (Vec::new(), Vec::new());
        for change in changes {
            let (row_key, row) = self.intent_row(work, &change);
            let PlannedChange { index, permit, outcome, options, .. } = change;
            planned.push(PlannedWrite { permit, row_key, row });
            others.push((index, outcome, options));
        }
        let record = self.record.as_ref().ok_or_else(no_record)?;
        let stored = record.intend(planned, work.ask.deadline).await;
        let intents = stored.map_err(|error| unavailable(&error))?.into_iter();
        let intended = intents.zip(others).map(|(intent, (index, outcome, options))| {
            IntendedChange { index, intent, outcome, options }
        });
        let intended: Vec<_> = intended.collect();
        for change in &intended {
            record_log::intent(work.ask, change);
        }
        // A line that did not reach the host would be missing in the log.
        if self.log.is_broken() { Err(no_record()) } else { Ok(intended) }
    }

    /// The row of an intent, and its key.
    fn intent_row(&self, work: &Work<'_>, change: &PlannedChange) -> (String, Entity) {
        let Work { ask, asked, target, first_row } = *work;
        let outcome = change.outcome.clone().with_end(change.permit.end());
        let removes = change.removes.iter().map(|removable| removable.assignment.clone());
        let outcome = removes.fold(outcome, RoleOutcome::with_assignment);
        let result = self.result(ask, asked, target.answer(vec![outcome]));
        let index = first_row + change.index;
        let row = audit_row::rows(&result, asked.request(), ask, index).pop().unwrap_or_default();
        // The write may be sent until the deadline, and take effect a little later.
        let in_reach = ask.deadline.remaining() + self.timing.calls.write_answer;
        let now = OffsetDateTime::now_utc();
        let moments = (now, now + in_reach);
        let mut row = audit_row::into_intent(row, change.options.client_request_id, moments);
        if let Some(removable) = &change.removes {
            audit_row::add_look(&mut row, removable.look);
        }
        (audit_row::index_key(result.invocation_id, index), row)
    }

    /// Records how work ended. The error means that nothing may be answered yet.
    ///
    /// Work that another delivery may finish gets no answer. What it has written is recorded now, because
    /// the next delivery finds it already done.
    pub(crate) async fn record(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        outcome: Result<Vec<Answer>, Stop>,
    ) -> Result<Recorded, Again> {
        let (answers, given_up) = match final_answers(ask, asked, outcome) {
            Ok(answers) => answers,
            Err(mut again) => {
                let answers = std::mem::take(&mut again.answers);
                self.record_writes(ask, asked, answers).await;
                return Err(again);
            }
        };
        let results = self.store_answers(ask, asked, answers, ask.first_row).await?;
        Ok(Recorded { results, given_up })
    }

    /// Records one answer of an invocation with several. `index` is the number of roles that the invocation
    /// has already recorded.
    pub(crate) async fn record_one_of_many(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        (index, answer): (usize, Answer),
    ) -> Result<(), Again> {
        self.store_answers(ask, asked, vec![answer], index).await.map(|_| ())
    }

    async fn store_answers(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        answers: Vec<Answer>,
        first_row: usize,
    ) -> Result<Vec<RequestResult>, Again> {
        let Draft { results, rows, intents, ends } = self.draft(ask, asked, answers, first_row);
        let events = self.events.about(&rows);
        let stored = async {
            let (stored, unsent) = tokio::join!(self.store(ask, rows), self.announce(events));
            stored?;
            self.log(ask, asked, &results, |_| true);
            self.close(intents, &unsent).await;
            Ok(())
        };
        let (stored, ended) = tokio::join!(stored, self.store_ends(ask, &ends));
        if stored.is_err() {
            self.log(ask, asked, &results, RoleOutcome::is_change);
        }
        match stored.and(ended) {
            Ok(()) => Ok(results),
            Err(failure) => Err(Again::without_record(&failure)),
        }
    }

    /// Records the writes of work that has no answer yet. If that fails, their intents stay open.
    async fn record_writes(&self, ask: &Ask, asked: Asked<'_>, answers: Vec<Answer>) {
        let Draft { results, mut rows, intents, ends } =
            self.draft(ask, asked, answers, ask.first_row);
        self.log(ask, asked, &results, RoleOutcome::is_change);
        rows.retain(|row| intents.iter().any(|intent| is_of_intent(row, intent)));
        let events = self.events.about(&rows);
        let stored = async {
            let (stored, unsent) = tokio::join!(self.store(ask, rows), self.announce(events));
            if stored.is_ok() {
                self.close(intents, &unsent).await;
            }
        };
        // The next delivery stores the ends that are not stored here.
        let _ = tokio::join!(stored, self.store_ends(ask, &ends));
    }

    /// Stores what was learnt about the ends of assignments.
    async fn store_ends(&self, ask: &Ask, steps: &[EndStep]) -> Result<(), Failure> {
        match self.ends.take(ask, steps, self.deadline(ask)).await {
            Err(failure) if !steps.iter().all(EndStep::can_be_lost) => Err(failure),
            _ => Ok(()),
        }
    }

    fn draft(&self, ask: &Ask, asked: Asked<'_>, answers: Vec<Answer>, first_row: usize) -> Draft {
        let mut draft =
            Draft { results: Vec::new(), rows: Vec::new(), intents: Vec::new(), ends: Vec::new() };
        for answer in answers {
            let mut answer = asked.complete(answer);
            draft.intents.append(&mut answer.intents);
            draft.ends.append(&mut answer.ends);
            let result = self.result(ask, asked, answer);
            let index = first_row + draft.rows.len();
            draft.rows.extend(audit_row::rows(&result, asked.request(), ask, index));
            draft.results.push(result);
        }
        draft
    }

    /// Records the decision of an approver. The error means that it does not count.
    pub(crate) async fn record_vote(
        &self,
        ask: &Ask,
        row: &ApprovalRow,
        ballot: &Ballot,
    ) -> Result<(), Again> {
        let row = audit_row::of_vote(ask, row, ballot);
        let stored = self.store(ask, vec![row]).await;
        stored.map_err(|failure| Again::without_record(&failure))
    }

    async fn store(&self, ask: &Ask, rows: Vec<Entity>) -> Result<(), Failure> {
        let record = self.record.as_ref().ok_or_else(no_record)?;
        let stored = record.store(rows, self.deadline(ask)).await;
        stored.map_err(|error| unavailable(&error))
    }

    /// Sends the events of writes while their rows are stored. Returns those that may not have been sent:
    /// their intents stay open, and a timer sends them later.
    async fn announce(&self, events: Vec<ChangeEvent>) -> Vec<ChangeEvent> {
        self.events.put_all(events, Deadline::after(self.timing.calls.write_answer)).await
    }

    /// Deletes the intents whose outcome is recorded and whose events are sent. The answer does not wait
    /// long for this, because an intent that stays is settled later.
    async fn close(&self, mut intents: Vec<IntentKey>, unsent: &[ChangeEvent]) {
        intents.retain(|intent| !unsent.iter().any(|event| event.is_of(&intent.row_key)));
        let Some(record) = &self.record else { return };
        let deadline = Deadline::after(self.timing.calls.write_answer);
        if let Err(error) = record.close(&intents, deadline).await {
            tracing::warn!(event = "intent.not_closed", "a timer closes it later: {error}");
        }
    }

    /// The latest time to store a row about completed work. A write may have ended at the last moment.
    fn deadline(&self, ask: &Ask) -> Deadline {
        ask.deadline.at_least(self.timing.calls.write_answer)
    }

    /// Logs a line for each role that `is_logged`.
    fn log(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        results: &[RequestResult],
        is_logged: fn(&RoleOutcome) -> bool,
    ) {
        for result in results {
            for role in result.roles.iter().filter(|role| is_logged(role)) {
                record_log::role(ask, (asked, self.mode), result, role);
            }
        }
    }

    /// Records that the requester read what a principal holds.
    pub(crate) fn record_reading(
        &self,
        ask: &Ask,
        target: &Target,
        assignments: Vec<HeldRole>,
    ) -> AssignmentList {
        record_log::reading(ask, Some(target), "read", self.policy.sha256());
        AssignmentList {
            invocation_id: ask.invocation_id,
            function: ask.function.clone(),
            requester: ask.requester.clone(),
            principal: (&target.principal).into(),
            api: target.api.as_ref().into(),
            assignments,
            started_at: rfc3339(ask.started.at),
            duration_ms: millis(ask.started.clock.elapsed()),
            policy_sha256: self.policy.sha256().map(str::to_owned),
            broker_version: VERSION,
        }
    }

    /// Records that the requester was not shown what a principal holds. A reading has no audit row.
    pub(crate) fn record_refused_reading(
        &self,
        ask: &Ask,
        target: Option<&Target>,
        answer: Answer,
    ) -> Recorded {
        let is_denied = answer.roles.iter().any(|role| role.status == Status::Denied);
        let status = match (target, is_denied) {
            (Some(_), _) => "refused",
            (None, true) => "denied",
            (None, false) => "failed",
        };
        record_log::reading(ask, target, status, self.policy.sha256());
        let results = vec![self.result(ask, Asked::Unreadable(None), answer)];
        Recorded { results, given_up: None }
    }

    /// The result for the requester.
    pub(crate) fn result(&self, ask: &Ask, asked: Asked<'_>, answer: Answer) -> RequestResult {
        let approval = answer.approval.map(|approval| *approval);
        let approval = approval.or_else(|| ask.approval.clone());
        let is_changed = answer.roles.iter().any(RoleOutcome::is_change);
        RequestResult {
            request_id: asked.request_id().map(ToString::to_string),
            message_id: ask.message_id.as_ref().map(ToString::to_string),
            invocation_id: ask.invocation_id,
            function: ask.function.clone(),
            requester: ask.requester.clone(),
            approval_id: approval.as_ref().map(|approval| approval.id),
            approval_digest: approval.map(|approval| approval.digest),
            action: asked.action(),
            dry_run: asked.is_dry_run(self.mode).unwrap_or(false),
            principal: answer.principal,
            api: answer.api,
            roles: answer.roles,
            candidates: answer.candidates,
            started_at: rfc3339(ask.started.at),
            duration_ms: millis(ask.started.clock.elapsed()),
            attempt: ask.delivery.number,
            effective_by: is_changed.then(|| rfc3339(OffsetDateTime::now_utc() + TOKEN_CACHE)),
            policy_sha256: self.policy.sha256().map(str::to_owned),
            broker_version: VERSION,
            truncated: false,
        }
    }
}

/// The final answers of work, and the reason if its message is given up. The error means that another
/// delivery may finish it.
fn final_answers(
    ask: &Ask,
    asked: Asked<'_>,
    outcome: Result<Vec<Answer>, Stop>,
) -> Result<(Vec<Answer>, Option<String>), Again> {
    match outcome {
        Ok(answers) => Ok((answers, None)),
        Err(Stop::Final(answer)) => Ok((vec![answer], None)),
        Err(Stop::GiveUp(Again { answers, reason, .. })) => Ok((answers, Some(reason))),
        Err(Stop::Again(again)) if comes_again(ask, &again) => Err(again),
        Err(Stop::Again(again)) => match asked {
            Asked::Baseline | Asked::End(_) => Ok((again.answers, Some(again.reason))),
            // The answers state the reason: what is in effect may have corrected it.
            Asked::Request(_) | Asked::Unreadable(_) => {
                let answers = again.into_answers();
                let given_up = Answer::failures(&answers);
                Ok((answers, given_up))
            }
        },
    }
}

/// Whether unfinished work will come to the broker again.
fn comes_again(ask: &Ask, again: &Again) -> bool {
    match ask.delivery.if_failed {
        IfFailed::Redelivered => true,
        IfFailed::GivenUp => false,
        // Nothing was decided, and the caller is told why.
        IfFailed::CallerRepeats => again.obstacle == Obstacle::Paused || again.answers.is_empty(),
    }
}

/// Whether a row is about the write of an intent.
fn is_of_intent(row: &Entity, intent: &IntentKey) -> bool {
    let row_key = row.get(ROW_KEY).and_then(Value::as_str);
    row_key.is_some_and(|row_key| row_key.ends_with(&intent.row_key))
}
