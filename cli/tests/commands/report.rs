//! `report`: who may do what, in a file.

mod contents;
mod failures;
mod files;
mod tenant;

pub(crate) use tenant::YESTERDAY;
