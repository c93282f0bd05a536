//! The paths that code names: in `use` declarations, types, expressions and arguments of macros.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItemFn, Item, ItemUse, Macro, Path, UseTree, VisRestricted,
    visit::{self, Visit},
};

use crate::source_tree::is_test_only;

/// The paths in the code of one module.
#[derive(Debug, Default)]
pub struct PathsInCode {
    /// Paths of `use` declarations. A glob import is the path before its `*`.
    pub imports: Vec<Import>,
    /// Every other path with at least two segments.
    pub paths: Vec<Vec<String>>,
}

/// A path of a `use` declaration, and the name that it brings into scope.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// Its segments.
    pub path: Vec<String>,
    /// The name in this module, which `as` may have changed. `None` for a glob import.
    pub name: Option<String>,
}

impl PathsInCode {
    /// Collects the paths in some items.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let mut paths = Self::default();
        for item in items {
            paths.visit_item(item);
        }
        paths
    }

    /// The paths of both kinds.
    pub fn all(&self) -> impl Iterator<Item = &Vec<String>> {
        self.imports.iter().map(|import| &import.path).chain(&self.paths)
    }

    fn add_import(&mut self, prefix: &[String], tree: &UseTree) {
        let extended = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.add_import(&extended(path.ident.to_string()), &path.tree),
            UseTree::Name(name) if name.ident == "self" => {
                let imported = Import { path: prefix.to_vec(), name: prefix.last().cloned() };
                self.imports.push(imported);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.imports.push(Import { path: extended(name.clone()), name: Some(name) });
            }
            UseTree::Rename(renamed) => {
                let is_self = renamed.ident == "self" && !prefix.is_empty();
                let path =
                    if is_self { prefix.to_vec() } else { extended(renamed.ident.to_string()) };
                self.imports.push(Import { path, name: Some(renamed.rename.to_string()) });
            }
            UseTree::Glob(_) => self.imports.push(Import { path: prefix.to_vec(), name: None }),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_import(prefix, tree));
            }
        }
    }

    fn add_path(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.paths.push(path);
        }
    }

    /// Adds the paths among the tokens of a macro, which the parser does not know as paths.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(segment) => {
                    if colons != 2 {
                        self.add_path(std::mem::take(&mut path));
                    }
                    path.push(segment.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.add_path(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_path(path);
    }
}

impl<'ast> Visit<'ast> for PathsInCode {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() && !is_test_only(&item.attrs) {
            self.add_import(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter();
            self.add_path(segments.map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'ast Macro) {
        self.visit_path(&invocation.path);
        self.add_tokens(invocation.tokens.clone());
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    /// A restricted visibility names a place, but does not use it.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    /// Attributes name derive macros and settings of libraries.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}
