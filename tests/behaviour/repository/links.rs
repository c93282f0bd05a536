//! Every relative link in the documentation leads to a file, and every anchor to a heading.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{repository::source_files, world::ROOT};

/// Entries of the root that are not part of the repository, or explain themselves.
const NOT_IN_THE_MAP: [&str; 5] = [".azure", ".git", "dist", "node_modules", "target"];

/// The pages in a folder, relative to the root.
fn pages_in(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let names = entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
    names.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = pages_in("");
    pages.extend(pages_in("docs"));
    pages
}

fn read(page: &Path) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(page)).unwrap()
}

/// The lines of a page outside its code blocks.
fn prose(page: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut in_code = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push(line);
        }
    }
    lines
}

/// A heading's anchor, as GitHub forms it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of a page. A repeated heading gets a number.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let headings = prose(page).into_iter().filter(|line| line.starts_with('#'));
    let numbered = headings.map(|line| {
        let anchor = anchor(line.trim_start_matches('#'));
        let count = seen.entry(anchor.clone()).or_default();
        *count += 1;
        if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
    });
    numbered.collect()
}

/// The targets of a page's links to files of this repository.
fn links(page: &str) -> Vec<String> {
    let text = prose(page).join("\n");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(str::to_owned)
        .collect()
}

/// What is wrong with a link on a page.
fn fault(page: &Path, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        _ => page.parent().unwrap().join(file),
    };
    if !Path::new(ROOT).join(&target).exists() {
        return Some(format!("{}: {link} leads to no file", page.display()));
    }
    let is_known = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
    (!is_known).then(|| format!("{}: {link} leads to no heading", page.display()))
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut checked = 0;
    let mut faults = Vec::new();
    for page in pages() {
        for link in links(&read(&page)) {
            faults.extend(fault(&page, &link));
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_link_to_nowhere_is_noticed() {
    let page = Path::new("docs/policy.md");
    assert_eq!(fault(page, "policy-reference.md#rules"), None);
    assert!(fault(page, "policy.md#no-such-heading").is_some());
    assert!(fault(page, "no-such-page.md").is_some());
    assert_eq!(anchor(" The result says `denied`: what now?"), "the-result-says-denied-what-now");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let readme = read(Path::new("README.md"));
    let linked: BTreeSet<_> =
        links(&readme).iter().map(|link| link.split('#').next().unwrap().to_owned()).collect();
    for page in pages() {
        let name = page.to_str().unwrap();
        let is_named = readme.contains(&format!("`{name}`"));
        assert!(is_named || linked.contains(name), "README.md has no link to {name}");
    }
}

#[test]
fn everything_in_the_root_is_in_the_map_of_the_readme() {
    let readme = read(Path::new("README.md"));
    let map = readme.split("## Map of the repository").nth(1).unwrap().split("\n## ").next();
    for entry in std::fs::read_dir(ROOT).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if NOT_IN_THE_MAP.contains(&name.as_str()) {
            continue;
        }
        let is_explained = [format!("`{name}`"), format!("`{name}/`")]
            .iter()
            .any(|quoted| map.unwrap().contains(quoted));
        assert!(is_explained, "the map in README.md does not explain {name}");
    }
}

#[test]
fn every_path_that_a_page_names_exists() {
    let folders =
        ["cli", "crates", "docs", "emulators", "infra", "scripts", "src", "tests", "tools"];
    let mut checked = 0;
    let mut missing = Vec::new();
    for page in pages() {
        let text = prose(&read(&page)).join(" ");
        let code = text.split('`').skip(1).step_by(2);
        let is_path = |code: &&str| {
            let root = code.split_once('/').map(|(root, _)| root);
            root.is_some_and(|root| folders.contains(&root)) && !code.contains(['<', '*', ' '])
        };
        for path in code.filter(is_path) {
            checked += 1;
            if !Path::new(ROOT).join(path).exists() {
                missing.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(checked > 50, "{checked}");
    assert!(missing.is_empty(), "paths that do not exist: {missing:#?}");
}

/// The names between backticks that look like the name of a test: a sentence in lower case.
fn test_names(text: &str) -> BTreeSet<&str> {
    let code = text.split('`').skip(1).step_by(2);
    let is_sentence = |code: &&str| {
        code.matches('_').count() > 3 && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    code.filter(is_sentence).collect()
}

/// The source of every test and crate of the workspace.
fn source() -> String {
    let mut files = Vec::new();
    for folder in ["cli", "crates", "emulators", "src", "tests", "tools"] {
        source_files::find(&Path::new(ROOT).join(folder), "rs", &mut files);
    }
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn every_test_that_the_security_page_names_is_one() {
    let (page, source) = (read(Path::new("docs/security.md")), source());
    let names = test_names(&page);
    assert!(names.len() > 20, "{names:?}");
    let is_test = |name: &&str| source.contains(&format!("fn {name}("));
    let missing: Vec<_> = names.into_iter().filter(|name| !is_test(name)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}

/// The number of tests in the files that a row of the security page names.
fn tests_in(files: &str) -> usize {
    let names = files.split('`').skip(1).step_by(2);
    let sources = names.map(|file| read(Path::new(file)));
    let count = |source: String| {
        let is_attribute = |line: &&str| {
            ["#[test]", "#[tokio::test"]
                .iter()
                .any(|attribute| line.trim_start().starts_with(attribute))
        };
        source.lines().filter(is_attribute).count()
    };
    sources.map(count).sum()
}

#[test]
fn the_security_page_counts_the_tests_of_each_kind() {
    let page = read(Path::new("docs/security.md"));
    let section = page.split("### Tests by kind of attack\n").nth(1).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let mut kinds = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let [_, kind, tests, files, _] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("not three columns: {row}");
        };
        assert_eq!(tests.trim(), tests_in(files).to_string(), "{kind}");
        kinds += 1;
    }
    assert!(kinds > 5, "{kinds}");
}

#[test]
fn every_direct_dependency_has_a_reason() {
    let manifest = read(Path::new("Cargo.toml"));
    let reasons = read(Path::new("docs/dependencies.md"));
    let first_column =
        reasons.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    let explained: BTreeSet<_> =
        first_column.flat_map(|column| column.split([',', ' '])).map(str::trim).collect();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let foreign = section.lines().filter(|line| !line.contains("path = "));
    let names = foreign.filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    let missing: Vec<_> = names.filter(|name| !explained.contains(name)).collect();
    assert!(missing.is_empty(), "not in docs/dependencies.md: {missing:?}");
}
