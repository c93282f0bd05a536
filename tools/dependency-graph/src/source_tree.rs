//! The modules of a crate, read from its source.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use proc_macro2::Span;
use syn::{Attribute, Item, ItemMod, Meta, punctuated::Punctuated, spanned::Spanned, token::Comma};

/// The path of a crate's root module.
pub const ROOT: &str = "crate";

/// Reads the text of a source file. Tests pass a map instead of the file system.
pub type ReadFile<'a> = dyn Fn(&Path) -> std::io::Result<String> + 'a;

/// A module and its code, without the code of the modules inside it.
pub struct Module {
    /// Its path, for instance `crate::policy::file`.
    pub path: String,
    /// The file that holds its code.
    pub file: PathBuf,
    /// Its items, without modules and without code that only tests compile.
    pub items: Vec<Item>,
    /// The lines of its file without test code; 0 for a module in braces in another module's file.
    pub lines: usize,
}

/// Reads the modules of the crate with this root file, the root first. Leaves out `#[cfg(test)]`.
///
/// # Errors
/// When a file is missing or is not valid Rust.
pub fn read(root: &Path, read_file: &ReadFile<'_>) -> Result<Vec<Module>> {
    let folder = root.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader { read_file, modules: Vec::new() };
    reader.read_file(&Place { path: ROOT.to_owned(), file: root.to_owned(), folder })?;
    Ok(reader.modules)
}

/// The location of a module's code, and the folder of its child modules' files.
struct Place {
    path: String,
    file: PathBuf,
    folder: PathBuf,
}

struct Reader<'a> {
    read_file: &'a ReadFile<'a>,
    modules: Vec<Module>,
}

impl Reader<'_> {
    fn read_file(&mut self, place: &Place) -> Result<()> {
        let file = place.file.display();
        let text = (self.read_file)(&place.file).with_context(|| format!("cannot read {file}"))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {file}"))?;
        if is_test_only(&parsed.attrs) {
            return Ok(());
        }
        let index = self.modules.len();
        let test_lines = self.add(place, parsed.items)?;
        if let Some(module) = self.modules.get_mut(index) {
            module.lines = text.lines().count().saturating_sub(test_lines);
        }
        Ok(())
    }

    /// Adds a module and those inside it. Returns the number of lines of test code in its file.
    fn add(&mut self, place: &Place, items: Vec<Item>) -> Result<usize> {
        let (tests, items): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| is_test_only(attributes(item)));
        let mut test_lines = tests.iter().map(|item| lines(item.span())).sum();
        let (children, items) = items.into_iter().partition(|item| matches!(item, Item::Mod(_)));
        let Place { path, file, .. } = place;
        self.modules.push(Module { path: path.clone(), file: file.clone(), items, lines: 0 });
        for child in children {
            if let Item::Mod(child) = child {
                test_lines += self.add_child(place, child)?;
            }
        }
        Ok(test_lines)
    }

    /// Adds a module that is written in braces, or in a file `name.rs` or `name/mod.rs`.
    fn add_child(&mut self, parent: &Place, module: ItemMod) -> Result<usize> {
        let name = module.ident.to_string();
        let path = format!("{}::{name}", parent.path);
        let folder = parent.folder.join(name);
        if let Some((_, items)) = module.content {
            return self.add(&Place { path, file: parent.file.clone(), folder }, items);
        }
        let mut candidates = [folder.with_extension("rs"), folder.join("mod.rs")].into_iter();
        let found = candidates.find(|file| (self.read_file)(file).is_ok());
        let declared = || format!("{} declares `{path}`, which has no file", parent.file.display());
        let file = found.with_context(declared)?;
        self.read_file(&Place { path, file, folder })?;
        Ok(0)
    }
}

/// Whether attributes say that only tests compile the item: `cfg(test)`, or `cfg(all(test, …))`.
#[must_use]
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.filter_map(|cfg| cfg.parse_args::<Meta>().ok()).any(|meta| needs_test(&meta))
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Comma>::parse_terminated)
            .is_ok_and(|all| all.iter().any(needs_test)),
        _ => false,
    }
}

/// The number of lines that a piece of code takes in its file.
#[must_use]
pub fn lines(code: Span) -> usize {
    code.end().line - code.start().line + 1
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of a crate whose files are these.
    fn modules(files: &[(&str, &str)]) -> Result<Vec<Module>> {
        let read_file = |path: &Path| {
            let found = files.iter().find(|(file, _)| Path::new(file) == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or(std::io::ErrorKind::NotFound.into())
        };
        read(Path::new("src/lib.rs"), &read_file)
    }

    #[test]
    fn modules_are_found_in_files_in_folders_and_in_braces_and_tests_are_left_out() {
        let found = modules(&[
            (
                "src/lib.rs",
                "mod a; mod b; mod inline { mod deep; } mod fakes;
                 #[cfg(test)] mod tests; #[cfg(all(test, unix))] mod more_tests;
                 #[cfg(test)] use a::Fake; #[cfg(any(test, unix))] fn kept() {}",
            ),
            ("src/a.rs", "mod inner;"),
            ("src/a/inner.rs", ""),
            ("src/b/mod.rs", "mod inner;"),
            ("src/b/inner.rs", ""),
            ("src/inline/deep.rs", ""),
            ("src/fakes.rs", "#![cfg(test)]"),
        ]);
        let found = found.unwrap();
        let paths: Vec<_> = found.iter().map(|module| module.path.replace("crate::", "")).collect();
        let expected = ["crate", "a", "a::inner", "b", "b::inner", "inline", "inline::deep"];
        assert_eq!(paths, expected);
        assert_eq!(found[0].items.len(), 1);
    }

    #[test]
    fn lines_of_a_file_are_counted_without_its_tests() {
        let text = "fn a() {}\n\n/// Tests.\n#[cfg(test)]\nmod tests {\n}\nmod b { fn c() {} }\n";
        let found = modules(&[("src/lib.rs", text)]).unwrap();
        assert_eq!(found.iter().map(|module| module.lines).collect::<Vec<_>>(), [3, 0]);
    }

    #[test]
    fn a_file_that_is_missing_or_not_rust_is_an_error_that_names_it() {
        for (text, expected) in [
            ("mod absent;", "src/lib.rs declares `crate::absent`, which has no file"),
            ("fn", "cannot parse src/lib.rs"),
        ] {
            let error = modules(&[("src/lib.rs", text)]).map(drop).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
