//! The package as a zip file: the same bytes whenever, wherever and by whomever it is made of the same
//! files, so that anybody can check what was deployed.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    contents::{PackageFile, mode},
    fault::{PackagingFault, at},
};

/// Writes `files` to a zip file, in the order given, with the date 1980-01-01, which is the zip
/// format's first, and modes that do not depend on the machine.
///
/// # Errors
///
/// If a file cannot be read or the zip file cannot be written.
pub fn write(files: &[PackageFile], path: &Path) -> Result<(), PackagingFault> {
    let fault = |source| PackagingFault::Zip { path: path.to_owned(), source };
    let mut zip = ZipWriter::new(File::create(path).map_err(at(path))?);
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode(file.executable));
        zip.start_file(&file.entry, options).map_err(fault)?;
        let content = fs::read(&file.source).map_err(at(&file.source))?;
        zip.write_all(&content).map_err(at(path))?;
    }
    zip.finish().map_err(fault)?;
    Ok(())
}

/// Unpacks a zip file into `folder`, with the modes of its files.
///
/// # Errors
///
/// If it is no zip file, an entry would lie outside `folder`, or a file cannot be written.
pub fn unpack(path: &Path, folder: &Path) -> Result<(), PackagingFault> {
    let fault = |source| PackagingFault::Zip { path: path.to_owned(), source };
    let mut zip = ZipArchive::new(File::open(path).map_err(at(path))?).map_err(fault)?;
    zip.extract(folder).map_err(fault)
}

/// The SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
///
/// If it cannot be read.
pub fn sha256(path: &Path) -> Result<String, PackagingFault> {
    let digest = Sha256::digest(fs::read(path).map_err(at(path))?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
