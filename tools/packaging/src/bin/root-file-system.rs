//! The command line that lays out the root file system of the image `handler` in a folder.

#![expect(clippy::print_stdout, reason = "prints the size of the image")]

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use packaging::{
    contents::{package_files, stage},
    root_file_system::{image_files, size_of_image},
};

/// Lays out the files of the image of the handler in a folder, without a container engine.
///
/// Fails if the image would be larger than 20 MB.
#[derive(Parser)]
#[command(name = "root-file-system")]
struct Arguments {
    /// The handler binary
    #[arg(long, default_value = "dist/app-role-broker")]
    binary: PathBuf,
    /// Folder of host.json and of container/
    #[arg(long, default_value = ".")]
    app_root: PathBuf,
    /// The certificate authorities, in place of those that the image takes from another image
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
    authorities: PathBuf,
    /// Folder for the root file system, which is emptied first
    #[arg(long, default_value = "target/root-file-system")]
    into: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let package = package_files(&arguments.app_root, &arguments.binary)?;
    let files = image_files(&arguments.app_root, &package, &arguments.authorities)?;
    let size = size_of_image(&files)?;
    stage(&files, &arguments.into)?;
    println!("{} contains {} files, {size} bytes", arguments.into.display(), files.len());
    Ok(())
}
