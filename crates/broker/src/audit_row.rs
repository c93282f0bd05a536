//! Rows of the audit table.
//!
//! They are inserted before the reply, and never over an existing row. So a key must be new in each
//! invocation; a second delivery adds rows of its own.

use app_roles::{
    VERSION,
    approval::Vote,
    ids::InvocationId,
    outcome::RoleOutcome,
    request::{Action, Request},
    result::{RequestResult, ResultApi, ResultPrincipal},
    text::{Reason, printable},
};
use azure_rest::tables::{Entity, literal};
use microsoft_graph::assignments::Look;
use record::{
    approval_record::{APPROVAL_DENIED, APPROVAL_GIVEN},
    approvals::ApprovalRow,
    record::{PARTITION_KEY, ROW_KEY},
    settlement::{FOUND_AT, WAS_GONE},
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ask::Ask, ballot::Ballot, moment::rfc3339};

/// The partition of rows whose principal was not found.
const UNRESOLVED: &str = "unresolved";

/// The index of the row about a decision of an approver. The same invocation may go on to carry out the
/// request, whose roles have lower indices.
const INDEX_OF_VOTE: usize = 99;

/// The last millisecond of the year 9999, since 1970. A row key begins with the difference to it,
/// because a table is read in the order of its keys, and readers need the newest rows first.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// The longest text of a property, in UTF-16 code units. The broker's own texts are far shorter, but names
/// come from the directory. The table service holds 32 K units in a property, 1 MiB in an entity and 4 MiB
/// in a transaction ("Understanding the Table service data model", "Performing entity group transactions"):
/// with this limit, the rows of the 20 roles of a request fit.
const LONGEST_TEXT: usize = 4 * 1024;

/// The suffix of a member that states the type of another member's value, for types that JSON does not have
/// ("Payload format for Table service operations").
const TYPE: &str = "@odata.type";

/// The rows about a result, one for each role. `index` numbers the first of them within its invocation.
pub(crate) fn rows(
    result: &RequestResult,
    request: Option<&Request>,
    ask: &Ask,
    index: usize,
) -> Vec<Entity> {
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
        members.filter(|(_, value)| !value.is_null()).flat_map(storable).collect()
    });
    rows.collect()
}

/// The row about the decision of an approver. It is in the partition of the principal.
pub(crate) fn of_vote(ask: &Ask, row: &ApprovalRow, ballot: &Ballot) -> Entity {
    let subject = &row.subject;
    let status = match ballot.vote {
        Vote::Approve => APPROVAL_GIVEN,
        Vote::Deny => APPROVAL_DENIED,
    };
    let members = into_object(json!({
        "PartitionKey": subject.principal_id,
        "RowKey": row_key(ask.started.at, ask.invocation_id, INDEX_OF_VOTE),
        "traceId": ask.trace_id,
        "status": status,
        "approvalId": row.id,
        "approvalDigest": subject.digest(),
        "requester": ask.requester.to_string(),
        "requestedBy": row.requester.to_string(),
        "requestId": row.request.request_id.as_ref().map(ToString::to_string),
        "invocationId": ask.invocation_id,
        "function": ask.function,
        "action": subject.action.verb(),
        "principalId": subject.principal_id,
        "principalDisplayName": row.shown.principal,
        "apiId": subject.api_id,
        "apiAppId": row.shown.api_app_id,
        "apiDisplayName": row.shown.api,
        "reason": ballot.reason.as_ref().map(Reason::as_str),
        "startedAt": rfc3339(ask.started.at),
        "policySha256": subject.policy_sha256,
        "brokerVersion": VERSION,
    }));
    let members = members.into_iter().flatten().filter(|(_, value)| !value.is_null());
    members.flat_map(storable).collect()
}

/// The key of a row. Newer rows have lower keys, and the invocation makes a key unique.
fn row_key(at: OffsetDateTime, invocation_id: InvocationId, index: usize) -> String {
    let milliseconds = at.unix_timestamp() * 1000 + i64::from(at.millisecond());
    let inverted = LAST_MILLISECOND - milliseconds;
    format!("{inverted:015}-{}", index_key(invocation_id, index))
}

/// The last part of a row's key, which identifies a role of an invocation. The row of an intent has only
/// this part as its key.
pub(crate) fn index_key(invocation_id: InvocationId, index: usize) -> String {
    format!("{invocation_id}-{index:02}")
}

/// Turns the row about a role into the row of an intent. `now` is when the intent is stored, and
/// `write_until` is the last moment at which its write may take effect.
pub(crate) fn into_intent(
    mut row: Entity,
    client_request_id: Uuid,
    (now, write_until): (OffsetDateTime, OffsetDateTime),
) -> Entity {
    for unknown in ["status", "code", "message", "durationMs", "effectiveBy", PARTITION_KEY] {
        row.remove(unknown);
        row.remove(&format!("{unknown}{TYPE}"));
    }
    if let Some(key) = row.remove(ROW_KEY) {
        row.insert("auditRowKey".to_owned(), key);
    }
    row.insert("clientRequestId".to_owned(), Value::from(client_request_id.to_string()));
    literal::set_time(&mut row, "intendedAt", now);
    literal::set_time(&mut row, "writeUntil", write_until);
    row
}

/// Adds to the row of an intent what was read about the assignment that it removes.
pub(crate) fn add_look(row: &mut Entity, look: Look) {
    match look {
        Look::Found(at) => literal::set_time(row, FOUND_AT, at),
        Look::Gone => {
            row.insert(WAS_GONE.to_owned(), true.into());
        }
        Look::Unclear => {}
    }
}

fn about_result(result: &RequestResult, request: Option<&Request>) -> Value {
    let (principal, api) = (result.principal.as_ref(), result.api.as_ref());
    json!({
        "requestId": result.request_id,
        "messageId": result.message_id,
        "approvalId": result.approval_id,
        "approvalDigest": result.approval_digest,
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
        "endDateTime": role.end_date_time,
        "tokensUntil": role.tokens_until,
        "rule": role.rule,
        "approvedBy": role.approved_by,
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

/// A member as the table stores it. Names in the directory may contain any characters, so those that could
/// deceive a reader, or that no property can hold, are removed. Numbers have 64 bits.
fn storable((name, value): (String, Value)) -> Vec<(String, Value)> {
    match value {
        Value::String(text) => {
            vec![(name, Value::from(beginning(&printable(&text))))]
        }
        Value::Number(number) => {
            let kind = (format!("{name}{TYPE}"), Value::from("Edm.Int64"));
            vec![kind, (name, Value::from(number.to_string()))]
        }
        other => vec![(name, other)],
    }
}

/// As much of a text as a property may hold, in whole characters.
fn beginning(text: &str) -> &str {
    let mut units = 0;
    let too_long = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > LONGEST_TEXT
    });
    too_long.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
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
        let stored = |text: &str| storable(("rule".to_owned(), Value::from(text))).pop().unwrap().1;
        for character in ["a", "ü", "\u{1F512}", "\u{202E}"] {
            let units = character.encode_utf16().count();
            let whole = character.repeat(LONGEST_TEXT / units);
            let shown = printable(&whole).into_owned();
            assert_eq!(stored(&whole), shown);
            assert_eq!(stored(&format!("{whole}{character}")), shown);
            // The last character would be cut in two.
            let odd = format!("b{whole}");
            let text = stored(&odd).as_str().unwrap().to_owned();
            assert!(printable(&odd).starts_with(&text), "{character}");
            assert!(text.encode_utf16().count() > LONGEST_TEXT - units, "{character}");
            assert!(text.encode_utf16().count() <= LONGEST_TEXT, "{character}");
        }
    }
}
