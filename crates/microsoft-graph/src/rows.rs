//! The rows of lists. One that cannot be used is skipped, and the log names it.

use app_roles::text::printable;
use serde::de::DeserializeOwned;

use crate::member::Member;

/// The number of rows of one list that the log names. A fault of Microsoft Graph may affect every row of
/// a tenant.
const MOST_NAMED: usize = 20;

/// The longest id in the log, in characters. Ids of assignments have 43.
const LONGEST_ID: usize = 80;

/// A row as Microsoft Graph writes it.
pub(crate) trait WireRow: DeserializeOwned {
    /// The row as the broker uses it.
    type Row;

    /// The id of the row, for the log.
    fn id(&self) -> Option<String>;

    /// The row, or what is wrong with it.
    fn read(self) -> Result<Self::Row, &'static str>;

    /// What is wrong with a row that can still be used.
    fn flaw(&self) -> Option<&'static str> {
        None
    }
}

/// The fault of a row that is no object, or that has a member twice.
const NOT_AN_OBJECT: &str = "it is not a valid object";

/// Reads the rows of a list, and counts those that were skipped.
#[derive(Debug)]
pub(crate) struct RowReader {
    /// The list, for the log.
    operation: &'static str,
    skipped: usize,
    logged: usize,
}

impl RowReader {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self { operation, skipped: 0, logged: 0 }
    }

    /// The number of rows that were skipped.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped
    }

    /// Starts the count again, because the list is read again.
    pub(crate) fn restart(&mut self) {
        self.skipped = 0;
    }

    /// The rows that can be used. The log names the others.
    pub(crate) fn read<W: WireRow>(&mut self, rows: Vec<Member<W>>) -> Vec<W::Row> {
        rows.into_iter().filter_map(|row| self.read_one(row)).collect()
    }

    fn read_one<W: WireRow>(&mut self, row: Member<W>) -> Option<W::Row> {
        let Some(row) = row.value() else {
            self.skip(None, NOT_AN_OBJECT);
            return None;
        };
        let (id, flaw) = (row.id(), row.flaw());
        match row.read() {
            Ok(usable) => {
                if let Some(flaw) = flaw {
                    self.warn(id, flaw, "a row of Microsoft Graph's answer is used in part");
                }
                Some(usable)
            }
            Err(fault) => {
                self.skip(id, fault);
                None
            }
        }
    }

    fn skip(&mut self, id: Option<String>, fault: &'static str) {
        self.skipped += 1;
        self.warn(id, fault, "a row of Microsoft Graph's answer is skipped");
    }

    fn warn(&mut self, id: Option<String>, fault: &'static str, consequence: &'static str) {
        self.logged += 1;
        if self.logged > MOST_NAMED {
            return;
        }
        let id = id.map_or_else(|| "(unreadable)".to_owned(), |id| shortened(&id));
        let more = match self.logged {
            MOST_NAMED => "; further rows of this list are not named",
            _ => "",
        };
        tracing::warn!(
            event = "graph.row_unreadable",
            operation = self.operation,
            id,
            fault,
            "{consequence}{more}"
        );
    }
}

/// An id that Microsoft Graph states may be any text.
fn shortened(id: &str) -> String {
    printable(&id.chars().take(LONGEST_ID).collect::<String>()).into_owned()
}
