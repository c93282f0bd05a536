#![doc = include_str!("../README.md")]

pub mod counts;
pub mod crate_modules;
pub mod fault;
pub mod graph;
pub mod mermaid;
pub mod module_graph;
pub mod module_path;
mod names_in_scope;
pub mod paths_in_code;
pub mod source_tree;
pub mod text;
pub mod violations;
pub mod workspace;
