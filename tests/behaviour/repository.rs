//! Files of the repository that must agree: templates, workflows, docs, function folders and code.

mod alerts;
mod asking;
pub(crate) mod bicep;
mod container_app;
mod deployment;
mod files_agree;
mod grant_script;
pub(crate) mod kusto;
mod links;
mod lock_files;
mod log_events;
mod operations;
mod parameters;
mod queries;
pub(crate) mod source_files;
mod tables;
mod templates;
mod unexplained_assignment;
mod workflows;
