//! The log lines of the record: what was decided and done. No setting silences them.

use app_roles::{
    ids::ObjectId,
    outcome::RoleOutcome,
    request::Action,
    result::{RequestResult, ResultApi, ResultPrincipal},
};
use tracing::field::{DisplayValue, display};

use crate::{ask::Ask, asked::Asked, directory::Target, mode::Mode, work::IntendedChange};

/// The log target of the record.
pub const RECORD: &str = "record";

/// Logs a write before it is sent, with its id in the logs of Microsoft Graph.
pub(crate) fn intent(ask: &Ask, IntendedChange { intent, options, .. }: &IntendedChange) {
    let permit = intent.permit();
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
        client_request_id = %options.client_request_id,
        "about to change an app role assignment"
    );
}

/// Logs the outcome of a role.
pub(crate) fn role(
    ask: &Ask,
    (asked, mode): (Asked<'_>, Mode),
    result: &RequestResult,
    role: &RoleOutcome,
) {
    tracing::info!(
        target: RECORD,
        event = "audit",
        invocation_id = %ask.invocation_id,
        request_id = asked.request_id().map(display),
        message_id = ask.message_id.as_ref().map(display),
        requester = %ask.requester,
        action = asked.action().map(Action::verb),
        dry_run = asked.is_dry_run(mode),
        principal_id = shown(result.principal.as_ref().map(ResultPrincipal::object_id)),
        resource_id = shown(result.api.as_ref().map(ResultApi::object_id)),
        app_role_id = role.id.map(display),
        privileged = role.privileged,
        decision = role.decision(),
        status = %role.status,
        code = role.code.map(display),
        rule = role.rule,
        assignment_id = role.assignment_id,
        graph_request_id = role.graph_request_id,
        policy_sha256 = result.policy_sha256,
        "decided on an app role"
    );
}

/// Logs that a requester read what a principal holds, or was refused.
pub(crate) fn reading(
    ask: &Ask,
    target: Option<&Target>,
    status: &str,
    policy_sha256: Option<&str>,
) {
    tracing::info!(
        target: RECORD,
        event = "audit",
        invocation_id = %ask.invocation_id,
        requester = %ask.requester,
        action = "read",
        principal_id = shown(target.map(|target| target.principal.object_id)),
        resource_id = shown(target.map(|target| target.api.object_id)),
        status,
        policy_sha256,
        "looked at what a principal holds"
    );
}

fn shown(id: Option<ObjectId>) -> Option<DisplayValue<ObjectId>> {
    id.map(display)
}
