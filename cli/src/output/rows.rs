//! Rows and columns of a document: for spreadsheets, for shell scripts, and for the answer to a query.

use wire_formats::json::Node;

/// A document as rows.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// The names of the columns. Empty if the items of the document are not objects.
    pub(super) columns: Vec<String>,
    /// The texts of the cells.
    pub(super) cells: Vec<Vec<String>>,
}

impl Rows {
    /// Returns a row for each item of a list, or one row for another value. An object is a row with a
    /// cell for each field, and the same columns as the other rows.
    pub(super) fn of(document: &Node) -> Self {
        let items = match document {
            Node::Null => &[],
            Node::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut columns: Vec<String> = Vec::new();
        for item in items {
            let Node::Object(fields) = item else { continue };
            for (name, _) in fields {
                if !columns.contains(name) {
                    columns.push(name.clone());
                }
            }
        }
        let cells = items.iter().map(|item| cells(item, &columns)).collect();
        Self { columns, cells }
    }
}

/// Returns the cells of a row in these columns. What is no object fills the first ones.
pub(super) fn cells(item: &Node, columns: &[String]) -> Vec<String> {
    match item {
        Node::Object(_) => columns
            .iter()
            .map(|name| item.member(name).map(cell))
            .map(Option::unwrap_or_default)
            .collect(),
        Node::Array(values) => values.iter().map(cell).collect(),
        scalar => vec![cell(scalar)],
    }
}

/// Returns the text of a cell. A nested value is compact JSON.
fn cell(node: &Node) -> String {
    match node {
        Node::Null => String::new(),
        Node::Boolean(value) => value.to_string(),
        Node::Number(number) => number.to_string(),
        Node::Text(text) => text.clone(),
        nested => serde_json::to_string(nested).unwrap_or_default(),
    }
}

/// Returns the heading of a column: `principalId` is PRINCIPAL ID.
pub(super) fn heading(name: &str) -> String {
    let mut heading = String::new();
    let mut is_after_small = false;
    for character in name.chars() {
        if character.is_uppercase() && is_after_small {
            heading.push(' ');
        }
        is_after_small = character.is_lowercase() || character.is_numeric();
        heading.extend(character.to_uppercase());
    }
    heading
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(document: &serde_json::Value) -> Rows {
        Rows::of(&Node::of(document).unwrap())
    }

    #[test]
    fn each_object_has_a_cell_in_each_column() {
        let Rows { columns, cells } =
            rows(&json!([{ "a": "x", "b": null }, { "c": [1, { "d": 2 }] }, 5]));
        assert_eq!(columns, ["a", "b", "c"]);
        assert_eq!(cells, [vec!["x", "", ""], vec!["", "", "[1,{\"d\":2}]"], vec!["5"]]);
    }

    #[test]
    fn a_document_that_is_no_list_of_objects_has_rows_too() {
        assert_eq!(rows(&json!(null)), Rows::default());
        assert_eq!(rows(&json!([])), Rows::default());
        assert_eq!(rows(&json!("x")).cells, [["x"]]);
        assert_eq!(rows(&json!([true, 1.5])).cells, [["true"], ["1.5"]]);
        assert_eq!(rows(&json!([["a", "b"], ["c"]])).cells, [vec!["a", "b"], vec!["c"]]);
        let one = rows(&json!({ "identities": 3, "missing": [] }));
        assert_eq!((one.columns.len(), one.cells), (2, vec![vec!["3".into(), "[]".into()]]));
    }

    #[test]
    fn a_heading_is_the_name_in_words() {
        for (name, expected) in
            [("principalId", "PRINCIPAL ID"), ("sha256", "SHA256"), ("Role", "ROLE"), ("", "")]
        {
            assert_eq!(heading(name), expected);
        }
    }
}
