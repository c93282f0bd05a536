//! A directed graph of names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A directed graph. Its text lists each node above the nodes that it uses.
#[derive(Debug, Default)]
pub struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Adds a node, if the graph does not have it yet.
    pub fn add_node(&mut self, node: &str) {
        self.uses.entry(node.to_owned()).or_default();
    }

    /// Adds an edge and both of its nodes.
    pub fn add_edge(&mut self, user: &str, used: &str) {
        self.add_node(used);
        self.uses.entry(user.to_owned()).or_default().insert(used.to_owned());
    }

    /// Every edge, in alphabetical order: the user, then what it uses.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str)> {
        let uses = self.uses.iter();
        uses.flat_map(|(user, all)| all.iter().map(move |used| (user.as_str(), used.as_str())))
    }

    /// The edges that lie on a cycle: the user can be reached again from what it uses.
    pub fn edges_on_cycles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edges().filter(|(user, used)| self.users_first([*used]).contains(user))
    }

    /// Some nodes and all that they use, each before what it uses unless both are on a cycle.
    fn users_first<'a>(&'a self, nodes: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
        nodes.into_iter().for_each(|node| self.visit(node, &mut seen, &mut order));
        order.reverse();
        order
    }

    fn visit<'a>(&'a self, node: &'a str, seen: &mut BTreeSet<&'a str>, order: &mut Vec<&'a str>) {
        if seen.insert(node) {
            let used = self.uses.get(node).into_iter().flatten();
            used.for_each(|used| self.visit(used, seen, order));
            order.push(node);
        }
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.uses.keys().map(String::len).max().unwrap_or_default();
        for node in self.users_first(self.uses.keys().map(String::as_str)) {
            let used: Vec<_> = self.uses.get(node).into_iter().flatten().cloned().collect();
            let line = format!("{node:width$}  {}", used.join(", "));
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        edges.iter().for_each(|(user, used)| graph.add_edge(user, used));
        graph
    }

    #[test]
    fn only_the_edges_between_nodes_of_a_cycle_are_on_it() {
        let diamond = graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]);
        assert_eq!(diamond.edges_on_cycles().count(), 0);
        let cycle = graph(&[("top", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "leaf")]);
        let on_cycle: Vec<_> = cycle.edges_on_cycles().collect();
        assert_eq!(on_cycle, [("a", "b"), ("b", "c"), ("c", "a")]);
        let two = graph(&[("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c")]);
        assert!(!two.edges_on_cycles().any(|edge| edge == ("b", "c")));
        assert_eq!(two.edges_on_cycles().count(), 4);
    }

    #[test]
    fn each_node_is_listed_above_what_it_uses_and_the_nodes_of_a_cycle_are_listed_too() {
        let diamond = graph(&[("top", "b"), ("top", "c"), ("b", "d"), ("c", "d")]);
        assert_eq!(diamond.to_string(), "top  b, c\nc    d\nb    d\nd\n");
        assert_eq!(graph(&[("a", "b"), ("b", "a")]).to_string(), "a  b\nb  a\n");
    }
}
