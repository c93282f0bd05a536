//! Explains why the broker refused a call about approvals.

use reqwest::StatusCode;

use crate::{broker_call::Answer, broker_result::text, failure::Failure};

/// The prefix of the broker's problem types.
const TYPE_PREFIX: &str = "urn:app-role-broker:problem:";

/// The problem of a decision whose digest is not that of the approval.
pub(super) const CHANGED: &str = "approval-changed";

/// The problem of a decision that an approval no longer takes.
pub(super) const DECIDED: &str = "already-decided";

/// Explains a refusal, with what to do.
pub(super) fn explain(answer: &Answer) -> Failure {
    let detail = answer.detail();
    match (answer.status, name(answer)) {
        (StatusCode::UNAUTHORIZED, _) => {
            Failure::denied("the broker does not accept your sign-in as that of a person")
                .hint("sign in with `az login`, and check --audience; a function key proves no person")
        }
        (_, Some("not-an-approver")) => Failure::denied(format!("you may not decide: {detail}"))
            .hint(
                "the requester, the identity of the request and the broker never decide; ask another \
                 approver of the rule",
            ),
        (StatusCode::NOT_FOUND, Some(_)) => {
            Failure::not_found("no approval has this ID, or no rule names you as its approver")
                .hint("`app-role approvals list` shows what waits for you")
        }
        (StatusCode::NOT_FOUND, None) => {
            Failure::not_found("the broker has no function for approvals at this address")
                .hint("check --broker and --route, and that the function AppRoleApprovals is enabled")
        }
        (StatusCode::FORBIDDEN, _) => Failure::denied(format!("the broker refused: {detail}"))
            .hint("ask the operators of the broker whether your account may sign in to it"),
        _ => refusal(answer),
    }
}

fn refusal(answer: &Answer) -> Failure {
    let failure = Failure::failed(format!("the broker refused: {}", answer.detail()));
    match text(&answer.body, "invocationId") {
        Some(id) => failure.hint(format!("the broker's log has more under invocation {id}")),
        None => failure,
    }
}

/// Returns the name of the broker's problem type.
pub(super) fn name(answer: &Answer) -> Option<&str> {
    text(&answer.body, "type").and_then(|kind| kind.strip_prefix(TYPE_PREFIX))
}
