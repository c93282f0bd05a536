//! On which occasion something is asked, and the answer that says so.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use super::Workbench;
use app_roles::{
    VERSION,
    ids::InvocationId,
    outcome::RoleOutcome,
    request::{Action, Request},
    requester::Requester,
    result::RequestResult,
};
use azure_rest::retry::millis;
use broker::Decision;

/// How long the platform keeps a managed identity's token ("Managed identities best practice
/// recommendations"): after that, no token is older than a change.
const TOKEN_CACHE: time::Duration = time::Duration::hours(24);

/// One invocation that asks for something, whatever its trigger.
#[derive(Debug, Clone)]
pub(super) struct Occasion<'a> {
    pub(super) function: &'a str,
    pub(super) invocation_id: InvocationId,
    pub(super) requester: Requester,
    /// When it was asked, as far as the entrance knows.
    pub(super) sent: Option<OffsetDateTime>,
    /// Which delivery this is; 1 is the first.
    pub(super) attempt: u32,
    pub(super) began: Instant,
    pub(super) started_at: OffsetDateTime,
    /// How many rows of the record this invocation has given before: one may answer several times.
    pub(super) rows_before: usize,
}

impl Occasion<'_> {
    /// The answer to a request; without one, to what could not be understood.
    pub(super) fn result(
        &self,
        workbench: &Workbench,
        request: Option<&Request>,
        decision: Decision,
    ) -> RequestResult {
        let changed = decision.roles.iter().any(RoleOutcome::is_change);
        RequestResult {
            request_id: request.and_then(|r| r.request_id.as_ref()).map(ToString::to_string),
            invocation_id: self.invocation_id,
            function: self.function.to_owned(),
            requester: self.requester.clone(),
            action: request.map(|request| request.action),
            dry_run: request.is_some_and(|request| workbench.broker.is_dry_run(request)),
            principal: decision.principal,
            api: decision.api,
            roles: decision.roles,
            candidates: decision.candidates,
            started_at: written(self.started_at),
            duration_ms: millis(self.began.elapsed()),
            attempt: self.attempt,
            effective_by: changed.then(|| written(OffsetDateTime::now_utc() + TOKEN_CACHE)),
            policy_sha256: workbench.broker.policy().sha256().map(str::to_owned),
            broker_version: VERSION,
            truncated: false,
        }
    }

    /// What came of the baseline, in the form in which requests are answered: nobody asked, so it is for
    /// the record only.
    pub(super) fn baseline_result(
        &self,
        workbench: &Workbench,
        decision: Decision,
    ) -> RequestResult {
        RequestResult {
            action: Some(Action::Assign),
            dry_run: workbench.broker.only_reports(),
            ..self.result(workbench, None, decision)
        }
    }
}

/// A moment as results write it, in UTC, RFC 3339.
pub(super) fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
