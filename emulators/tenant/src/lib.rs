#![doc = include_str!("../README.md")]

mod arm;
mod audit_log;
pub mod catalogue;
pub mod contoso;
mod directory;
mod failure;
mod fault;
mod graph;
mod graph_error;
mod identity_endpoint;
mod incoming_request;
mod ledger;
mod quota;
mod request_log;
mod response_header;
mod seeded_faults;
mod server;
mod service_principal;
mod storage_service;
mod tenant;
mod timestamp;
mod token;
mod token_settings;
mod world;

pub use arm::CreatedIdentity;
pub use directory::{AppRoleAssignment, AssignmentError, DEFAULT_ACCESS, Directory};
pub use fault::Fault;
pub use ledger::{AcceptedWrite, WriteKind};
pub use quota::{QuotaModel, WriteQuota};
pub use request_log::{RecordedRequest, Route};
pub use seeded_faults::SeededFaults;
pub use service_principal::{AppRole, ServicePrincipal, ServicePrincipalType};
pub use tenant::Tenant;
