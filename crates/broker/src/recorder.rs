//! The record: log lines, audit rows, and the results that requesters get.

use std::sync::Arc;

use app_roles::{
    VERSION,
    assignment_list::{AssignmentList, HeldRole},
    ids::ObjectId,
    outcome::{Code, Failure, RoleOutcome, Status},
    policy::{Permit, Policy},
    request::{Action, Request},
    result::{RequestResult, ResultApi, ResultPrincipal},
    text::RequestId,
};
use azure_rest::retry::millis;
use microsoft_graph::error::GraphError;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::field::display;
use uuid::Uuid;

use crate::{
    answer::Answer,
    ask::{Ask, IfFailed},
    audit_row,
    check::Check,
    directory::Target,
    log_output::LogOutput,
    mode::Mode,
    recorded::Recorded,
    stop::{Again, Stop, Unreadable},
    storage_checks::{AUDIT_TABLE, StorageChecks},
};

/// The log target of the record: what was decided and done. No setting silences these lines.
pub const RECORD: &str = "record";

/// How long the platform caches a managed identity's token ("Managed identities best practice
/// recommendations"). After that, no token is older than a change.
pub const TOKEN_CACHE: time::Duration = time::Duration::hours(24);

/// Keeps the record.
pub(crate) struct Recorder {
    policy: Arc<Policy>,
    mode: Mode,
    storage: Arc<StorageChecks>,
    log: LogOutput,
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A request.
    Request(&'a Request),
    /// What the baseline gives an identity.
    Baseline,
    /// A message that is no request, or a reading, with the requester's own id of it.
    Unreadable(Option<&'a RequestId>),
}

impl Recorder {
    pub(crate) fn new(
        policy: Arc<Policy>,
        mode: Mode,
        storage: Arc<StorageChecks>,
        log: LogOutput,
    ) -> Self {
        Self { policy, mode, storage, log }
    }

    /// Fails while the audit table cannot be reached: rows of a write would be lost.
    pub(crate) async fn check_available(&self) -> Result<(), Failure> {
        if self.log.is_broken() {
            return Err(no_record());
        }
        if self.storage.table().await != Check::Failed {
            return Ok(());
        }
        tracing::error!(
            event = "record.unavailable",
            "nothing is written to Microsoft Graph while the table {AUDIT_TABLE} cannot be reached"
        );
        Err(no_record())
    }

    /// Logs a write before it is sent, so that a grant whose record was lost can be traced. The error
    /// means that the line did not reach the host, so that nothing may be written.
    pub(crate) fn intend(
        &self,
        ask: &Ask,
        permit: &Permit,
        client_request_id: Uuid,
    ) -> Result<(), Failure> {
        tracing::info!(
            target: RECORD,
            event = "grant.intent",
            invocation_id = %ask.invocation_id,
            message_id = ask.message_id.as_ref().map(display),
            requester = %ask.requester,
            action = permit.action().verb(),
            principal_id = %permit.principal(),
            resource_id = %permit.api(),
            app_role_id = %permit.role(),
            rule = permit.rule(),
            client_request_id = %client_request_id,
            "about to change an app role assignment"
        );
        if self.log.is_broken() { Err(no_record()) } else { Ok(()) }
    }

    /// Logs the outcome of a write that was unknown when the request was answered.
    pub(crate) fn log_settled(&self, ask: &Ask, permit: &Permit, held: Result<bool, GraphError>) {
        let is_held = match held {
            Ok(is_held) => is_held,
            Err(error) => {
                tracing::error!(event = "write.unsettled", invocation_id = %ask.invocation_id,
                    principal_id = %permit.principal(), resource_id = %permit.api(),
                    app_role_id = %permit.role(), "read what the principal holds: {error}");
                return;
            }
        };
        tracing::info!(
            target: RECORD,
            event = "write.settled",
            invocation_id = %ask.invocation_id,
            requester = %ask.requester,
            action = permit.action().verb(),
            principal_id = %permit.principal(),
            resource_id = %permit.api(),
            app_role_id = %permit.role(),
            rule = permit.rule(),
            message_id = ask.message_id.as_ref().map(display),
            is_held,
            "read the outcome of a write that was not answered in time"
        );
    }

    /// Records how work ended.
    ///
    /// Work that another delivery may finish is not answered: only what it has changed is logged,
    /// because the next delivery will find that done.
    pub(crate) fn record(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        outcome: Result<Vec<Answer>, Stop>,
    ) -> Result<Recorded, Again> {
        let (answers, given_up) = match outcome {
            Ok(answers) => (answers, None),
            Err(Stop::Final(answer)) => (vec![answer], None),
            Err(Stop::GiveUp(Again { answers, reason, .. })) => (answers, Some(reason)),
            Err(Stop::Again(again)) if comes_again(ask, &again) => {
                self.log(ask, asked, &again.answers, RoleOutcome::is_change);
                return Err(again);
            }
            Err(Stop::Again(Again { answers, reason, .. })) => {
                let given_up = match asked {
                    Asked::Baseline => Some(reason),
                    // The reason may be corrected by what is in effect.
                    Asked::Request(_) | Asked::Unreadable(_) => Answer::failures(&answers),
                };
                (answers, given_up)
            }
        };
        let answers: Vec<_> = answers.into_iter().map(|answer| asked.complete(answer)).collect();
        self.log(ask, asked, &answers, |_| true);
        let mut recorded = Recorded { results: Vec::new(), rows: Vec::new(), given_up };
        for answer in answers {
            let result = self.result(ask, asked, answer);
            let index = recorded.rows.len();
            let rows = audit_row::rows(&result, asked.request(), ask, index);
            recorded.rows.extend(rows);
            recorded.results.push(result);
        }
        Ok(recorded)
    }

    /// Records that the requester read what a principal holds.
    pub(crate) fn record_reading(
        &self,
        ask: &Ask,
        target: &Target,
        assignments: Vec<HeldRole>,
    ) -> AssignmentList {
        self.log_reading(ask, Some(target), "read");
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
        self.log_reading(
            ask,
            target,
            match (target, is_denied) {
                (Some(_), _) => "refused",
                (None, true) => "denied",
                (None, false) => "failed",
            },
        );
        let results = vec![self.result(ask, Asked::Unreadable(None), answer)];
        Recorded { results, rows: Vec::new(), given_up: None }
    }

    fn log_reading(&self, ask: &Ask, target: Option<&Target>, status: &str) {
        tracing::info!(
            target: RECORD,
            event = "audit",
            invocation_id = %ask.invocation_id,
            requester = %ask.requester,
            action = "read",
            principal_id = shown(target.map(|target| target.principal.object_id)),
            resource_id = shown(target.map(|target| target.api.object_id)),
            status,
            policy_sha256 = self.policy.sha256(),
            "looked at what a principal holds"
        );
    }

    /// Logs a line for each role that `is_logged`.
    fn log(
        &self,
        ask: &Ask,
        asked: Asked<'_>,
        answers: &[Answer],
        is_logged: fn(&RoleOutcome) -> bool,
    ) {
        for answer in answers {
            for role in answer.roles.iter().filter(|role| is_logged(role)) {
                self.log_role(ask, asked, answer, role);
            }
        }
    }

    fn log_role(&self, ask: &Ask, asked: Asked<'_>, answer: &Answer, role: &RoleOutcome) {
        tracing::info!(
            target: RECORD,
            event = "audit",
            invocation_id = %ask.invocation_id,
            request_id = asked.request_id().map(display),
            message_id = ask.message_id.as_ref().map(display),
            requester = %ask.requester,
            action = asked.action().map(Action::verb),
            dry_run = asked.is_dry_run(self.mode),
            principal_id = shown(answer.principal.as_ref().map(ResultPrincipal::object_id)),
            resource_id = shown(answer.api.as_ref().map(ResultApi::object_id)),
            app_role_id = role.id.map(display),
            privileged = role.privileged,
            decision = role.decision(),
            status = %role.status,
            code = role.code.map(display),
            rule = role.rule,
            assignment_id = role.assignment_id,
            graph_request_id = role.graph_request_id,
            policy_sha256 = self.policy.sha256(),
            "decided on an app role"
        );
    }

    /// The result for the requester.
    pub(crate) fn result(&self, ask: &Ask, asked: Asked<'_>, answer: Answer) -> RequestResult {
        let is_changed = answer.roles.iter().any(RoleOutcome::is_change);
        RequestResult {
            request_id: asked.request_id().map(ToString::to_string),
            message_id: ask.message_id.as_ref().map(ToString::to_string),
            invocation_id: ask.invocation_id,
            function: ask.function.clone(),
            requester: ask.requester.clone(),
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

impl<'a> Asked<'a> {
    /// A message that is no request.
    pub(crate) fn of_unreadable(fault: &'a Unreadable) -> Self {
        Self::Unreadable(fault.request_id.as_ref())
    }

    fn request(self) -> Option<&'a Request> {
        match self {
            Self::Request(request) => Some(request),
            Self::Baseline | Self::Unreadable(_) => None,
        }
    }

    /// The requester's own id of the request.
    fn request_id(self) -> Option<&'a RequestId> {
        match self {
            Self::Request(request) => request.request_id.as_ref(),
            Self::Unreadable(request_id) => request_id,
            Self::Baseline => None,
        }
    }

    /// An answer with one outcome for each role of the request.
    fn complete(self, answer: Answer) -> Answer {
        match self.request() {
            Some(request) => answer.for_each_role_of(request),
            None => answer,
        }
    }

    fn action(self) -> Option<Action> {
        match self {
            Self::Request(request) => Some(request.action),
            Self::Baseline => Some(Action::Assign),
            Self::Unreadable(_) => None,
        }
    }

    fn is_dry_run(self, mode: Mode) -> Option<bool> {
        match self {
            Self::Request(request) => Some(mode.is_dry_run(request)),
            Self::Baseline => Some(mode.only_reports()),
            Self::Unreadable(_) => None,
        }
    }
}

/// Why nothing is written: the record would be lost.
fn no_record() -> Failure {
    let message = "the broker's record of decisions cannot be reached, and nothing is changed without it; \
                   its operators find the reason in its log";
    Failure { code: Code::RecordUnavailable, message: message.to_owned(), graph_request_id: None }
}

/// Whether work that is not finished comes to the broker again.
fn comes_again(ask: &Ask, again: &Again) -> bool {
    match ask.delivery.if_failed {
        IfFailed::Redelivered => true,
        IfFailed::GivenUp => false,
        // The caller is told that the broker is paused; nothing was decided.
        IfFailed::CallerRepeats => again.is_paused,
    }
}

fn shown(id: Option<ObjectId>) -> Option<tracing::field::DisplayValue<ObjectId>> {
    id.map(display)
}

/// A moment in UTC, as results write it (RFC 3339).
#[must_use]
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
