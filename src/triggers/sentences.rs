//! One sentence per decision, for the portal: the host shows them under the invocation.

use app_roles::{
    outcome::{RoleOutcome, Status},
    request::Action,
    result::{RequestResult, ResultApi, ResultPrincipal},
    text::printable,
};

/// The longest sentence, in characters.
const LONGEST_SENTENCE: usize = 1000;

/// A sentence for each role of a result. Names in the directory may hold anything, so what is not
/// printable is replaced.
pub(super) fn of_result(result: &RequestResult) -> Vec<String> {
    let sentences = result.roles.iter().map(|role| shortened(&of_role(result, role)));
    sentences.collect()
}

/// For example: assigned Orders.Read on Orders API to id-orders (requestId INC-1234, rule "orders
/// workloads").
fn of_role(result: &RequestResult, role: &RoleOutcome) -> String {
    decision(result, role) + &in_parentheses(result, role) + &reason(role)
}

fn decision(result: &RequestResult, role: &RoleOutcome) -> String {
    let Some(action) = result.action else { return "did nothing".to_owned() };
    let principal = result.principal.as_ref().map(ResultPrincipal::display_name);
    let asked = asked(result, role);
    match (role.status, principal) {
        (Status::AlreadyAssigned, Some(name)) => format!("changed nothing: {name} has {asked}"),
        (Status::AlreadyRevoked, Some(name)) => {
            format!("changed nothing: {name} does not have {asked}")
        }
        (status, Some(name)) => {
            format!("{} {asked} {} {name}", done(status, action), preposition(action))
        }
        (status, None) => format!("{} {asked}", done(status, action)),
    }
}

/// The role and its API, as far as they are known.
fn asked(result: &RequestResult, role: &RoleOutcome) -> String {
    let id = role.id.map(|id| id.to_string());
    let name = role.value.as_deref().or(role.requested.as_deref()).or(id.as_deref());
    let name = name.unwrap_or("a role");
    match result.api.as_ref().map(ResultApi::display_name) {
        Some(api) => format!("{name} on {api}"),
        None => name.to_owned(),
    }
}

/// What the broker did, as a verb.
fn done(status: Status, action: Action) -> &'static str {
    match (status, action) {
        (Status::Assigned, _) => "assigned",
        (Status::Revoked, _) => "revoked",
        (Status::WouldAssign, _) => "would assign (dry run)",
        (Status::WouldRevoke, _) => "would revoke (dry run)",
        (Status::Unknown, Action::Assign) => "may have assigned",
        (Status::Unknown, Action::Revoke) => "may have revoked",
        (Status::Failed, Action::Assign) => "failed to assign",
        (Status::Failed, Action::Revoke) => "failed to revoke",
        (_, Action::Assign) => "did not assign",
        (_, Action::Revoke) => "did not revoke",
    }
}

fn preposition(action: Action) -> &'static str {
    match action {
        Action::Revoke => "from",
        Action::Assign => "to",
    }
}

fn in_parentheses(result: &RequestResult, role: &RoleOutcome) -> String {
    let request_id = result.request_id.as_ref().map(|id| format!("requestId {id}"));
    let rule = role.rule.as_ref().map(|rule| format!("rule \"{rule}\""));
    let code = role.code.map(|code| code.to_string());
    let known: Vec<_> = [request_id, rule, code].into_iter().flatten().collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// The outcome's own message says what to do.
fn reason(role: &RoleOutcome) -> String {
    role.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default()
}

fn shortened(text: &str) -> String {
    printable(text).chars().take(LONGEST_SENTENCE).collect()
}
