//! The lock files of npm and pip pin every package, and name no registry: the builder chooses a mirror.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;

use crate::{repository::source_files, world::ROOT};

/// How a lock file would say where packages come from: a member of npm's, and the options and direct references
/// of pip's.
const SOURCES: [&str; 5] = ["\"resolved\":", "index-url", "--find-links", "git+", " @ "];

/// The lock files with this name, and their contents.
fn lock_files(name: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["emulators", "examples", "tests"] {
        for extension in ["json", "txt"] {
            source_files::find(&PathBuf::from(ROOT).join(folder), extension, &mut files);
        }
    }
    files.retain(|path| path.ends_with(name));
    assert!(!files.is_empty(), "no {name}");
    let read = |path: PathBuf| {
        let content = std::fs::read_to_string(&path).unwrap();
        (path, content)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn no_lock_file_names_a_registry() {
    for (path, content) in
        [lock_files("package-lock.json"), lock_files("requirements.txt")].concat()
    {
        let mut code = content.lines().filter(|line| !line.starts_with('#'));
        let named = code.find(|line| SOURCES.iter().any(|source| line.contains(source)));
        assert_eq!(named, None, "{}", path.display());
    }
}

#[test]
fn npm_checks_the_digest_of_every_package() {
    for (path, content) in lock_files("package-lock.json") {
        let lock: Value = serde_json::from_str(&content).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        let unchecked = packages.iter().filter(|(name, package)| {
            !name.is_empty()
                && !package["integrity"].as_str().is_some_and(|it| it.starts_with("sha512-"))
        });
        let unchecked: Vec<_> = unchecked.map(|(name, _)| name).collect();
        assert!(unchecked.is_empty(), "{}: {unchecked:?}", path.display());
    }
}

#[test]
fn pip_checks_the_digest_of_every_package_and_of_what_was_asked_for() {
    for (path, content) in lock_files("requirements.txt") {
        let requirements = content.replace("\\\n", " ");
        let lines = requirements.lines().filter(|line| !line.starts_with('#'));
        let mut pinned = BTreeSet::new();
        for line in lines {
            assert!(line.contains("--hash=sha256:"), "{}: {line}", path.display());
            pinned.extend(line.split_whitespace().next());
        }
        let asked = std::fs::read_to_string(path.with_extension("in")).unwrap();
        for requirement in asked.lines() {
            assert!(pinned.contains(requirement), "{}: {requirement}", path.display());
        }
    }
}
