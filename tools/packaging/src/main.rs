//! `cargo run -p packaging`: from a built binary to what is deployed. `scripts/package.sh` builds the
//! binary and calls this.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use packaging::{
    bill_of_materials::{BillOfMaterials, Sources, cargo_tree, rustc_version},
    contents::{package_files, stage},
    zip_file,
};

/// The crate whose binary is packaged; the files are named after it.
const NAME: &str = "app-role-broker";

/// Stages the app into `dist`, and writes a zip of it, the zip's SHA-256 and a CycloneDX bill of
/// materials.
#[derive(Parser)]
struct Arguments {
    /// The handler, built for `target`
    #[arg(long)]
    binary: PathBuf,
    /// What it was built for, for instance x86_64-unknown-linux-musl
    #[arg(long)]
    target: String,
    /// The folder of host.json
    #[arg(long, default_value = ".")]
    app_root: PathBuf,
    /// Where zip, checksum and bill of materials go
    #[arg(long, default_value = "target/package")]
    into: PathBuf,
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

fn run(arguments: &Arguments) -> Outcome {
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
    write_bill_of_materials(arguments, &arguments.into.join(format!("{NAME}.cdx.json")))?;
    report(&zip, &digest, files.iter().map(|file| file.entry.as_str()));
    Ok(())
}

fn write_bill_of_materials(arguments: &Arguments, path: &Path) -> Outcome {
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

#[expect(clippy::print_stdout, reason = "what was made")]
fn report<'a>(zip: &Path, digest: &str, entries: impl Iterator<Item = &'a str>) {
    println!("{} (sha256 {digest}) holds", zip.display());
    for entry in entries {
        println!("  {entry}");
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("no package: {error}");
    ExitCode::FAILURE
}
