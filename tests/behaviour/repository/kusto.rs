//! Runs the queries of alerts on rows of a test: the part of the Kusto query language that they use.
//!
//! An operator or function that is not known here fails the test, so a query cannot be half evaluated.

mod evaluation;
mod functions;
mod syntax;

pub(crate) use evaluation::{Row, Tables, run};

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::{Value, json};

    use super::{Row, Tables, run};

    /// Runs a query on the table `T` with the columns `Name` and `At`.
    fn rows(query: &str) -> Vec<Row> {
        let times = [("a", 0), ("a", 5), ("a", 9), ("a", 20), ("b", 21), ("b", 22)];
        let row = |(name, at): (&str, i64)| {
            Rc::new(Row::from([("Name".to_owned(), json!(name)), ("At".to_owned(), json!(at))]))
        };
        run(query, Tables::from([("T".to_owned(), times.map(row).to_vec())]), 100)
    }

    fn column(query: &str, name: &str) -> Vec<Value> {
        rows(query).iter().map(|row| row[name].clone()).collect()
    }

    #[test]
    fn a_session_ends_at_a_pause_at_its_greatest_length_and_at_a_restart() {
        let sessions = |limits: &str| {
            let query = format!(
                "T | extend S = row_window_session(At, {limits}, Name != prev(Name)) | project S"
            );
            column(&query, "S")
        };
        assert_eq!(sessions("100s, 5s"), [0, 0, 0, 20, 21, 21].map(Value::from));
        assert_eq!(sessions("8s, 5s"), [0, 0, 9, 20, 21, 21].map(Value::from));
        assert_eq!(sessions("100s, 4s"), [0, 5, 5, 20, 21, 21].map(Value::from));
    }

    #[test]
    fn rows_are_numbered_in_their_order_from_each_restart_on() {
        let query = "T | sort by Name desc, At desc | extend N = row_number(1, Name != prev(Name))";
        assert_eq!(column(query, "N"), [1, 2, 1, 2, 3, 4].map(Value::from));
        assert_eq!(column(query, "At"), [22, 21, 20, 9, 5, 0].map(Value::from));
    }

    #[test]
    fn joins_and_groups_go_by_their_columns() {
        let query =
            "let firsts = T | summarize At = min(At) by Name; T | join kind=K firsts on Name, At";
        assert_eq!(column(&query.replace('K', "inner"), "At"), [0, 21].map(Value::from));
        assert_eq!(column(&query.replace('K', "leftanti"), "At"), [5, 9, 20, 22].map(Value::from));
    }

    #[test]
    fn a_row_without_a_partner_is_kept_by_an_outer_join_and_lacks_its_columns() {
        let query = "T | where At > 19s | join kind=leftouter (T | where At == 20s | project Name, Found = At) on Name \
                     | order by At desc";
        assert_eq!(column(query, "At"), [22, 21, 20].map(Value::from));
        assert_eq!(column(query, "Found"), [Value::Null, Value::Null, Value::from(20)]);
    }

    #[test]
    fn a_text_that_is_no_time_has_no_value() {
        let time = |text: &str| {
            column(&format!("T | where At == 0s | extend X = todatetime(\"{text}\")"), "X")
        };
        assert_eq!(time("1970-01-02T00:00:01Z"), [86_401]);
        assert_eq!(time(""), [Value::Null]);
        assert_eq!(time("yesterday"), [Value::Null]);
    }

    #[test]
    fn conditions_bind_as_in_the_language() {
        let query =
            "T | where Name =~ \"B\" or At > 5s and At between (ago(90s) .. 20s) | project At";
        assert_eq!(column(query, "At"), [20, 21, 22].map(Value::from));
    }

    #[test]
    fn a_union_adds_queries_and_a_fuzzy_one_ignores_a_table_that_does_not_exist() {
        let query = "union isfuzzy=true U, (T | where At > 20s), (T | where Name !in (\"b\", \"c\") | where At >= 20s)";
        assert_eq!(column(query, "At"), [21, 22, 20].map(Value::from));
    }

    #[test]
    fn aggregates_count_and_find_the_last_row() {
        let query = "T | summarize N = count(), Last = max(At), Early = maxif(At, At <= 9s) by Name \
                     | extend Early = coalesce(Early, now() - 1s)";
        assert_eq!(column(query, "N"), [4, 2].map(Value::from));
        assert_eq!(column(query, "Last"), [20, 22].map(Value::from));
        assert_eq!(column(query, "Early"), [9, 99].map(Value::from));
    }

    #[test]
    fn a_row_is_expanded_by_an_array_and_texts_are_tested() {
        let query = "T | where Name contains \"A\" and isempty(\"\") | where At == 0s \
                     | mv-expand Item = dynamic([\"x\", \"y\"]) | extend IsIt = tobool(Item)";
        assert_eq!(column(query, "Item"), ["x", "y"].map(Value::from));
        assert_eq!(column(query, "IsIt"), [Value::Null, Value::Null]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for query in [
            "T | take 5",
            "T | where has(Name)",
            "T | project X",
            "U",
            "union T, U",
            "T | where At ~ 1",
        ] {
            assert!(std::panic::catch_unwind(|| rows(query)).is_err(), "{query}");
        }
    }
}
