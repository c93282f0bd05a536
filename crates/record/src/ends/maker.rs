//! Who made an assignment, as far as the record says.

use app_roles::{
    directory::Assignment,
    ids::{InvocationId, ObjectId},
};
use azure_rest::{
    retry::Deadline,
    tables::{TableError, Tables, literal},
};
use serde_json::Value;
use time::Duration;

use super::end_row::created;
use crate::{record::AUDIT_TABLE, settlement::last_key};

/// How long an invocation may have run before it made an assignment: far longer than any does.
const LONGEST_INVOCATION: Duration = Duration::hours(1);

/// The invocation of the broker that made an assignment. `None` if no row says `assigned` about it: the
/// row may be missing yet, or another client made it.
pub(super) async fn maker(
    tables: &Tables,
    principal: ObjectId,
    held: &Assignment,
    deadline: Deadline,
) -> Result<Option<InvocationId>, TableError> {
    let Some(created) = created(held) else { return Ok(None) };
    let (principal, id) = (literal::text(&principal.to_string()), literal::text(&held.id));
    let rows = literal::text(&last_key(created - LONGEST_INVOCATION));
    let filter = format!(
        "PartitionKey eq {principal} and RowKey lt {rows} and assignmentId eq {id} \
         and status eq 'assigned'"
    );
    let rows = tables.query(AUDIT_TABLE, &filter, deadline).await?;
    let maker = rows.iter().find_map(|row| {
        let invocation = row.get("invocationId").and_then(Value::as_str)?;
        InvocationId::parse(invocation).ok()
    });
    Ok(maker)
}
