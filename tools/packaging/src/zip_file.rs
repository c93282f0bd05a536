//! The package as a reproducible zip file: equal files give equal bytes, so that a deployed package can be
//! checked against its sources.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::contents::{PackageFile, mode};

/// Writes `files` to a zip file in the given order. The date is 1980-01-01, the first that the format can
/// express, and the modes do not depend on the machine.
///
/// # Errors
///
/// If a file cannot be read or the zip file cannot be written.
pub fn write(files: &[PackageFile], path: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let mut zip = ZipWriter::new(File::create(path).with_context(name)?);
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode(file.executable));
        zip.start_file(&file.entry, options).with_context(name)?;
        let content = fs::read(&file.source).with_context(|| file.source.display().to_string())?;
        zip.write_all(&content).with_context(name)?;
    }
    zip.finish().with_context(name)?;
    Ok(())
}

/// Unpacks a zip file into `folder` and sets the files' modes.
///
/// # Errors
///
/// If the file is not a zip file, an entry's path leaves `folder`, or a file cannot be written.
pub fn unpack(path: &Path, folder: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let mut zip = ZipArchive::new(File::open(path).with_context(name)?).with_context(name)?;
    zip.extract(folder).with_context(name)
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
///
/// If it cannot be read.
pub fn sha256(path: &Path) -> Result<String> {
    let digest = Sha256::digest(fs::read(path).with_context(|| path.display().to_string())?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
