//! The crates in the binary, as a CycloneDX bill of materials ("CycloneDX v1.6 JSON Reference").
//!
//! The bill has no date and no serial number, so equal sources give equal files.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

/// The format of a line of `cargo tree`: depth, name and version, licence.
const FORMAT: &str = "|{p}|{l}";

/// A bill of materials.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BillOfMaterials {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    component: Component,
}

#[derive(Debug, Clone, Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Debug, Clone, Serialize)]
struct License {
    expression: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: BTreeSet<String>,
}

/// The inputs of a bill of materials.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The output of [`cargo_tree`]. The first line is the binary's crate.
    pub tree: &'a str,
    /// `Cargo.lock`, which contains the crates' digests.
    pub lock: &'a str,
    /// The output of `rustc --version`, the version of the standard library.
    pub rustc: &'a str,
    /// The SHA-256 of the binary.
    pub binary_sha256: &'a str,
}

/// Lists the crates that are linked into the binary of `crate_name` for `target`. Build dependencies and
/// procedural macros are left out.
///
/// # Errors
///
/// If cargo fails, for example because `Cargo.lock` is outdated.
pub fn cargo_tree(app_root: &Path, crate_name: &str, target: &str) -> Result<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .current_dir(app_root)
        .args(["tree", "--locked", "--package", crate_name, "--target", target])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", FORMAT]);
    output(&mut command)
}

/// The output of `rustc --version`.
///
/// # Errors
///
/// If rustc is missing or fails.
pub fn rustc_version() -> Result<String> {
    output(Command::new("rustc").arg("--version"))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl BillOfMaterials {
    /// Makes the bill.
    ///
    /// # Errors
    ///
    /// If a line of `cargo tree` has another format; the error contains the line.
    pub fn of(sources: Sources<'_>) -> Result<Self> {
        let digests = digests(sources.lock);
        let mut components = BTreeMap::new();
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut above: Vec<String> = Vec::new();
        for line in sources.tree.lines().filter(|line| !line.is_empty()) {
            let (depth, component) = component(line, &digests)
                .with_context(|| format!("cargo tree printed {line:?}"))?;
            above.truncate(depth);
            if let Some(parent) = above.last() {
                edges.entry(parent.clone()).or_default().insert(component.reference.clone());
            }
            edges.entry(component.reference.clone()).or_default();
            above.push(component.reference.clone());
            components.insert(component.reference.clone(), component);
        }
        let root = above.first().and_then(|root| components.remove(root));
        let mut root = root.context("cargo tree printed nothing")?;
        root.kind = "application";
        root.hashes = vec![sha256(sources.binary_sha256)];
        let standard_library = standard_library(sources.rustc);
        edges.entry(root.reference.clone()).or_default().insert(standard_library.reference.clone());
        edges.entry(standard_library.reference.clone()).or_default();
        components.insert(standard_library.reference.clone(), standard_library);
        Ok(Self {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            version: 1,
            metadata: Metadata { component: root },
            components: components.into_values().collect(),
            dependencies: edges
                .into_iter()
                .map(|(reference, depends_on)| Dependency { reference, depends_on })
                .collect(),
        })
    }
}

/// Parses a line such as `3|serde v1.0.228|MIT OR Apache-2.0`. A repeated crate's line ends in `(*)`.
fn component(line: &str, digests: &HashMap<String, &str>) -> Option<(usize, Component)> {
    let mut fields = line.trim_end_matches(" (*)").split('|');
    let depth = fields.next()?.parse().ok()?;
    let mut package = fields.next()?.split(' ');
    let (name, version) = (package.next()?, package.next()?.strip_prefix('v')?);
    // Older manifests separate licences by a slash.
    let license = fields.next()?.trim().replace(" / ", " OR ").replace('/', " OR ");
    let purl = format!("pkg:cargo/{name}@{version}");
    let digest = digests.get(&purl).map(|digest| sha256(digest));
    let component = Component {
        kind: "library",
        reference: purl.clone(),
        name: name.to_owned(),
        version: version.to_owned(),
        hashes: digest.into_iter().collect(),
        licenses: if license.is_empty() { vec![] } else { vec![License { expression: license }] },
        purl: Some(purl),
    };
    Some((depth, component))
}

fn standard_library(rustc: &str) -> Component {
    let version = rustc.split(' ').nth(1).unwrap_or("unknown").trim().to_owned();
    Component {
        kind: "library",
        reference: format!("rust-std@{version}"),
        name: "rust-std".to_owned(),
        version,
        hashes: vec![],
        licenses: vec![License { expression: "MIT OR Apache-2.0".to_owned() }],
        purl: None,
    }
}

fn sha256(content: &str) -> Hash {
    Hash { alg: "SHA-256", content: content.to_owned() }
}

/// The digests in `Cargo.lock`, by package URL. Crates of this workspace have none.
fn digests(lock: &str) -> HashMap<String, &str> {
    lock.split("[[package]]")
        .filter_map(|package| {
            let field = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(key))?;
                line.strip_prefix(" = \"")?.strip_suffix('"')
            };
            let purl = format!("pkg:cargo/{}@{}", field("name")?, field("version")?);
            Some((purl, field("checksum")?))
        })
        .collect()
}
