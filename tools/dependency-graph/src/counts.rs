//! How large the code is: files, lines, functions, and the methods of each type.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use syn::{
    Block, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, Signature, TraitItemFn, Type,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::source_tree::{Module, is_test_only, lines};

/// The size of a crate, without its tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many files it has.
    pub files: usize,
    /// How many lines they have, with comments and blank lines.
    pub lines: usize,
    /// How many functions and methods it has.
    pub functions: usize,
    /// Its longest file, and how many lines that has.
    pub longest_file: Longest,
    /// Its longest function, and how many lines that has, from its signature to its last brace.
    pub longest_function: Longest,
    /// The methods and associated functions of each type, in `impl` blocks without a trait.
    pub types: BTreeMap<String, Methods>,
}

/// The longest of some files or functions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Longest {
    /// Its name.
    pub name: String,
    /// How many lines it has.
    pub lines: usize,
}

/// How many methods a type has, and over how many files they are spread.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// How many methods.
    pub count: usize,
    /// The files with an `impl` block of the type.
    pub files: BTreeSet<PathBuf>,
}

impl Counts {
    /// Adds the code of a crate's modules.
    pub fn add(&mut self, modules: &[Module]) {
        for module in modules {
            if module.lines > 0 {
                self.files += 1;
                self.lines += module.lines;
                let file = module.file.file_name().unwrap_or_default();
                self.longest_file.keep(&file.to_string_lossy(), module.lines);
            }
            for item in &module.items {
                self.visit_item(item);
                if let Item::Impl(block) = item {
                    self.add_methods(block, module);
                }
            }
        }
    }

    fn add_methods(&mut self, block: &ItemImpl, module: &Module) {
        let (None, Type::Path(of)) = (&block.trait_, block.self_ty.as_ref()) else { return };
        let Some(name) = of.path.segments.last() else { return };
        let is_method = |item: &&ImplItem| matches!(item, ImplItem::Fn(_));
        let methods = self.types.entry(name.ident.to_string()).or_default();
        methods.count += block.items.iter().filter(is_method).count();
        methods.files.insert(module.file.clone());
    }

    fn add_function(&mut self, signature: &Signature, body: &Block) {
        let from_signature = lines(signature.span()) - 1;
        let between = body.span().start().line - signature.span().end().line;
        let length = from_signature + between + lines(body.span());
        self.functions += 1;
        self.longest_function.keep(&signature.ident.to_string(), length);
    }
}

impl Longest {
    fn keep(&mut self, name: &str, lines: usize) {
        if lines > self.lines {
            *self = Self { name: name.to_owned(), lines };
        }
    }
}

impl<'ast> Visit<'ast> for Counts {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add_function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test_only(&function.attrs) {
            self.add_function(&function.sig, &function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add_function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// How many types are shown: those with the most methods.
const TYPES_SHOWN: usize = 12;

/// The sizes of packages as text.
pub struct Table<'a>(pub &'a [(&'a str, Counts)]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Sizes without tests; the longest file and function, in lines\n")?;
        writeln!(formatter, "{:24} {:>5} {:>6} {:>9}", "package", "files", "lines", "functions")?;
        for (package, counts) in self.0 {
            let Counts { files, lines, functions, .. } = counts;
            let (file, function) = (&counts.longest_file, &counts.longest_function);
            write!(formatter, "{package:24} {files:>5} {lines:>6} {functions:>9}")?;
            write!(formatter, "  {:>3} {:22}", file.lines, file.name)?;
            writeln!(formatter, " {:>2} {}", function.lines, function.name)?;
        }
        writeln!(formatter, "\nTypes with the most methods\n")?;
        for (package, name, methods) in self.types().into_iter().take(TYPES_SHOWN) {
            let (count, files) = (methods.count, methods.files.len());
            let unit = if files == 1 { "file" } else { "files" };
            writeln!(formatter, "{package:24} {name:30} {count:>3} in {files} {unit}")?;
        }
        Ok(())
    }
}

impl<'a> Table<'a> {
    /// Every type with its package, the one with the most methods first.
    fn types(&self) -> Vec<(&'a str, &'a str, &'a Methods)> {
        let mut types = Vec::new();
        for (package, counts) in self.0 {
            let named = counts.types.iter();
            types.extend(named.map(|(name, methods)| (*package, name.as_str(), methods)));
        }
        types.sort_by_key(|(_, _, methods)| std::cmp::Reverse(methods.count));
        types
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source_tree;

    fn counts(root: &str, child: &str) -> Counts {
        let read_file = |file: &Path| match file.ends_with("lib.rs") {
            true => Ok(root.to_owned()),
            false => Ok(child.to_owned()),
        };
        let mut counts = Counts::default();
        counts.add(&source_tree::read(Path::new("lib.rs"), &read_file).unwrap());
        counts
    }

    #[test]
    fn files_lines_and_functions_are_counted_without_tests_and_the_longest_are_named() {
        let root = "mod child;\nfn a() {\n}\ntrait T { fn b() {} fn c(); }\n\
                    #[cfg(test)]\nmod tests {\n    fn d() {}\n}\n";
        let counts = counts(root, "/// Doc.\nfn e(\n)\n{\n}\nimpl S { #[cfg(test)] fn f() {} }\n");
        assert_eq!((counts.files, counts.lines, counts.functions), (2, 10, 3));
        let longest = Longest { name: "child.rs".to_owned(), lines: 6 };
        assert_eq!(counts.longest_file, longest);
        assert_eq!(counts.longest_function, Longest { name: "e".to_owned(), lines: 4 });
    }

    #[test]
    fn methods_of_a_type_are_counted_over_all_files_and_those_of_traits_are_not() {
        let root = "mod child; struct S<T>(T); impl<T> S<T> { fn a() {} fn b() {} }
                    impl Drop for S { fn drop(&mut self) {} } impl R { fn r() {} }";
        let counts = [("p", counts(root, "impl crate::S { const N: u8 = 1; fn c() {} }"))];
        let types = Table(&counts).types();
        let brief =
            types.iter().map(|(_, name, methods)| (*name, methods.count, methods.files.len()));
        assert_eq!(brief.collect::<Vec<_>>(), [("S", 3, 2), ("R", 1, 1)]);
    }
}
