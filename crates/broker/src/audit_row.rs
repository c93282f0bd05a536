//! Rows of the audit table.
//!
//! The host inserts them after the reply, at least once, and never over an existing row. So a key must
//! be new in each invocation; a second delivery adds rows of its own.

use app_roles::{
    ids::InvocationId,
    outcome::RoleOutcome,
    request::{Action, Request},
    result::{RequestResult, ResultApi, ResultPrincipal},
    text::{Reason, printable},
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::ask::Ask;

/// The partition of rows whose principal was not found.
const UNRESOLVED: &str = "unresolved";

/// The last millisecond of the year 9999, since 1970. A row key begins with the difference to it,
/// because a table is read in the order of its keys, and readers need the newest rows first.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// The longest text of a property, in characters ("Understanding the Table service data model").
const LONGEST_TEXT: usize = 32 * 1024;

/// A row: a flat JSON object of texts, numbers and truth values, with its two keys.
pub type AuditRow = Map<String, Value>;

/// The rows about a result, one for each role. `index` is the number of the first one in its
/// invocation.
pub(crate) fn rows(
    result: &RequestResult,
    request: Option<&Request>,
    ask: &Ask,
    index: usize,
) -> Vec<AuditRow> {
    let principal = result.principal.as_ref().map(ResultPrincipal::object_id);
    let partition = principal.map_or_else(|| UNRESOLVED.to_owned(), |id| id.to_string());
    let (at, trace_id) = (ask.started.at, ask.trace_id.as_deref());
    let about_all = about_result(result, request);
    let rows = result.roles.iter().zip(index..).map(|(role, index)| {
        let keys = json!({
            "PartitionKey": partition,
            "RowKey": row_key(at, result.invocation_id, index),
            "traceId": trace_id,
        });
        let parts = [keys, about_all.clone(), about_role(role)];
        let members = parts.into_iter().filter_map(into_object).flatten();
        // Unknown values are omitted.
        members.filter(|(_, value)| !value.is_null()).map(storable).collect()
    });
    rows.collect()
}

/// The newest row of a partition has the lowest key. The invocation makes it unique.
fn row_key(at: OffsetDateTime, invocation_id: InvocationId, index: usize) -> String {
    let milliseconds = at.unix_timestamp() * 1000 + i64::from(at.millisecond());
    let inverted = LAST_MILLISECOND - milliseconds;
    format!("{inverted:015}-{invocation_id}-{index:02}")
}

fn about_result(result: &RequestResult, request: Option<&Request>) -> Value {
    let (principal, api) = (result.principal.as_ref(), result.api.as_ref());
    json!({
        "requestId": result.request_id,
        "messageId": result.message_id,
        "invocationId": result.invocation_id,
        "function": result.function,
        "requester": result.requester.to_string(),
        "action": result.action.map(Action::verb),
        "startedAt": result.started_at,
        "effectiveBy": result.effective_by,
        "policySha256": result.policy_sha256,
        "brokerVersion": result.broker_version,
        "dryRun": result.dry_run,
        "attempt": result.attempt,
        "durationMs": result.duration_ms,
        "reason": request.and_then(|request| request.reason.as_ref()).map(Reason::as_str),
        "requestedPrincipal": request.map(|request| request.principal.to_string()),
        "requestedApi": request.map(|request| request.api.to_string()),
        "principalId": principal.map(ResultPrincipal::object_id),
        "principalClientId": principal.and_then(ResultPrincipal::client_id),
        "principalDisplayName": principal.map(ResultPrincipal::display_name),
        "principalResourceId": principal.and_then(ResultPrincipal::resource_id),
        "apiId": api.map(ResultApi::object_id),
        "apiAppId": api.map(ResultApi::app_id),
        "apiDisplayName": api.map(ResultApi::display_name),
    })
}

fn about_role(role: &RoleOutcome) -> Value {
    json!({
        "status": role.status,
        "decision": role.decision(),
        "requestedRole": role.requested,
        "appRoleId": role.id,
        "appRoleValue": role.value,
        "assignmentId": role.assignment_id,
        "createdDateTime": role.created_date_time,
        "rule": role.rule,
        "code": role.code,
        "graphRequestId": role.graph_request_id,
        "message": role.message,
        "privileged": role.privileged,
    })
}

fn into_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// A member as the table stores it. Names in the directory may hold anything, so texts lose characters
/// that could deceive a reader, and what no property can hold.
fn storable((name, value): (String, Value)) -> (String, Value) {
    match value {
        Value::String(text) => {
            let short: String = text.chars().take(LONGEST_TEXT).collect();
            (name, Value::from(printable(&short)))
        }
        other => (name, other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;

    use super::*;

    /// Any moment from 1970 to the end of 9999, to the nanosecond.
    fn moment() -> impl Strategy<Value = OffsetDateTime> {
        (0..=LAST_MILLISECOND, 0..1_000_000_i64).prop_map(|(milliseconds, nanoseconds)| {
            let since = Duration::milliseconds(milliseconds) + Duration::nanoseconds(nanoseconds);
            OffsetDateTime::UNIX_EPOCH + since
        })
    }

    proptest! {
        #[test]
        fn the_newest_row_comes_first_in_its_partition(earlier in moment(), later in moment()) {
            prop_assume!((later - earlier) >= Duration::milliseconds(1));
            let id = InvocationId::random;
            prop_assert!(row_key(later, id(), 0) < row_key(earlier, id(), 19));
        }

        #[test]
        fn rows_of_one_invocation_keep_their_order(at in moment(), index in 0_usize..19) {
            let id = InvocationId::random();
            prop_assert!(row_key(at, id, index) < row_key(at, id, index + 1));
            prop_assert_ne!(row_key(at, id, index), row_key(at, InvocationId::random(), index));
        }

        #[test]
        fn every_key_is_one_that_the_table_service_accepts(at in moment(), index in 0_usize..20) {
            let key = row_key(at, InvocationId::random(), index);
            prop_assert_eq!(key.len(), "253402300799999-00000000-0000-0000-0000-000000000000-00".len());
            let is_refused = |character: char| "/\\#?".contains(character) || character.is_control();
            prop_assert!(!key.contains(is_refused) && !UNRESOLVED.contains(is_refused));
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters() {
        for character in ["a", "ü"] {
            let whole = character.repeat(LONGEST_TEXT);
            let stored = |text: &str| storable(("rule".to_owned(), Value::from(text))).1;
            assert_eq!(stored(&character.repeat(LONGEST_TEXT + 1)), whole);
            assert_eq!(stored(&whole), whole);
        }
    }
}
