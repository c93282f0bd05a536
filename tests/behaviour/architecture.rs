//! The rooms of the handler and who may enter which.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::world::ROOT;

/// Which room may name which. An edge that is not here is a fault, and nothing points back.
const DOORS: &[(&str, &[&str])] = &[
    (
        "lib",
        &[
            "app",
            "arm",
            "broker",
            "config",
            "domain",
            "graph",
            "host",
            "remote",
            "storage",
            "telemetry",
            "triggers",
            "wiring",
        ],
    ),
    ("main", &["app", "config", "telemetry", "wiring"]),
    ("app", &["broker", "config", "domain", "host", "remote", "triggers"]),
    ("wiring", &["arm", "broker", "config", "domain", "graph", "remote", "storage"]),
    ("config", &["domain"]),
    ("telemetry", &[]),
    ("triggers", &["broker", "domain", "host", "remote"]),
    ("broker", &["arm", "domain", "graph", "remote", "storage", "telemetry"]),
    ("arm", &["domain", "remote"]),
    ("graph", &["domain", "remote"]),
    ("storage", &["domain", "remote"]),
    ("remote", &["domain"]),
    ("host", &[]),
    ("domain", &[]),
];

/// What only the operator's tool and the emulators are made of.
const NOT_IN_THE_HANDLER: &[&str] = &[
    "local",
    "app-role-cli",
    "azure_storage_queue",
    "clap",
    "clap_complete",
    "comfy-table",
    "hmac",
];

/// Longest source file, in lines: one file tells one story.
const LONGEST_FILE: usize = 400;

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The room of a file: the first part of its path below `src`.
fn room(file: &Path) -> String {
    let below = file.strip_prefix(Path::new(ROOT).join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a file names by a path that starts at the crate.
fn rooms_named_in(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for prefix in ["crate::", "app_role_broker::"] {
        for (start, _) in text.match_indices(prefix) {
            let rest = &text[start + prefix.len()..];
            let list = match rest.strip_prefix('{') {
                Some(list) => top_level_items(list),
                None => vec![rest.to_owned()],
            };
            rooms.extend(list.iter().map(|item| first_word(item)));
        }
    }
    rooms.retain(|room| room.chars().next().is_some_and(char::is_lowercase));
    rooms
}

/// The items of a `use` list, up to its closing brace, without what stands in inner braces.
fn top_level_items(list: &str) -> Vec<String> {
    let (mut depth, mut items, mut item) = (0, Vec::new(), String::new());
    for character in list.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => item.push(character),
            _ => {}
        }
    }
    items.push(item);
    items
}

fn first_word(item: &str) -> String {
    item.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn no_room_reaches_into_another_but_through_its_doors() {
    let mut faults = Vec::new();
    for file in rust_files(&Path::new(ROOT).join("src")) {
        let room = room(&file);
        let Some((_, doors)) = DOORS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{} is in no known room", file.display()));
            continue;
        };
        for named in rooms_named_in(&std::fs::read_to_string(&file).unwrap()) {
            if named != room && !doors.contains(&named.as_str()) {
                faults.push(format!("{} names {named}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_door_check_sees_every_way_to_name_a_room() {
    let text = "use app_role_broker::{\n domain::{ids::A, b}, \n};
use microsoft_graph::Graph; functions_handler::x(); app_roles::VERSION";
    let rooms: Vec<_> = rooms_named_in(text).into_iter().collect();
    assert_eq!(rooms, ["domain", "graph", "host"]);
}

#[test]
fn the_domain_is_pure_and_only_config_reads_the_environment() {
    let mut faults = Vec::new();
    let only_for_tests = ["schema.rs", "tests.rs"].map(std::ffi::OsStr::new);
    let files = rust_files(&Path::new(ROOT).join("src")).into_iter();
    for file in files.filter(|file| !only_for_tests.contains(&file.file_name().unwrap())) {
        let text = std::fs::read_to_string(&file).unwrap();
        let room = room(&file);
        let forbidden: &[&str] = match room.as_str() {
            "domain" => &[
                "async ",
                "std::fs",
                "std::net",
                "tokio::",
                "serde_json::Value",
                "SystemTime::now",
                "std::env",
            ],
            "config" => &[],
            "main" => &["env::var"],
            "remote" => &["std::env"],
            _ => &["std::env", "reqwest::Client::builder"],
        };
        let found = forbidden.iter().filter(|word| text.contains(**word));
        faults.extend(found.map(|word| format!("{}: {word}", file.display())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_source_file_is_longer_than_one_story() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "local", "cli"] {
        for file in rust_files(&Path::new(ROOT).join(folder)) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            if lines > LONGEST_FILE {
                long.push((file, lines));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// The packages of a dependency tree with their features, one `name version features` a line.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = std::process::Command::new(env!("CARGO"))
        .current_dir(ROOT)
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

#[test]
fn the_handler_that_ships_links_neither_an_emulator_nor_the_operators_tool() {
    let handler = tree(&["--package", "app-role-broker", "--edges", "normal,build"]);
    let named = |line: &&String| NOT_IN_THE_HANDLER.contains(&line.split(' ').next().unwrap());
    let linked: Vec<_> = handler.iter().filter(named).collect();
    assert!(linked.is_empty(), "{linked:?}");
}

#[test]
fn the_handler_cannot_use_an_operators_rights() {
    let consent = Path::new("src/domain/policy");
    for file in rust_files(&Path::new(ROOT).join("src")) {
        let is_own = file.starts_with(Path::new(ROOT).join(consent)) || file.ends_with("policy.rs");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(is_own || !text.contains("operator_permit"), "{}", file.display());
    }
}

/// Packages of the handler that get more features under test, none of which the handler's code can
/// meet: XML bodies of storage, and what tools for tests ask of their own dependencies.
const RICHER_UNDER_TEST: &[&str] = &[
    "azure_core",
    "bitflags",
    "digest",
    "hashbrown",
    "regex-automata",
    "regex-syntax",
    "typespec",
    "typespec_client_core",
];

#[test]
fn the_handler_under_test_has_the_features_that_it_ships_with() {
    let ships = tree(&["--package", "app-role-broker", "--edges", "normal,build"]);
    let tested = tree(&["--workspace", "--edges", "all"]);
    let differing: Vec<_> = ships
        .difference(&tested)
        .filter(|line| !RICHER_UNDER_TEST.contains(&line.split(' ').next().unwrap()))
        .collect();
    assert!(differing.is_empty(), "only in the handler that ships: {differing:#?}");
}

#[test]
fn one_tls_library_is_in_the_whole_workspace_and_it_is_not_aws_lc() {
    let lock = std::fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    for name in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
