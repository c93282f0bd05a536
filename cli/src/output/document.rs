//! Documents in the format that the operator chose.

use app_roles::text::printable_json;
use wire_formats::json::Node;

use super::{
    csv,
    rows::{Rows, heading},
    table::table,
    text::shown,
    yaml::yaml,
};
use crate::format::Format;

/// Returns a document as text, without the last line break. An empty text has no line at all.
pub(super) fn text(node: &Node, format: Format) -> serde_json::Result<String> {
    let text = match format {
        Format::Json => printable_json(&serde_json::to_string_pretty(node)?).into_owned(),
        Format::Yaml => yaml(node),
        Format::Tsv => Rows::of(node).cells.iter().map(|row| tsv(row) + "\n").collect(),
        Format::Csv => {
            let Rows { columns, cells } = Rows::of(node);
            let header = Some(columns).filter(|columns| !columns.is_empty());
            spreadsheet(header.iter().chain(&cells))
        }
        Format::Table => flat_table(node),
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
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
