#![doc = include_str!("../README.md")]

mod cache;
mod installation;
mod installer;

pub use installation::{Installation, PinnedPackages};
pub use installer::{InstallationError, Installer};
