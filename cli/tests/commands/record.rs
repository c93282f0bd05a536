//! `record`: the broker's tables, as an operator reads them.

mod check;
mod follow;
mod rows;
mod show;

pub(crate) use follow::{interrupted, send_signal};
pub(crate) use rows::{INVOCATION, RowWriter, ago, assigned, key, with};
