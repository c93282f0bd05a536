//! The filters of queries that the broker makes ("Querying tables and entities"): comparisons of columns
//! with texts and times, all of which must hold.

use serde_json::Value;

/// A filter: the comparisons that an entity must meet.
#[derive(Debug, PartialEq)]
pub(super) struct Filter(Vec<Comparison>);

#[derive(Debug, PartialEq)]
struct Comparison {
    column: String,
    operator: String,
    literal: String,
}

impl Filter {
    /// Reads a filter; `None` if it contains anything but comparisons that are joined by `and`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        text.split(" and ").map(Comparison::parse).collect::<Option<_>>().map(Self)
    }

    pub(super) fn matches(&self, entity: &Value) -> bool {
        self.0.iter().all(|comparison| comparison.holds(entity))
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('(').trim_end_matches(')');
        let mut words = text.splitn(3, ' ');
        let (column, operator, literal) = (words.next()?, words.next()?, words.next()?);
        let is_known = ["eq", "ne", "lt", "le", "gt", "ge"].contains(&operator);
        let quoted = literal.strip_prefix("datetime").unwrap_or(literal);
        let quoted = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
        let is_one = !quoted.replace("''", "").contains('\'');
        (is_known && is_one).then(|| Self {
            column: column.to_owned(),
            operator: operator.to_owned(),
            literal: quoted.replace("''", "'"),
        })
    }

    /// Times are compared as texts, because the broker writes them all in one format.
    fn holds(&self, entity: &Value) -> bool {
        let Some(value) = entity.get(&self.column).and_then(Value::as_str) else { return false };
        let order = value.cmp(&self.literal);
        match self.operator.as_str() {
            "eq" => order.is_eq(),
            "ne" => order.is_ne(),
            "lt" => order.is_lt(),
            "le" => order.is_le(),
            "gt" => order.is_gt(),
            _ => order.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entity_must_meet_every_comparison() {
        let entity = json!({ "PartitionKey": "it's", "end": "2026-11-26T10:00:00.0000000Z" });
        for (filter, matches) in [
            ("", true),
            ("PartitionKey eq 'it''s'", true),
            ("PartitionKey ne 'it''s'", false),
            ("end le datetime'2026-11-26T10:00:00.0000000Z'", true),
            ("end lt datetime'2026-11-26T10:00:00.0000000Z'", false),
            ("(end gt datetime'2026-11-26T09:59:59.9999999Z') and (PartitionKey ge 'i')", true),
            ("absent eq 'x'", false),
        ] {
            let parsed = Filter::parse(filter).unwrap();
            assert_eq!(parsed.matches(&entity), matches, "{filter}");
        }
    }

    #[test]
    fn what_is_not_a_conjunction_of_comparisons_is_not_read() {
        for filter in ["RowKey eq 'a' or RowKey eq 'b'", "not RowKey eq 'a'", "n eq 1", "RowKey"] {
            assert_eq!(Filter::parse(filter), None, "{filter}");
        }
    }
}
