//! Documents in the format that the operator chose.

use wire_formats::json::Node;

use super::{
    csv,
    rows::{Rows, heading},
    table::table,
    text::{shown, shown_json, without_commands},
    yaml::yaml,
};
use crate::format::Format;

/// Returns a document as text, without the last line break. `None` if it has no line at all.
pub(super) fn text(node: &Node, format: Format) -> serde_json::Result<Option<String>> {
    let text = match format {
        Format::Json => shown_json(&serde_json::to_string_pretty(node)?),
        Format::Yaml => without_commands(&yaml(node)).into_owned(),
        Format::Tsv => Rows::of(node).cells.iter().map(|row| tsv(row) + "\n").collect(),
        Format::Csv => {
            let Rows { columns, cells } = Rows::of(node);
            let header = Some(columns).filter(|columns| !columns.is_empty());
            spreadsheet(header.iter().chain(&cells))
        }
        Format::Table => flat_table(node),
    };
    if text.is_empty() {
        return Ok(None);
    }
    // Only one line break goes, because an empty line can be a row.
    let lines = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(lines.strip_suffix('\r').unwrap_or(lines).to_owned()))
}

/// Returns the line of a row.
pub(super) fn tsv(row: &[String]) -> String {
    row.iter().map(|cell| shown(cell)).collect::<Vec<_>>().join("\t")
}

/// Returns the lines of rows.
pub(super) fn spreadsheet<'a>(rows: impl Iterator<Item = &'a Vec<String>>) -> String {
    let mut text = String::new();
    for row in rows {
        csv::add_row(&mut text, row);
    }
    text
}

/// The answer to a query as a table for people.
fn flat_table(node: &Node) -> String {
    let Rows { columns, cells } = Rows::of(node);
    let headings: Vec<_> = columns.iter().map(|name| heading(name)).collect();
    let headings: Vec<_> = headings.iter().map(String::as_str).collect();
    table(&headings, cells.into_iter())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_document_has_a_command_of_a_pipeline() {
        let hostile = "##vso[task.complete]##[error]::x";
        let node = Node::of(&json!([{ hostile: hostile }])).unwrap();
        let [json, yaml] =
            [Format::Json, Format::Yaml].map(|format| text(&node, format).unwrap().unwrap());
        for text in [&json, &yaml] {
            assert!(!text.contains("##vso[") && !text.contains("##["), "{text}");
        }
        assert_eq!(serde_json::from_str::<Node>(&json).unwrap(), node);
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, json!([{ hostile: hostile }]));
    }

    #[test]
    fn each_object_of_a_list_has_a_row_even_if_it_is_empty() {
        for (document, rows) in [
            (json!([]), None),
            (json!([null]), Some("")),
            (json!([{ "role": "a" }, { "role": "" }, { "role": null }]), Some("a\n\n")),
            (json!([{ "a": "x", "b": "" }]), Some("x\t")),
        ] {
            let node = Node::of(&document).unwrap();
            assert_eq!(text(&node, Format::Tsv).unwrap().as_deref(), rows, "{document}");
        }
    }
}
