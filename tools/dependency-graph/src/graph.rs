//! A directed graph of names, with the two questions that this tool asks of it.

use std::collections::{BTreeMap, BTreeSet};

/// An edge: the user, then what it uses.
pub type Edge = (String, String);

/// A directed graph. Nodes and edges are in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

    /// Every node with the nodes that it uses.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.uses.iter().map(|(node, used)| (node.as_str(), used))
    }

    /// Every edge.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.nodes().flat_map(|(user, all)| all.iter().map(move |used| (user, used.as_str())))
    }

    /// The edges that lie on a cycle: from what an edge leads to, its user can be reached again.
    #[must_use]
    pub fn edges_on_cycles(&self) -> Vec<Edge> {
        let on_cycle = self.edges().filter(|(user, used)| self.reachable_from(used).contains(user));
        on_cycle.map(|(user, used)| (user.to_owned(), used.to_owned())).collect()
    }

    /// A node, what it uses, what that uses, and so on.
    fn reachable_from<'a>(&'a self, node: &'a str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(user) = open.pop() {
            let all = self.uses.get(user).into_iter().flatten();
            open.extend(all.map(String::as_str).filter(|used| reached.insert(used)));
        }
        reached
    }

    /// The nodes in layers, users first: each node is in a layer above everything that it uses.
    /// Nodes on a cycle, and their users, share the first layer.
    #[must_use]
    pub fn layers(&self) -> Vec<Vec<&str>> {
        let mut layers = Vec::new();
        let mut placed = BTreeSet::new();
        loop {
            let open = self.nodes().filter(|(node, _)| !placed.contains(node));
            let is_placed = |used: &String| placed.contains(used.as_str());
            let (layer, rest): (Vec<_>, Vec<_>) =
                open.partition(|(_, all)| all.iter().all(is_placed));
            let is_cyclic = layer.is_empty();
            let layer: Vec<&str> =
                if is_cyclic { &rest } else { &layer }.iter().map(|(node, _)| *node).collect();
            if layer.is_empty() {
                break;
            }
            placed.extend(layer.iter().copied());
            layers.push(layer);
        }
        layers.reverse();
        layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (user, used) in edges {
            graph.add_edge(user, used);
        }
        graph
    }

    #[test]
    fn a_graph_without_a_cycle_has_no_edge_on_one() {
        let diamond = graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]);
        assert_eq!(diamond.edges_on_cycles(), []);
    }

    #[test]
    fn the_edges_on_a_cycle_are_named_and_those_that_lead_to_it_or_from_it_are_not() {
        let cycle = graph(&[("top", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "leaf")]);
        let edges = cycle.edges_on_cycles();
        let edges: Vec<_> =
            edges.iter().map(|(user, used)| (user.as_str(), used.as_str())).collect();
        assert_eq!(edges, [("a", "b"), ("b", "c"), ("c", "a")]);
    }

    #[test]
    fn an_edge_between_two_cycles_is_on_neither() {
        let cycles = graph(&[("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c")]);
        assert!(!cycles.edges_on_cycles().contains(&("b".to_owned(), "c".to_owned())));
        assert_eq!(cycles.edges_on_cycles().len(), 4);
    }

    #[test]
    fn layers_put_each_user_above_what_it_uses() {
        let mut diamond = graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]);
        diamond.add_node("alone");
        assert_eq!(diamond.layers(), [vec!["a"], vec!["b", "c"], vec!["alone", "d"]]);
    }

    #[test]
    fn layers_hold_every_node_of_a_cycle() {
        let cycle = graph(&[("a", "b"), ("b", "a"), ("b", "leaf")]);
        assert_eq!(cycle.layers(), [vec!["a", "b"], vec!["leaf"]]);
    }
}
