//! Edges that must not be there.

use std::fmt;

use crate::{graph::Graph, module_path};

/// An edge that breaks a rule of structure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A module uses a module that contains it.
    UsesItsParent(String, String),
    /// An edge lies on a cycle.
    Cycle(String, String),
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsesItsParent(user, used) => {
                write!(formatter, "{user} -> {used} (a module uses its parent)")
            }
            Self::Cycle(user, used) => write!(formatter, "{user} -> {used} (on a cycle)"),
        }
    }
}

/// The edges of a graph of modules that break a rule. A module may use what it contains.
#[must_use]
pub fn of_modules(graph: &Graph) -> Vec<Violation> {
    let upwards = graph.edges().filter(|(user, used)| module_path::contains(used, user));
    let mut violations: Vec<_> = upwards
        .map(|(user, used)| Violation::UsesItsParent(user.to_owned(), used.to_owned()))
        .collect();
    violations.extend(cycles_of_modules(graph));
    violations
}

/// A module includes the modules inside it: if `a::x` uses `b::y`, nothing in `b` may use anything in `a`.
fn cycles_of_modules(graph: &Graph) -> impl Iterator<Item = Violation> {
    let mut siblings = Graph::default();
    for (user, used) in graph.edges() {
        if let Some((user, used)) = module_path::siblings(user, used) {
            siblings.add_edge(&user, &used);
        }
    }
    let cyclic = siblings.edges_on_cycles();
    let is_on_cycle = move |(user, used): &(&str, &str)| {
        module_path::siblings(user, used).is_some_and(|edge| cyclic.contains(&edge))
    };
    let edges = graph.edges().filter(is_on_cycle);
    edges.map(|(user, used)| Violation::Cycle(user.to_owned(), used.to_owned()))
}

/// The edges of a graph of crates that lie on a cycle.
#[must_use]
pub fn of_crates(graph: &Graph) -> Vec<Violation> {
    let edges = graph.edges_on_cycles().into_iter();
    edges.map(|(user, used)| Violation::Cycle(user, used)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(edges: &[(&str, &str)]) -> Vec<String> {
        let mut graph = Graph::default();
        for (user, used) in edges {
            graph.add_edge(user, used);
        }
        of_modules(&graph).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_module_may_use_what_it_contains_and_its_siblings() {
        let edges = [("crate", "crate::a"), ("crate::a", "crate::b"), ("crate", "crate::a::c")];
        assert_eq!(violations(&edges), [""; 0]);
    }

    #[test]
    fn a_module_that_uses_a_module_around_it_is_named() {
        let parent = [("crate::a::b", "crate::a")];
        assert_eq!(violations(&parent), ["crate::a::b -> crate::a (a module uses its parent)"]);
        let root = [("crate::a::b", "crate")];
        assert_eq!(violations(&root), ["crate::a::b -> crate (a module uses its parent)"]);
    }

    #[test]
    fn each_edge_of_a_cycle_is_named() {
        let cycle = [("crate::a", "crate::b"), ("crate::b", "crate::a")];
        let named = ["crate::a -> crate::b (on a cycle)", "crate::b -> crate::a (on a cycle)"];
        assert_eq!(violations(&cycle), named);
    }

    #[test]
    fn a_cycle_between_modules_is_found_through_the_modules_inside_them() {
        let cycle = [("crate::a::x", "crate::b::y"), ("crate::b::z", "crate::a::w")];
        let named = violations(&cycle);
        assert_eq!(named[0], "crate::a::x -> crate::b::y (on a cycle)");
        assert_eq!(named.len(), 2);
    }

    #[test]
    fn a_parent_that_uses_its_child_is_not_blamed_for_the_child_that_uses_it() {
        let edges = [("crate", "crate::a"), ("crate::a", "crate")];
        assert_eq!(violations(&edges), ["crate::a -> crate (a module uses its parent)"]);
    }
}
