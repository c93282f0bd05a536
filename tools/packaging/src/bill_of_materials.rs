//! What the binary was built from, as a CycloneDX bill of materials ("CycloneDX v1.6 JSON Reference").
//!
//! It has no date and no serial number, so that the same sources give the same file.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    process::Command,
};

use serde::Serialize;

use crate::fault::{PackagingFault, at};

/// How a line of `cargo tree` is written: depth, name and version, licence.
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

/// What a bill of materials is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// What `cargo tree` printed in the format of [`cargo_tree`]. The first line is the binary's crate.
    pub tree: &'a str,
    /// `Cargo.lock`, which has the digests of the crates.
    pub lock: &'a str,
    /// What `rustc --version` printed: the standard library is in the binary, too.
    pub rustc: &'a str,
    /// SHA-256 of the binary.
    pub binary_sha256: &'a str,
}

/// The crates that are linked into the binary of `crate_name` for `target`. Those that only run while
/// it is built are not among them.
///
/// # Errors
///
/// If cargo fails, for instance because `Cargo.lock` is not up to date.
pub fn cargo_tree(
    app_root: &Path,
    crate_name: &str,
    target: &str,
) -> Result<String, PackagingFault> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .current_dir(app_root)
        .args(["tree", "--locked", "--package", crate_name, "--target", target])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", FORMAT]);
    output(&mut command)
}

/// What `rustc --version` says.
///
/// # Errors
///
/// If rustc is missing or fails.
pub fn rustc_version() -> Result<String, PackagingFault> {
    output(Command::new("rustc").arg("--version"))
}

fn output(command: &mut Command) -> Result<String, PackagingFault> {
    let program = command.get_program().to_owned();
    let output = command.output().map_err(at(program))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let problem = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PackagingFault::Command { command: format!("{command:?}"), problem })
}

impl BillOfMaterials {
    /// Writes the bill.
    ///
    /// # Errors
    ///
    /// Names the line of `cargo tree` that is not in its format.
    pub fn of(sources: Sources<'_>) -> Result<Self, String> {
        let digests = digests(sources.lock);
        let mut components = BTreeMap::new();
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut above: Vec<String> = Vec::new();
        for line in sources.tree.lines().filter(|line| !line.is_empty()) {
            let (depth, component) =
                component(line, &digests).ok_or(format!("cargo tree printed {line:?}"))?;
            above.truncate(depth);
            if let Some(parent) = above.last() {
                edges.entry(parent.clone()).or_default().insert(component.reference.clone());
            }
            edges.entry(component.reference.clone()).or_default();
            above.push(component.reference.clone());
            components.insert(component.reference.clone(), component);
        }
        let root = above.first().and_then(|root| components.remove(root));
        let mut root = root.ok_or("cargo tree printed nothing")?;
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

/// `3|serde v1.0.228|MIT OR Apache-2.0`, with `(*)` at the end of a line that was there before.
fn component(line: &str, digests: &HashMap<String, &str>) -> Option<(usize, Component)> {
    let mut fields = line.trim_end_matches(" (*)").split('|');
    let depth = fields.next()?.parse().ok()?;
    let mut package = fields.next()?.split(' ');
    let (name, version) = (package.next()?, package.next()?.strip_prefix('v')?);
    // Cargo's older form of "or".
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

/// The digests of `Cargo.lock`, by package URL. A crate of this workspace has none.
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
