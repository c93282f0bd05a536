#![doc = include_str!("../README.md")]

pub mod counts;
pub mod graph;
pub mod module_graph;
pub mod paths_in_code;
pub mod source_tree;
pub mod violations;
pub mod workspace;
