//! The broker's world on one machine: an emulated tenant, a stand-in for the Azure Functions host,
//! and Azurite.

pub mod tenant;
