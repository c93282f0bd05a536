//! One sentence per decision, for the portal: the host shows them under the invocation.

use app_roles::{
    outcome::{RoleOutcome, Status},
    request::Action,
    result::{RequestResult, ResultApi, ResultPrincipal},
    text::printable,
};

/// The longest sentence, in characters.
const LONGEST_SENTENCE: usize = 1000;

/// A sentence for each role of a result. Names in the directory may contain any characters, so unprintable
/// ones are replaced.
pub(super) fn of_result(result: &RequestResult) -> Vec<String> {
    let sentences = result.roles.iter().map(|role| shortened(&of_role(result, role)));
    sentences.collect()
}

/// The sentence about a message that was given up.
pub(super) fn of_given_up(reason: &str) -> String {
    shortened(&format!("kept in app-role-failed for the operators: {reason}"))
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
    let end = role.end_date_time.as_ref().map(|end| format!("until {end}"));
    let code = role.code.map(|code| code.to_string());
    let known: Vec<_> = [request_id, rule, end, code].into_iter().flatten().collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// The outcome's own message, which says what to do, after a colon.
fn reason(role: &RoleOutcome) -> String {
    role.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default()
}

fn shortened(text: &str) -> String {
    printable(text).chars().take(LONGEST_SENTENCE).collect()
}

#[cfg(test)]
mod tests {
    use app_roles::{
        VERSION, ids::InvocationId, outcome::Code, requester::Requester, text::is_printable,
    };
    use proptest::prelude::*;

    use super::*;

    fn result(action: Option<Action>, role: RoleOutcome) -> RequestResult {
        RequestResult {
            request_id: Some("INC-1".to_owned()),
            message_id: None,
            approval_id: None,
            approval_digest: None,
            invocation_id: InvocationId::random(),
            function: "AssignRole".to_owned(),
            requester: Requester::Admin,
            action,
            dry_run: false,
            principal: None,
            api: None,
            roles: vec![role],
            candidates: Vec::new(),
            started_at: String::new(),
            duration_ms: 1,
            attempt: 1,
            effective_by: None,
            policy_sha256: None,
            broker_version: VERSION,
            truncated: false,
        }
    }

    fn sentence(action: Option<Action>, status: Status) -> String {
        let role =
            RoleOutcome { requested: Some("Orders.Read".to_owned()), ..RoleOutcome::new(status) };
        let role = role.with_code(Code::PrincipalNotFound).with_message("ask for a rule");
        of_result(&result(action, role)).remove(0)
    }

    #[test]
    fn a_sentence_says_what_was_done_and_what_to_do() {
        let (assign, revoke) = (Some(Action::Assign), Some(Action::Revoke));
        let end = " Orders.Read (requestId INC-1, principalNotFound): ask for a rule";
        for (action, status, beginning) in [
            (assign, Status::Denied, "did not assign"),
            (revoke, Status::Denied, "did not revoke"),
            (assign, Status::NotFound, "did not assign"),
            (assign, Status::Failed, "failed to assign"),
            (revoke, Status::Failed, "failed to revoke"),
            (assign, Status::Unknown, "may have assigned"),
            (revoke, Status::Unknown, "may have revoked"),
            (assign, Status::WouldAssign, "would assign (dry run)"),
            (revoke, Status::Revoked, "revoked"),
        ] {
            assert_eq!(sentence(action, status), format!("{beginning}{end}"));
        }
        let nothing = "did nothing (requestId INC-1, principalNotFound): ask for a rule";
        assert_eq!(sentence(None, Status::Invalid), nothing);
    }

    #[test]
    fn a_sentence_about_an_assignment_with_an_end_says_until_when() {
        let end = time::macros::datetime!(2026-11-26 18:00 UTC);
        let role = RoleOutcome {
            requested: Some("Orders.Read".to_owned()),
            ..RoleOutcome::new(Status::Assigned)
        };
        let sentences = of_result(&result(Some(Action::Assign), role.with_end(Some(end))));
        assert_eq!(
            sentences,
            ["assigned Orders.Read (requestId INC-1, until 2026-11-26T18:00:00Z)"]
        );
    }

    proptest! {
        #[test]
        fn no_sentence_is_long_or_unprintable(name: String, rule: String, repeats in 0..3000_usize) {
            let role = RoleOutcome {
                value: Some(name.repeat(repeats % 50)),
                rule: Some(rule.repeat(repeats)),
                ..RoleOutcome::new(Status::Assigned)
            };
            for sentence in of_result(&result(Some(Action::Assign), role)) {
                prop_assert!(sentence.chars().all(is_printable));
                prop_assert!(sentence.chars().count() <= LONGEST_SENTENCE);
            }
        }
    }
}
