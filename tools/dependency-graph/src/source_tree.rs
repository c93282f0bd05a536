//! The modules of a crate, read from its source.

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Attribute, Item, ItemMod, Meta, punctuated::Punctuated, spanned::Spanned, token::Comma};

use crate::{
    fault::Fault,
    module_path::{self, ROOT},
};

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
pub fn read(root: &Path, read_file: &ReadFile<'_>) -> Result<Vec<Module>, Fault> {
    let folder = root.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader { read_file, modules: Vec::new() };
    let place = Place { path: ROOT.to_owned(), file: root.to_owned(), folder };
    reader.read_file(&place)?;
    Ok(reader.modules)
}

/// Where a module's code is, and where the files of its child modules are.
struct Place {
    path: String,
    file: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// The place of a module written in braces inside this one.
    fn inline(&self, name: &str) -> Self {
        let path = module_path::child(&self.path, name);
        Self { path, file: self.file.clone(), folder: self.folder.join(name) }
    }
}

struct Reader<'a> {
    read_file: &'a ReadFile<'a>,
    modules: Vec<Module>,
}

impl Reader<'_> {
    fn read_file(&mut self, place: &Place) -> Result<(), Fault> {
        let text = (self.read_file)(&place.file)
            .map_err(|error| Fault::Unreadable { file: place.file.clone(), error })?;
        let parsed = syn::parse_file(&text)
            .map_err(|error| Fault::Unparsable { file: place.file.clone(), error })?;
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

    /// Adds a module and those inside it. Returns how many lines of its file are test code.
    fn add(&mut self, place: &Place, items: Vec<Item>) -> Result<usize, Fault> {
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

    fn add_child(&mut self, parent: &Place, module: ItemMod) -> Result<usize, Fault> {
        let inside = parent.inline(&module.ident.to_string());
        match module.content {
            Some((_, items)) => self.add(&inside, items),
            None => {
                let file = self.file_of(parent, &inside)?;
                self.read_file(&Place { file, ..inside })?;
                Ok(0)
            }
        }
    }

    /// The file of a declared module: `name.rs` or `name/mod.rs`.
    fn file_of(&self, parent: &Place, module: &Place) -> Result<PathBuf, Fault> {
        let candidates = [module.folder.with_extension("rs"), module.folder.join("mod.rs")];
        let found = candidates.into_iter().find(|file| (self.read_file)(file).is_ok());
        found.ok_or_else(|| Fault::MissingModule {
            file: parent.file.clone(),
            name: module.path.clone(),
        })
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

/// How many lines of its file a piece of code takes.
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

    /// The paths of the modules of a crate whose files are these.
    fn modules(files: &[(&str, &str)]) -> Result<Vec<Module>, Fault> {
        let read_file = |path: &Path| {
            let found = files.iter().find(|(file, _)| Path::new(file) == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or(std::io::ErrorKind::NotFound.into())
        };
        read(Path::new("src/lib.rs"), &read_file)
    }

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        modules(files).unwrap().into_iter().map(|module| module.path).collect()
    }

    #[test]
    fn modules_are_found_in_files_in_folders_and_in_braces() {
        let found = paths(&[
            ("src/lib.rs", "mod a; mod b; mod inline { mod deep; }"),
            ("src/a.rs", "mod inner;"),
            ("src/a/inner.rs", ""),
            ("src/b/mod.rs", "mod inner;"),
            ("src/b/inner.rs", ""),
            ("src/inline/deep.rs", ""),
        ]);
        let expected = ["a", "a::inner", "b", "b::inner", "inline", "inline::deep"];
        let expected = expected.map(|path| format!("crate::{path}"));
        assert_eq!(found, [&["crate".to_owned()], &expected[..]].concat());
    }

    #[test]
    fn code_that_only_tests_compile_is_left_out() {
        let files = [
            (
                "src/lib.rs",
                "#[cfg(test)] mod tests; #[cfg(all(test, unix))] mod fakes; mod inner; mod real;
                 #[cfg(test)] use real::Fake; #[cfg(any(test, unix))] fn kept() {}",
            ),
            ("src/inner.rs", "#![cfg(test)]"),
            ("src/real.rs", ""),
        ];
        assert_eq!(paths(&files), ["crate", "crate::real"]);
        assert_eq!(modules(&files).unwrap()[0].items.len(), 1);
    }

    #[test]
    fn lines_of_a_file_are_counted_without_its_tests() {
        let text = "fn a() {}\n\n/// Tests.\n#[cfg(test)]\nmod tests {\n}\nmod b { fn c() {} }\n";
        let found = modules(&[("src/lib.rs", text)]).unwrap();
        assert_eq!(found.iter().map(|module| module.lines).collect::<Vec<_>>(), [3, 0]);
    }

    #[test]
    fn a_module_without_a_file_is_an_error_that_names_it() {
        let Err(error) = modules(&[("src/lib.rs", "mod absent;")]) else { panic!("it was found") };
        assert_eq!(error.to_string(), "src/lib.rs declares `crate::absent`, which has no file");
    }

    #[test]
    fn a_file_that_is_not_rust_is_an_error_that_names_it() {
        let Err(error) = modules(&[("src/lib.rs", "fn")]) else { panic!("it was parsed") };
        assert!(error.to_string().starts_with("cannot parse src/lib.rs: "), "{error}");
    }
}
