//! The command line of packaging, which `scripts/package.sh` calls after it has built the binary.

#![expect(clippy::print_stdout, reason = "prints the files of the package")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::Parser;
use packaging::{
    bill_of_materials::{BillOfMaterials, Sources, cargo_tree, rustc_version},
    contents::{package_files, stage},
    zip_file,
};

/// The crate whose binary is packaged, and the name of the package's files.
const NAME: &str = "app-role-broker";

/// Packages App Role Broker for Azure Functions.
///
/// Copies the app to dist/ and writes a reproducible zip file, its SHA-256 and a CycloneDX bill of
/// materials.
#[derive(Parser)]
#[command(name = "packaging")]
struct Arguments {
    /// The handler binary
    #[arg(long)]
    binary: PathBuf,
    /// The target for which it was built, such as x86_64-unknown-linux-musl
    #[arg(long)]
    target: String,
    /// Folder of host.json
    #[arg(long, default_value = ".")]
    app_root: PathBuf,
    /// Folder for the zip file, its checksum and the bill of materials
    #[arg(long, default_value = "target/package")]
    into: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let files = package_files(&arguments.app_root, &arguments.binary)?;
    stage(&files, &arguments.app_root.join("dist"))?;
    fs::create_dir_all(&arguments.into)?;
    let zip = arguments.into.join(format!("{NAME}.zip"));
    zip_file::write(&files, &zip)?;
    let digest = zip_file::sha256(&zip)?;
    // The format of `sha256sum --check`.
    fs::write(
        arguments.into.join(format!("{NAME}.zip.sha256")),
        format!("{digest}  {NAME}.zip\n"),
    )?;
    write_bill_of_materials(&arguments, &arguments.into.join(format!("{NAME}.cdx.json")))?;
    println!("{} (SHA-256 {digest}) contains:", zip.display());
    for file in &files {
        println!("  {}", file.entry);
    }
    Ok(())
}

fn write_bill_of_materials(arguments: &Arguments, path: &Path) -> Result<()> {
    let bill = BillOfMaterials::of(Sources {
        tree: &cargo_tree(&arguments.app_root, NAME, &arguments.target)?,
        lock: &fs::read_to_string(arguments.app_root.join("Cargo.lock"))?,
        rustc: &rustc_version()?,
        binary_sha256: &zip_file::sha256(&arguments.binary)?,
    })?;
    let mut json = serde_json::to_string_pretty(&bill)?;
    json.push('\n');
    fs::write(path, json)?;
    Ok(())
}
