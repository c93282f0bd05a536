//! The broker's record: the tables in which it keeps what it does, as docs/logging.md describes them.
//!
//! Rows are read leniently: a row may lack columns, and may have columns that this version does not know.

mod account;
mod ends;
mod intents;
mod row;
mod since;

pub(crate) use account::{RecordAccount, RecordTables};
pub(crate) use ends::{End, Ends, ShownEnd};
pub(crate) use intents::{OpenIntent, duration};
pub(crate) use row::Row;
pub(crate) use since::Since;
