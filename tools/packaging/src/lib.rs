//! The package that Azure Functions runs: which files it holds, and how they become a zip.

pub mod bill_of_materials;
pub mod contents;
pub mod fault;
pub mod zip_file;
