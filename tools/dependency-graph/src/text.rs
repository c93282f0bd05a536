//! The graph as text of at most 80 columns, for a terminal.

use std::fmt::Write;

use crate::graph::Graph;

/// The widest line.
const WIDTH: usize = 80;

/// The widest column of names. What a longer name uses starts on the next line.
const WIDEST_NAME: usize = 30;

/// Lists every node with the nodes that it uses, each node above what it uses. Names start with
/// `crate::` in the graph, and without it in the text.
#[must_use]
pub fn list(graph: &Graph) -> String {
    let names = graph.nodes().map(|(node, _)| short(node).len());
    let column = names.filter(|length| *length <= WIDEST_NAME).max().unwrap_or_default();
    let mut text = String::new();
    for layer in graph.layers() {
        for (node, used) in graph.nodes().filter(|(node, _)| layer.contains(node)) {
            let used: Vec<_> = used.iter().map(|used| short(used)).collect();
            write_node(&mut text, short(node), &used, column + 2);
        }
    }
    text
}

fn short(module: &str) -> &str {
    module.strip_prefix("crate::").unwrap_or(module)
}

/// Writes a node and, from `column` on, what it uses, over as many lines as that takes.
fn write_node(text: &mut String, node: &str, used: &[&str], column: usize) {
    let mut line = format!("{node:column$}");
    if line.len() > column && !used.is_empty() {
        text.push_str(&line);
        text.push('\n');
        line = " ".repeat(column);
    }
    for (index, name) in used.iter().enumerate() {
        let comma = if index + 1 < used.len() { "," } else { "" };
        if line.len() + name.len() + comma.len() > WIDTH && line.trim_start() != "" {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(column);
        }
        // Writing to a string cannot fail.
        let _ = write!(line, "{name}{comma} ");
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_stands_above_what_it_uses() {
        let mut graph = Graph::default();
        graph.add_edge("crate", "crate::policy");
        graph.add_edge("crate::policy", "crate::ids");
        graph.add_edge("crate::policy", "crate::names");
        assert_eq!(
            list(&graph),
            "crate   policy\n\
             policy  ids, names\n\
             ids\n\
             names\n"
        );
    }

    #[test]
    fn a_long_list_is_wrapped_in_its_column_and_a_long_name_gets_a_line_to_itself() {
        let mut graph = Graph::default();
        let long_name = "a_module_with_a_name_beyond_the_column";
        for number in 0..20 {
            graph.add_edge("user", &format!("module_{number:02}"));
            graph.add_edge(long_name, "user");
        }
        let text = list(&graph);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let lines: Vec<_> = text.lines().take(4).collect();
        assert_eq!(lines[..2], [long_name, "           user"]);
        assert!(lines[2].starts_with("user       module_00, module_01,"), "{text}");
        assert!(lines[3].starts_with("           module_06,"), "{text}");
    }
}
