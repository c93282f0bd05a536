//! Finds out from the record who made an assignment.

use app_roles::{
    directory::Assignment,
    ids::{InvocationId, ObjectId},
};
use azure_rest::{
    retry::Deadline,
    tables::{Entity, TableError, Tables, literal},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::end_row::created;
use crate::{
    record::AUDIT_TABLE,
    settlement::{finished, last_key},
};

/// The longest time from the start of an invocation to its write: far longer than any takes.
const LONGEST_INVOCATION: Duration = Duration::hours(1);

/// What the record says about the origin of an assignment. Rows may still be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The invocation of the broker that made it, if its write was answered.
    pub(super) maker: Option<InvocationId>,
    /// When an invocation that did not make it had found it. Writes that were announced later did not make
    /// it either.
    pub(super) found: Option<OffsetDateTime>,
}

/// Reads from the record who made an assignment.
pub(super) async fn origin(
    tables: &Tables,
    principal: ObjectId,
    held: &Assignment,
    deadline: Deadline,
) -> Result<Origin, TableError> {
    let Some(created) = created(held) else { return Ok(Origin::default()) };
    let (principal, id) = (literal::text(&principal.to_string()), literal::text(&held.id));
    let rows = literal::text(&last_key(created - LONGEST_INVOCATION));
    let filter = format!(
        "PartitionKey eq {principal} and RowKey lt {rows} and assignmentId eq {id} \
         and (status eq 'assigned' or status eq 'alreadyAssigned')"
    );
    Ok(Origin::of_rows(&tables.query(AUDIT_TABLE, &filter, deadline).await?))
}

impl Origin {
    fn of_rows(rows: &[Entity]) -> Self {
        let with = |status| rows.iter().filter(move |row| text(row, "status") == Some(status));
        // If several writes got no answer, a timer has chosen one of them as the maker. Its choice must not
        // free the assignment from the end that another one of them has announced.
        let is_answered = |row: &&Entity| row.get("settledLater") != Some(&Value::Bool(true));
        let maker = with("assigned")
            .filter(is_answered)
            .find_map(|row| InvocationId::parse(text(row, "invocationId")?).ok());
        Self { maker, found: with("alreadyAssigned").filter_map(finished).min() }
    }
}

fn text<'a>(row: &'a Entity, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn row(status: &str, more: &Value) -> Entity {
        let mut row = json!({ "status": status, "startedAt": "2026-11-26T10:00:00Z" });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row.as_object().unwrap().clone()
    }

    #[test]
    fn only_a_row_about_a_write_that_was_answered_names_the_maker() {
        let id = "c0a70500-0000-4000-8000-00000000ca11";
        let maker = InvocationId::parse(id).ok();
        for (more, expected) in [
            (json!({}), maker),
            (json!({ "settledLater": false }), maker),
            (json!({ "settledLater": true }), None),
        ] {
            let mut row = row("assigned", &more);
            row.insert("invocationId".to_owned(), id.into());
            assert_eq!(Origin::of_rows(&[row]).maker, expected, "{more}");
        }
    }

    #[test]
    fn a_row_without_a_readable_time_proves_nothing() {
        for more in [json!({}), json!({ "durationMs": "soon" }), json!({ "durationMs": null })] {
            assert_eq!(Origin::of_rows(&[row("alreadyAssigned", &more)]), Origin::default());
        }
    }

    #[test]
    fn the_first_invocation_that_found_it_counts_in_both_forms_of_a_number() {
        let rows = [json!(3000), json!("2000")]
            .map(|took| row("alreadyAssigned", &json!({ "durationMs": took })));
        let found = Some(datetime!(2026-11-26 10:00:02 UTC));
        assert_eq!(Origin::of_rows(&rows), Origin { maker: None, found });
    }
}
