//! The record of what was decided: rows of the table [`AUDIT_TABLE`], one for each role and decision.
//!
//! The host inserts them after the answer, at least once and never over another row, so a key must be
//! new in each invocation: a second delivery adds rows of its own.

use serde::{Serialize, Serializer, ser::SerializeMap};
use time::OffsetDateTime;

use super::occasion::Occasion;
use app_roles::{
    ids::InvocationId,
    outcome::RoleOutcome,
    request::{Action, Request},
    result::{RequestResult, ResultPrincipal},
    text::{Reason, printable},
};
use broker::AUDIT_TABLE;
use function_folders::function_json::FunctionFolder;
use functions_handler::reply::{Entity, InvalidEntity, beginning};

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
) -> Result<Vec<Entity>, InvalidEntity> {
    let principal = result.principal.as_ref().map(ResultPrincipal::object_id);
    let partition = principal.map_or_else(|| UNRESOLVED.to_owned(), |id| id.to_string());
    let rows = result.roles.iter().zip(occasion.rows_before..).map(|(role, index)| {
        let key = row_key(occasion.started_at, occasion.invocation_id, index);
        Entity::new(&partition, &key, &Row { request, result, role })
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

/// What a row says beside its keys: an object of texts, numbers and truth values. What is not known is
/// left out.
struct Row<'a> {
    request: Option<&'a Request>,
    result: &'a RequestResult,
    role: &'a RoleOutcome,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = Properties(serializer.serialize_map(None)?);
        row.of_result(self.result)?;
        row.of_request(self.request)?;
        row.of_names(self.result)?;
        row.of_role(self.role)?;
        row.0.end()
    }
}

/// The properties of a row, as they are written.
struct Properties<M>(M);

impl<M: SerializeMap> Properties<M> {
    fn of_result(&mut self, result: &RequestResult) -> Result<(), M::Error> {
        self.text("requestId", result.request_id.as_deref())?;
        self.value("invocationId", Some(result.invocation_id))?;
        self.text("function", Some(&result.function))?;
        self.text("requester", Some(&result.requester.to_string()))?;
        self.value("action", result.action.map(Action::verb))?;
        self.text("startedAt", Some(&result.started_at))?;
        self.text("effectiveBy", result.effective_by.as_deref())?;
        self.text("policySha256", result.policy_sha256.as_deref())?;
        self.value("brokerVersion", Some(result.broker_version))?;
        self.value("dryRun", Some(result.dry_run))?;
        self.value("attempt", Some(result.attempt))?;
        self.value("durationMs", Some(result.duration_ms))
    }

    /// What only the request says: its reason, and the names that it used.
    fn of_request(&mut self, request: Option<&Request>) -> Result<(), M::Error> {
        let Some(request) = request else { return Ok(()) };
        self.text("reason", request.reason.as_ref().map(Reason::as_str))?;
        self.text("requestedPrincipal", Some(&request.principal.to_string()))?;
        self.text("requestedApi", Some(&request.api.to_string()))
    }

    /// What the request's names mean in the directory.
    fn of_names(&mut self, result: &RequestResult) -> Result<(), M::Error> {
        if let Some(principal) = &result.principal {
            self.value("principalId", Some(principal.object_id()))?;
            self.value("principalClientId", Some(principal.client_id()))?;
            self.text("principalDisplayName", Some(principal.display_name()))?;
            self.text("principalResourceId", principal.resource_id())?;
        }
        if let Some(api) = &result.api {
            self.value("apiId", Some(api.object_id()))?;
            self.value("apiAppId", Some(api.app_id()))?;
            self.text("apiDisplayName", Some(api.display_name()))?;
        }
        Ok(())
    }

    fn of_role(&mut self, role: &RoleOutcome) -> Result<(), M::Error> {
        self.value("status", Some(role.status))?;
        self.value("decision", Some(role.decision()))?;
        self.text("requestedRole", role.requested.as_deref())?;
        self.value("appRoleId", role.id)?;
        self.text("appRoleValue", role.value.as_deref())?;
        self.text("assignmentId", role.assignment_id.as_deref())?;
        self.text("createdDateTime", role.created_date_time.as_deref())?;
        self.text("rule", role.rule.as_deref())?;
        self.value("code", role.code)?;
        self.text("graphRequestId", role.graph_request_id.as_deref())?;
        self.text("message", role.message.as_deref())?;
        self.value("privileged", role.privileged)
    }

    fn value(&mut self, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.0.serialize_entry(name, &value))
    }

    /// A text from outside, without what could deceive a reader: names in the directory may hold anything.
    fn text(&mut self, name: &str, text: Option<&str>) -> Result<(), M::Error> {
        self.value(name, text.map(|text| printable(beginning(text))))
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
        fn every_key_is_one_that_the_service_takes(at in moment(), index in 0_usize..20) {
            let key = row_key(at, InvocationId::random(), index);
            prop_assert_eq!(key.len(), "253402300799999-00000000-0000-0000-0000-000000000000-00".len());
            let row = Entity::new(UNRESOLVED, &key, &serde_json::json!({}));
            prop_assert!(row.is_ok());
        }
    }
}
