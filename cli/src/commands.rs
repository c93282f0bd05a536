//! One module for each command. `change` is `assign` and `revoke`.

pub(crate) mod approvals;
pub(crate) mod change;
pub(crate) mod completions;
pub(crate) mod context;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod history;
pub(crate) mod holders;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod roles;
pub(crate) mod submit;
pub(crate) mod version;
pub(crate) mod whoami;
pub(crate) mod why;
