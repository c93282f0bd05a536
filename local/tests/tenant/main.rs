//! The emulated tenant's behaviour, over HTTP.

mod assignments;
mod authorization;
mod caller;
mod faults;
mod identity_endpoint;
mod listing;
mod payload;
mod requests;
mod service_principals;
