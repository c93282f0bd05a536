//! The source of the handler, for tests that compare it with the documentation.

use std::path::{Path, PathBuf};

use crate::world::ROOT;

/// The Rust files of the handler and of the crates that it is made of, without files of tests.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    find(&Path::new(ROOT).join("src"), "rs", &mut files);
    for entry in std::fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        find(&entry.unwrap().path().join("src"), "rs", &mut files);
    }
    files.retain(|file| !file.ends_with("tests.rs"));
    files
}

/// Finds the files with an extension in a folder and in the folders inside it.
pub(crate) fn find(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, extension, found);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
}
