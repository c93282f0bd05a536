//! Edges that break a rule of structure, as text.

use crate::graph::Graph;

/// The edges of a graph of crates that lie on a cycle.
#[must_use]
pub fn of_crates(crates: &Graph) -> Vec<String> {
    crates.edges_on_cycles().map(on_a_cycle).collect()
}

/// The edges of a graph of modules that break a rule. A module may use what it contains, and must not
/// use what contains it.
#[must_use]
pub fn of_modules(modules: &Graph) -> Vec<String> {
    let upwards = modules.edges().filter(|(user, used)| contains(used, user));
    let upwards =
        upwards.map(|(user, used)| format!("{user} -> {used} (a module uses its parent)"));
    upwards.chain(cycles_of_modules(modules)).collect()
}

/// A module includes the modules inside it: if `a::x` uses `b::y`, nothing in `b` may use anything in `a`.
fn cycles_of_modules(modules: &Graph) -> Vec<String> {
    let mut outermost = Graph::default();
    for (user, used) in modules.edges() {
        if let Some((user, used)) = siblings(user, used) {
            outermost.add_edge(&user, &used);
        }
    }
    let cyclic: Vec<_> = outermost.edges_on_cycles().collect();
    let is_on_cycle = |(user, used): &(&str, &str)| {
        siblings(user, used).is_some_and(|(user, used)| cyclic.contains(&(&*user, &*used)))
    };
    modules.edges().filter(is_on_cycle).map(on_a_cycle).collect()
}

fn on_a_cycle((user, used): (&str, &str)) -> String {
    format!("{user} -> {used} (on a cycle)")
}

/// Whether a module contains another one, at any depth.
fn contains(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"))
}

/// The two modules next to each other that contain, or are, `one` and `other`. `None` if one of the two
/// contains the other.
fn siblings(one: &str, other: &str) -> Option<(String, String)> {
    let [one, other] = [one, other].map(|path| path.split("::").collect::<Vec<_>>());
    let shared = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let up_to_sibling = |path: &[&str]| path.get(..=shared).map(|names| names.join("::"));
    up_to_sibling(&one).zip(up_to_sibling(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_to_a_module_around_and_edges_on_a_cycle_are_violations() {
        for (edges, expected) in [
            (&["crate a", "crate::a crate::b", "crate crate::a::c"][..], &[][..]),
            (&["crate::ab crate::a"], &[]),
            (&["crate::a::b crate::a"], &["crate::a::b -> crate::a (a module uses its parent)"]),
            (&["crate::a::b crate"], &["crate::a::b -> crate (a module uses its parent)"]),
            // The parent may use its child.
            (
                &["crate crate::a", "crate::a crate"],
                &["crate::a -> crate (a module uses its parent)"],
            ),
            (
                &["crate::a crate::b", "crate::b crate::a"],
                &["crate::a -> crate::b (on a cycle)", "crate::b -> crate::a (on a cycle)"],
            ),
            // A cycle of the enclosing modules.
            (
                &["crate::a::x crate::b::y", "crate::b::z crate::a::w"],
                &[
                    "crate::a::x -> crate::b::y (on a cycle)",
                    "crate::b::z -> crate::a::w (on a cycle)",
                ],
            ),
        ] {
            let mut graph = Graph::default();
            for edge in edges {
                let (user, used) = edge.split_once(' ').unwrap();
                graph.add_edge(user, used);
            }
            assert_eq!(of_modules(&graph), expected, "{edges:?}");
        }
    }
}
