//! The rules of structure: what may depend on what, and how long a file may be.
//!
//! Clippy holds the rest: `clippy.toml` says how long a function may be, and names the functions that
//! only one place may call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use dependency_graph::{
    module_graph::module_graph,
    paths_in_code::PathsInCode,
    violations,
    workspace::{Package, Workspace},
};
use syn::visit::{self, Visit};

/// The folder of the workspace.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The packages that ship, with the packages of the workspace that each of them may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wire-formats", &[]),
    ("app-roles", &["wire-formats"]),
    ("functions-handler", &["memory-cache", "wire-formats"]),
    ("function-folders", &["app-roles", "wire-formats"]),
    ("memory-cache", &[]),
    ("azure-rest", &["app-roles", "wire-formats"]),
    ("shared-quota", &[]),
    ("record", &["app-roles", "azure-rest", "memory-cache", "shared-quota"]),
    ("microsoft-graph", &["app-roles", "azure-rest", "memory-cache", "record", "shared-quota"]),
    ("broker", &["app-roles", "azure-rest", "memory-cache", "microsoft-graph", "record"]),
    (
        HANDLER,
        &[
            "app-roles",
            "azure-rest",
            "broker",
            "function-folders",
            "functions-handler",
            "wire-formats",
            "microsoft-graph",
            "record",
            "shared-quota",
        ],
    ),
    (
        OPERATORS_TOOL,
        &[
            "app-roles",
            "azure-rest",
            "broker",
            "function-folders",
            "wire-formats",
            "microsoft-graph",
            "record",
        ],
    ),
];

/// What an emulator may use: it must share no types with the handler, or with another service.
const USED_BY_EMULATORS: &[&str] = &["loopback", "pinned-packages", "storage-emulator"];

/// The simulation of the quota, and the package that it simulates.
const SIMULATION: (&str, &str) = ("quota-simulation", "shared-quota");

/// The package that Azure Functions runs.
const HANDLER: &str = "app-role-broker";

/// The package that operators run.
const OPERATORS_TOOL: &str = "app-role-cli";

/// Libraries that only the operator's tool and the emulators need.
const NOT_IN_THE_HANDLER: &[&str] =
    &["azure_storage_queue", "clap", "clap_complete", "comfy-table"];

/// The longest source file, in lines.
const LONGEST_FILE: usize = 400;

fn workspace() -> Workspace {
    Workspace::read(Path::new(WORKSPACE)).unwrap()
}

/// Whether a package is in a folder of the workspace, for instance `emulators`.
fn is_in(package: &Package, folder: &str) -> bool {
    let folder = Path::new(WORKSPACE).canonicalize().unwrap().join(folder);
    package.folder().starts_with(folder)
}

#[test]
fn there_is_no_cycle_between_crates() {
    let cycles = violations::of_crates(&workspace().crate_graph());
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn there_is_no_cycle_between_modules_and_no_module_uses_its_parent() {
    let mut faults = Vec::new();
    for package in &workspace().packages {
        for target in package.crates() {
            let violations = violations::of_modules(&module_graph(&target.modules().unwrap()));
            let title = target.title(package);
            faults.extend(violations.iter().map(|violation| format!("{title}: {violation}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn each_crate_uses_only_the_crates_that_it_may_use() {
    let mut faults = Vec::new();
    for package in &workspace().packages {
        let forbidden = used_packages(package).into_iter().filter(|used| !may_use(package, used));
        faults.extend(forbidden.map(|used| format!("{} must not use {used}", package.name)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The packages of the workspace that a package uses. Tests of emulators and tools count, because
/// they must not share types with the handler either.
fn used_packages(package: &Package) -> BTreeSet<String> {
    let ships = ALLOWED.iter().any(|(name, _)| *name == package.name);
    let used = package.dependencies.iter().filter(|used| used.path.is_some());
    let counted = used.filter(|used| !ships || used.kind.as_deref() != Some("dev"));
    counted.map(|used| used.name.clone()).collect()
}

fn may_use(package: &Package, used: &str) -> bool {
    if let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) {
        return allowed.contains(&used);
    }
    if is_in(package, "emulators") {
        return USED_BY_EMULATORS.contains(&used);
    }
    if (package.name.as_str(), used) == SIMULATION {
        return true;
    }
    is_in(package, "tools") && !ALLOWED.iter().any(|(name, _)| *name == used)
}

#[test]
fn every_package_has_a_rule() {
    for package in &workspace().packages {
        let has_rule = ALLOWED.iter().any(|(name, _)| *name == package.name)
            || is_in(package, "emulators")
            || is_in(package, "tools");
        assert!(has_rule, "{} is not in ALLOWED", package.name);
    }
}

#[test]
fn the_handler_links_neither_an_emulator_nor_a_tool() {
    let handler = shipped(HANDLER);
    let linked = names(&handler);
    let workspace = workspace();
    let others = workspace.packages.iter().filter(|package| {
        is_in(package, "emulators") || is_in(package, "tools") || is_in(package, "cli")
    });
    let others = others.map(|package| package.name.as_str());
    let unwanted: Vec<_> = others
        .chain(NOT_IN_THE_HANDLER.iter().copied())
        .filter(|it| linked.contains(*it))
        .collect();
    assert!(unwanted.is_empty(), "{unwanted:?}");
}

#[test]
fn the_operators_tool_links_no_web_server() {
    let tool = shipped(OPERATORS_TOOL);
    let linked = names(&tool);
    assert!(!linked.contains("warp") && !linked.contains(HANDLER), "{linked:?}");
}

#[test]
fn the_handler_cannot_use_an_operators_rights() {
    let handler = shipped(HANDLER);
    let app_roles: Vec<_> = handler.iter().filter(|line| line.starts_with("app-roles v")).collect();
    let [line] = app_roles.as_slice() else { panic!("{app_roles:?}") };
    assert!(!line.contains("operator"), "{line}");
    let tool = shipped(OPERATORS_TOOL);
    let asks = tool.iter().any(|line| line.starts_with("app-roles v") && line.contains("operator"));
    assert!(asks, "the feature has another name now: {tool:?}");
}

/// Packages with more features under test than in the handler that ships. None of them changes what
/// the handler's code meets: the schemas and the operator's rights in our own crates, XML bodies of
/// storage, terminals and files, the name `default` for what serde has anyway, and what test tools need from
/// their dependencies.
const MORE_FEATURES_UNDER_TEST: &[&str] = &[
    "app-roles",
    "azure_core",
    "bitflags",
    "broker",
    "digest",
    "hashbrown",
    "record",
    "regex-automata",
    "regex-syntax",
    "rustix",
    "serde_core",
    "typespec",
    "typespec_client_core",
];

#[test]
fn the_handler_under_test_has_the_features_that_it_ships_with() {
    let ships = shipped(HANDLER);
    let tested = tree(&["--workspace", "--edges", "all"]);
    let differing: Vec<_> = ships
        .difference(&tested)
        .filter(|line| !MORE_FEATURES_UNDER_TEST.contains(&line.split(' ').next().unwrap()))
        .collect();
    assert!(differing.is_empty(), "only in the handler that ships: {differing:#?}");
}

#[test]
fn our_crates_have_no_features_under_test_but_schemas_and_the_operators_rights() {
    let tested = tree(&["--workspace", "--edges", "all"]);
    for name in ["app-roles", "broker", "record"] {
        let line = tested.iter().find(|line| line.starts_with(&format!("{name} v"))).unwrap();
        let features = line.rsplit(' ').next().unwrap().split(',').filter(|it| !it.is_empty());
        for feature in features {
            assert!(["operator", "schema", "schemars"].contains(&feature), "{line}");
        }
    }
}

#[test]
fn one_tls_library_is_in_the_whole_workspace_and_it_is_not_aws_lc() {
    let lock = std::fs::read_to_string(Path::new(WORKSPACE).join("Cargo.lock")).unwrap();
    for name in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// The packages of a dependency tree with their features, as lines of `name version features`.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(WORKSPACE)
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// What a package is built from, without its tests.
fn shipped(package: &str) -> BTreeSet<String> {
    tree(&["--package", package, "--edges", "normal,build"])
}

fn names(tree: &BTreeSet<String>) -> BTreeSet<&str> {
    tree.iter().map(|line| line.split(' ').next().unwrap()).collect()
}

/// Paths that mean input, output, a clock, the environment or untyped JSON.
const IMPURE: &[&[&str]] = &[
    &["std", "env"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "time", "SystemTime"],
    &["SystemTime", "now"],
    &["OffsetDateTime", "now_utc"],
    &["serde_json", "Value"],
    &["tokio"],
];

#[test]
fn app_roles_are_pure_data_and_logic() {
    let workspace = workspace();
    let packages = workspace.select(&["app-roles".to_owned()]).unwrap();
    for target in packages.iter().flat_map(|package| package.crates()) {
        // Schemas are a feature that only tests ask for.
        let modules = target.modules().unwrap().into_iter();
        let is_schema = |path: &str| path.split("::").any(|name| name == "schema");
        for module in modules.filter(|module| !is_schema(&module.path)) {
            for path in PathsInCode::of(&module.items).all() {
                let is_impure =
                    |impure: &&[&str]| path.windows(impure.len()).any(|window| window == *impure);
                assert!(!IMPURE.iter().any(is_impure), "{}: {}", module.path, path.join("::"));
            }
            let mut search = AsyncCode { found: false };
            module.items.iter().for_each(|item| search.visit_item(item));
            assert!(!search.found, "{} has async code", module.path);
        }
    }
}

/// Searches for `async` functions and blocks.
struct AsyncCode {
    found: bool,
}

impl<'ast> Visit<'ast> for AsyncCode {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.found |= signature.asyncness.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {
        self.found = true;
    }
}

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "crates", "cli", "emulators", "tools"] {
        for file in rust_files(&Path::new(WORKSPACE).join(folder)) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            if lines > LONGEST_FILE {
                long.push((file, lines));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
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
