//! Documents that are printed one by one.

use serde::Serialize;
use wire_formats::json::Node;

use super::{
    document::{spreadsheet, tsv},
    rows::{Rows, cells},
    streams,
    text::{shown_json, without_commands},
    yaml::yaml,
};
use crate::{failure::Failure, format::Format, query::Query};

/// Objects that are printed one by one: a line of JSON, a document of YAML or a row for each.
#[derive(Debug)]
pub(crate) struct Stream {
    format: Format,
    query: Option<&'static Query>,
    columns: Vec<String>,
    has_begun: bool,
}

impl Stream {
    /// A stream of objects with these columns. The answers to a query have the columns of the first one.
    pub(super) fn new(format: Format, query: Option<&'static Query>, columns: &[&str]) -> Self {
        let columns = if query.is_none() { columns } else { &[] };
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Self { format, query, columns, has_begun: false }
    }

    /// Prints an object. If a query selects nothing from it, nothing is printed. Returns false if there is
    /// no reader any more.
    pub(crate) fn push(&mut self, document: &impl Serialize) -> Result<bool, Failure> {
        let not_encoded = |_| Failure::failed("the result cannot be encoded as JSON");
        let mut node = Node::of(document).map_err(not_encoded)?;
        if let Some(query) = self.query {
            node = query.apply(node)?;
            if node == Node::Null {
                return Ok(true);
            }
        }
        Ok(streams::print(&self.lines(&node).map_err(not_encoded)?))
    }

    fn lines(&mut self, node: &Node) -> serde_json::Result<String> {
        if self.columns.is_empty() {
            self.columns = Rows::of(node).columns;
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        Ok(match self.format {
            Format::Json => shown_json(&serde_json::to_string(node)?),
            Format::Yaml => {
                let yaml = yaml(node);
                format!("---\n{}", without_commands(yaml.trim_end_matches('\n')))
            }
            Format::Tsv | Format::Table => tsv(&cells(node, &self.columns)),
            Format::Csv => {
                let row = cells(node, &self.columns);
                let header = Some(&self.columns).filter(|columns| is_first && !columns.is_empty());
                spreadsheet(header.into_iter().chain([&row])).trim_end().to_owned()
            }
        })
    }
}
