//! Events about resources, requests in events, and the timer that plans checks.

mod costs;
mod deliveries;
mod hostile;
mod order;
mod payloads;
mod reconcile;
mod records;
mod resource_events;
pub(crate) mod sending;
mod young_identities;
