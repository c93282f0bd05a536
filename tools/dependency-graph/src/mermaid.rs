//! The graph as a Mermaid flowchart, which GitHub draws.

use std::{collections::BTreeMap, fmt::Write};

use crate::graph::Graph;

/// A flowchart with one box for each graph, titled with its name.
#[must_use]
pub fn flowchart<'a>(graphs: impl IntoIterator<Item = (&'a str, &'a Graph)>) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for (index, (title, graph)) in graphs.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write_box(&mut text, &format!("g{index}"), title, graph);
    }
    text
}

/// Names may be words that Mermaid reserves, so nodes have numbers and show their names.
fn write_box(text: &mut String, id: &str, title: &str, graph: &Graph) -> std::fmt::Result {
    writeln!(text, "  subgraph {id}[\"{title}\"]")?;
    let mut ids = BTreeMap::new();
    for (number, (node, _)) in graph.nodes().enumerate() {
        writeln!(text, "    {id}n{number}[\"{}\"]", node.trim_start_matches("crate::"))?;
        ids.insert(node, number);
    }
    for (user, used) in graph.edges() {
        if let (Some(user), Some(used)) = (ids.get(user), ids.get(used)) {
            writeln!(text, "    {id}n{user} --> {id}n{used}")?;
        }
    }
    writeln!(text, "  end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_becomes_a_box_with_a_node_for_each_module_and_an_arrow_for_each_use() {
        let mut graph = Graph::default();
        graph.add_edge("crate", "crate::end");
        let expected = "flowchart TD\n  subgraph g0[\"broker\"]\n    g0n0[\"crate\"]\n    \
                        g0n1[\"end\"]\n    g0n0 --> g0n1\n  end\n";
        assert_eq!(flowchart([("broker", &graph)]), expected);
    }
}
