//! The record of what was decided: rows of the table [`AUDIT_TABLE`], one for each role and decision.
//!
//! The host inserts them after the answer, at least once and never over another row, so a key must be
//! new in each invocation: a second delivery adds rows of its own.

use time::OffsetDateTime;

use super::occasion::Occasion;
use crate::{
    broker::AUDIT_TABLE,
    domain::{
        ids::InvocationId,
        outcome::RoleOutcome,
        request::Request,
        result::{RequestResult, ResultApi, ResultPrincipal},
        text::is_printable,
    },
    host::{
        function_json::FunctionFolder,
        reply::{Entity, InvalidKey},
    },
};

/// Name of the output binding that takes the rows.
pub const AUDIT_BINDING: &str = "audit";

/// The connection of the host itself. Whoever asks for roles has no access to its account.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// Where rows are of which the principal was not found.
const UNRESOLVED: &str = "unresolved";

/// The last millisecond of the year 9999, since 1970. Subtracting from it turns the order round: a
/// table is read from the lowest key up, and what is asked for first is what happened last.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// Checks that a function has the binding that takes the rows, and that all rows lie in one place.
pub(super) fn check_binding(folder: &FunctionFolder) -> Result<(), String> {
    let mut outputs = folder.outputs.iter();
    let found = outputs.any(|output| {
        output.kind == "table"
            && output.name == AUDIT_BINDING
            && output.table_name.as_deref() == Some(AUDIT_TABLE)
            && output.connection.as_deref() == Some(HOST_CONNECTION)
    });
    if found {
        return Ok(());
    }
    Err(format!(
        "there must be an output binding of type \"table\" named {AUDIT_BINDING:?} with the tableName \
         {AUDIT_TABLE:?} and the connection {HOST_CONNECTION:?}: every decision is recorded there"
    ))
}

/// The rows about a result: one for each of its roles, in their order, after those that the invocation has
/// given before.
pub(super) fn rows(
    occasion: &Occasion<'_>,
    request: Option<&Request>,
    result: &RequestResult,
) -> Result<Vec<Entity>, InvalidKey> {
    let principal = result.principal.as_ref().map(ResultPrincipal::object_id);
    let partition = principal.map_or_else(|| UNRESOLVED.to_owned(), |id| id.to_string());
    let rows = result.roles.iter().zip(occasion.rows_before..).map(|(role, index)| {
        let key = row_key(occasion.started_at, occasion.invocation_id, index);
        let row = Entity::new(&partition, &key)?;
        let row = about_request(about_result(row, result), request);
        Ok(about_role(about_names(row, result), role))
    });
    rows.collect()
}

/// The newest row of a partition has the lowest key. The invocation makes it unique, as each delivery is
/// one of its own.
fn row_key(moment: OffsetDateTime, invocation_id: InvocationId, index: usize) -> String {
    let milliseconds = moment.unix_timestamp() * 1000 + i64::from(moment.millisecond());
    let inverted = LAST_MILLISECOND - milliseconds;
    format!("{inverted:015}-{invocation_id}-{index:02}")
}

fn about_result(row: Entity, result: &RequestResult) -> Entity {
    let texts = [
        ("requestId", result.request_id.clone()),
        ("invocationId", Some(result.invocation_id.to_string())),
        ("function", Some(result.function.clone())),
        ("requester", Some(result.requester.to_string())),
        ("action", result.action.map(|action| action.verb().to_owned())),
        ("startedAt", Some(result.started_at.clone())),
        ("effectiveBy", result.effective_by.clone()),
        ("policySha256", result.policy_sha256.clone()),
        ("brokerVersion", Some(result.broker_version.to_owned())),
    ];
    let duration = i64::try_from(result.duration_ms).unwrap_or(i64::MAX);
    with_texts(row, texts)
        .truth("dryRun", result.dry_run)
        .whole("attempt", i64::from(result.attempt))
        .whole("durationMs", duration)
}

/// What only the request says: its reason, and the names that it used.
fn about_request(row: Entity, request: Option<&Request>) -> Entity {
    let texts = [
        ("reason", request.and_then(|request| request.reason.as_ref()).map(ToString::to_string)),
        ("requestedPrincipal", request.map(|request| request.principal.to_string())),
        ("requestedApi", request.map(|request| request.api.to_string())),
    ];
    with_texts(row, texts)
}

/// What the request's names mean in the directory.
fn about_names(row: Entity, result: &RequestResult) -> Entity {
    let principal = result.principal.as_ref();
    let api = result.api.as_ref();
    let texts = [
        ("principalId", principal.map(|known| known.object_id().to_string())),
        ("principalClientId", principal.map(|known| known.client_id().to_string())),
        ("principalDisplayName", principal.map(|known| known.display_name().to_owned())),
        (
            "principalResourceId",
            principal.and_then(ResultPrincipal::resource_id).map(ToOwned::to_owned),
        ),
        ("apiId", api.map(|known| known.object_id().to_string())),
        ("apiAppId", api.map(|known| known.app_id().to_string())),
        ("apiDisplayName", api.map(ResultApi::display_name).map(ToOwned::to_owned)),
    ];
    with_texts(row, texts)
}

fn about_role(row: Entity, role: &RoleOutcome) -> Entity {
    let texts = [
        ("status", Some(role.status.to_string())),
        ("decision", Some(role.decision().to_owned())),
        ("requestedRole", role.requested.clone()),
        ("appRoleId", role.id.map(|id| id.to_string())),
        ("appRoleValue", role.value.clone()),
        ("assignmentId", role.assignment_id.clone()),
        ("createdDateTime", role.created_date_time.clone()),
        ("rule", role.rule.clone()),
        ("code", role.code.map(|code| code.to_string())),
        ("graphRequestId", role.graph_request_id.clone()),
        ("message", role.message.clone()),
    ];
    let row = with_texts(row, texts);
    match role.privileged {
        Some(privileged) => row.truth("privileged", privileged),
        None => row,
    }
}

fn with_texts<const COUNT: usize>(
    row: Entity,
    texts: [(&'static str, Option<String>); COUNT],
) -> Entity {
    texts.into_iter().fold(row, |row, (name, text)| row.text(name, text.map(shown)))
}

/// A text with nothing in it that a reader could be deceived by. Names in the directory may hold
/// anything.
fn shown(text: String) -> String {
    if text.chars().all(is_printable) {
        return text;
    }
    let shown = |character| if is_printable(character) { character } else { '\u{FFFD}' };
    text.chars().map(shown).collect()
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
        fn every_key_is_one_that_the_service_takes(at in moment(), index in 0_usize..20) {
            let key = row_key(at, InvocationId::random(), index);
            prop_assert_eq!(key.len(), "253402300799999-00000000-0000-0000-0000-000000000000-00".len());
            prop_assert!(Entity::new(UNRESOLVED, &key).is_ok());
        }

        #[test]
        fn whatever_a_name_is_its_text_in_a_row_can_be_shown(name: String) {
            let shown = shown(name.clone());
            prop_assert!(shown.chars().all(is_printable));
            prop_assert_eq!(shown.chars().count(), name.chars().count());
        }
    }
}
