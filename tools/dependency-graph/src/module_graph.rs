//! Which module of a crate uses which.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    graph::Graph,
    paths_in_code::PathsInCode,
    source_tree::{Module, ROOT},
};

/// The graph of a crate's modules. `mod` declarations are no edges.
#[must_use]
pub fn module_graph(modules: &[Module]) -> Graph {
    let all: BTreeSet<&str> = modules.iter().map(|module| module.path.as_str()).collect();
    let mut graph = Graph::default();
    for module in modules {
        graph.add_node(&module.path);
        let code = PathsInCode::of(&module.items);
        let mut scope = Scope { module: &module.path, modules: &all, imported: BTreeMap::new() };
        scope.import(&code);
        let used = code.all().filter_map(|path| scope.module_of(path));
        for (used, _) in used.filter(|(used, _)| *used != module.path) {
            graph.add_edge(&module.path, &used);
        }
    }
    graph
}

/// The names that a module can start a path with.
struct Scope<'a> {
    /// The module in which the paths are.
    module: &'a str,
    /// Every module of the crate.
    modules: &'a BTreeSet<&'a str>,
    /// The modules that the module has imported, by the name it gave them.
    imported: BTreeMap<String, String>,
}

impl Scope<'_> {
    fn import(&mut self, code: &PathsInCode) {
        for import in &code.imports {
            if let (Some(name), Some((module, []))) = (&import.name, self.module_of(&import.path)) {
                self.imported.insert(name.clone(), module);
            }
        }
    }

    /// The innermost module of the crate that a path names, and the rest of the path, which names an item.
    /// `None` for a path into another crate, or to an item that the module itself has in scope.
    fn module_of<'p>(&self, path: &'p [String]) -> Option<(String, &'p [String])> {
        let (mut module, mut rest) = self.start(path)?;
        while let [name, after @ ..] = rest {
            let inner = format!("{module}::{name}");
            if !self.modules.contains(inner.as_str()) {
                break;
            }
            (module, rest) = (inner, after);
        }
        Some((module, rest))
    }

    fn start<'p>(&self, path: &'p [String]) -> Option<(String, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((ROOT.to_owned(), rest)),
            "self" => Some(climb(self.module, rest)),
            "super" => Some(climb(self.module, path)),
            name => {
                let child = format!("{}::{name}", self.module);
                let known = self.modules.contains(child.as_str()).then_some(child);
                Some((known.or_else(|| self.imported.get(name).cloned())?, rest))
            }
        }
    }
}

/// Goes up once for each leading `super`.
fn climb<'p>(module: &str, path: &'p [String]) -> (String, &'p [String]) {
    match path {
        [first, rest @ ..] if first == "super" => {
            climb(module.rsplit_once("::").map_or(ROOT, |(parent, _)| parent), rest)
        }
        path => (module.to_owned(), path),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source_tree;

    /// The edges of a crate whose root file is this, without the prefix `crate::`.
    fn edges(root: &str) -> Vec<String> {
        let read_file = |_: &Path| Ok(root.to_owned());
        let modules = source_tree::read(Path::new("lib.rs"), &read_file).unwrap();
        let graph = module_graph(&modules);
        let named = graph.edges().map(|(user, used)| format!("{user} {used}"));
        named.map(|edge| edge.replace("crate::", "")).collect()
    }

    #[test]
    fn an_import_is_a_use_of_the_module_that_the_item_is_in() {
        for (root, expected) in [
            ("mod a { use crate::b::Item; } mod b {}", &["a b"][..]),
            ("mod a { use super::b::Item; } mod b {}", &["a b"]),
            ("mod a { use super::b; } mod b {}", &["a b"]),
            ("mod a { use crate::b::*; } mod b {}", &["a b"]),
            ("mod a { fn f() { use crate::b::g; g() } } mod b {}", &["a b"]),
            (
                "mod a { use crate::{b::{self, inner::Item}, c::Other as Name}; }
                 mod b { mod inner {} } mod c {}",
                &["a b", "a b::inner", "a c"],
            ),
            ("use a::Item; mod a {}", &["crate a"]),
            ("use self::a::Item; mod a {}", &["crate a"]),
            ("mod a { mod b { use super::c::Item; } mod c {} }", &["a::b a::c"]),
            ("mod a { mod b { use super::super::c::X; } } mod c {}", &["a::b c"]),
            // An item that the parent defines or reexports is the parent's.
            ("mod a { use super::Item; }", &["a crate"]),
            ("mod a { use super::*; }", &["a crate"]),
            (
                "mod a { pub use b::Item; mod b {} mod c { use super::Item; } }",
                &["a a::b", "a::c a"],
            ),
        ] {
            assert_eq!(edges(root), expected, "{root}");
        }
    }

    #[test]
    fn paths_in_types_expressions_patterns_and_macros_count() {
        for code in [
            "struct S(crate::b::Item);",
            "fn f() { crate::b::g() }",
            "fn f(x: u8) { match x { super::b::LOW => {} _ => {} } }",
            "impl crate::b::T for S {}",
            "fn f(x: &[Vec<super::b::T>]) {}",
            r#"fn f() { println!("{}", x.y(&crate::b::G)); }"#,
            "macro_rules! m { () => { $crate::b::g() } }",
        ] {
            assert_eq!(edges(&format!("mod a {{ {code} }} mod b {{}}")), ["a b"], "{code}");
        }
        for import in
            ["use crate::b; fn f() { b::c::g() }", "use crate::b as x; fn f() { x::c::g() }"]
        {
            let root = format!("mod a {{ {import} }} mod b {{ mod c {{}} }}");
            assert_eq!(edges(&root), ["a b", "a b::c"], "{import}");
        }
    }

    #[test]
    fn declarations_attributes_other_crates_and_code_of_tests_are_no_uses() {
        for root in [
            "mod a { mod b {} }",
            "mod a { use ::b::Item; fn f() { b::g() } } mod b {}",
            "mod a { pub(super) struct S; pub(in crate::a) struct T; }",
            "mod a { #[derive(crate::b::D)] struct S; } mod b {}",
            "fn f() { let b = 1; g(b) } mod b {}",
            "mod a { #[cfg(test)] use crate::b::Item;
                     impl S { #[cfg(test)] fn f() { crate::b::g() } }
                     #[cfg(test)] mod tests { use super::*; } } mod b {}",
        ] {
            assert_eq!(edges(root), [""; 0], "{root}");
        }
    }
}
