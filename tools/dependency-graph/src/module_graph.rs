//! Which module of a crate uses which.

use std::collections::BTreeSet;

use crate::{
    graph::Graph, names_in_scope::NamesInScope, paths_in_code::PathsInCode, source_tree::Module,
};

/// The graph of a crate's modules. `mod` declarations are no edges.
#[must_use]
pub fn module_graph(modules: &[Module]) -> Graph {
    let all: BTreeSet<String> = modules.iter().map(|module| module.path.clone()).collect();
    let mut graph = Graph::default();
    for module in modules {
        graph.add_node(&module.path);
        for used in modules_used_by(module, &all) {
            graph.add_edge(&module.path, &used);
        }
    }
    graph
}

fn modules_used_by(module: &Module, all: &BTreeSet<String>) -> BTreeSet<String> {
    let code = PathsInCode::of(&module.items);
    let mut scope =
        NamesInScope { module: &module.path, modules: all, imported: Default::default() };
    for import in &code.imports {
        if let (Some(name), Some(imported)) = (&import.name, scope.module_at(&import.path)) {
            scope.imported.insert(name.clone(), imported);
        }
    }
    let named = code.all().filter_map(|path| scope.module_of(path));
    named.filter(|used| *used != module.path).collect()
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
    fn a_declaration_is_not_a_use() {
        assert_eq!(edges("mod a { mod b {} }"), [""; 0]);
    }

    #[test]
    fn an_import_is_a_use_of_the_module_that_the_item_is_in() {
        assert_eq!(edges("mod a { use crate::b::Item; } mod b {}"), ["a b"]);
        assert_eq!(edges("mod a { use super::b::Item; } mod b {}"), ["a b"]);
        assert_eq!(edges("mod a { use super::b; } mod b {}"), ["a b"]);
        assert_eq!(edges("mod a { use crate::b::*; } mod b {}"), ["a b"]);
    }

    #[test]
    fn each_branch_of_an_import_counts() {
        let root = "mod a { use crate::{b::{self, inner::Item}, c::Other as Name}; }
                    mod b { mod inner {} } mod c {}";
        assert_eq!(edges(root), ["a b", "a b::inner", "a c"]);
    }

    #[test]
    fn an_item_that_the_parent_defines_or_reexports_is_a_use_of_the_parent() {
        assert_eq!(edges("mod a { use super::Item; }"), ["a crate"]);
        assert_eq!(edges("mod a { use super::*; }"), ["a crate"]);
        let reexported = "mod a { pub use b::Item; mod b {} mod c { use super::Item; } }";
        assert_eq!(edges(reexported), ["a a::b", "a::c a"]);
    }

    #[test]
    fn a_path_through_the_parent_to_a_sibling_is_a_use_of_the_sibling() {
        assert_eq!(edges("mod a { mod b { use super::c::Item; } mod c {} }"), ["a::b a::c"]);
        assert_eq!(edges("mod a { mod b { use super::super::c::X; } } mod c {}"), ["a::b c"]);
    }

    #[test]
    fn a_parent_uses_its_child_by_a_bare_path_or_by_self() {
        assert_eq!(edges("use a::Item; mod a {}"), ["crate a"]);
        assert_eq!(edges("use self::a::Item; mod a {}"), ["crate a"]);
    }

    #[test]
    fn paths_in_types_expressions_and_patterns_count() {
        assert_eq!(edges("mod a { struct S(crate::b::Item); } mod b {}"), ["a b"]);
        assert_eq!(edges("mod a { fn f() { crate::b::g() } } mod b {}"), ["a b"]);
        let pattern = "mod a { fn f(x: u8) { match x { super::b::LOW => {} _ => {} } } } mod b {}";
        assert_eq!(edges(pattern), ["a b"]);
        assert_eq!(edges("mod a { impl crate::b::T for S {} } mod b {}"), ["a b"]);
        assert_eq!(edges("mod a { fn f(x: &[Vec<super::b::T>]) {} } mod b {}"), ["a b"]);
    }

    #[test]
    fn paths_in_arguments_of_macros_count() {
        let root = r#"mod a { fn f() { println!("{}", x.y(&crate::b::G)); } } mod b {}"#;
        assert_eq!(edges(root), ["a b"]);
        assert_eq!(
            edges("mod a { macro_rules! m { () => { $crate::b::g() } } } mod b {}"),
            ["a b"]
        );
    }

    #[test]
    fn a_path_that_starts_with_an_imported_module_counts_for_what_it_names() {
        let root = "mod a { use crate::b; fn f() { b::inner::g() } } mod b { mod inner {} }";
        assert_eq!(edges(root), ["a b", "a b::inner"]);
        let renamed =
            "mod a { use crate::b as x; fn f() { x::inner::g() } } mod b { mod inner {} }";
        assert_eq!(edges(renamed), ["a b", "a b::inner"]);
    }

    #[test]
    fn imports_inside_functions_count() {
        assert_eq!(edges("mod a { fn f() { use crate::b::g; g() } } mod b {}"), ["a b"]);
    }

    #[test]
    fn another_crate_with_the_name_of_a_module_is_not_that_module() {
        assert_eq!(edges("mod a { use ::b::Item; fn f() { b::g() } } mod b {}"), [""; 0]);
    }

    #[test]
    fn visibility_attributes_and_local_names_are_no_uses() {
        assert_eq!(edges("mod a { pub(super) struct S; pub(in crate::a) struct T; }"), [""; 0]);
        assert_eq!(edges("mod a { #[derive(crate::b::D)] struct S; } mod b {}"), [""; 0]);
        assert_eq!(edges("fn f() { let b = 1; g(b) } mod b {}"), [""; 0]);
    }

    #[test]
    fn code_of_tests_is_no_use() {
        let root = "mod a { #[cfg(test)] use crate::b::Item;
                            impl S { #[cfg(test)] fn f() { crate::b::g() } }
                            #[cfg(test)] mod tests { use super::*; } } mod b {}";
        assert_eq!(edges(root), [""; 0]);
    }
}
