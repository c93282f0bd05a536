//! Tests of proposals: what they allow, and how many rules they have.

mod generated;
mod tenant;
mod unusual;
