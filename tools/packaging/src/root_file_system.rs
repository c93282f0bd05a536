//! The files of the image `handler`, as `container/Dockerfile` copies them, so that the image can be tried
//! on a machine without a container engine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::contents::PackageFile;

/// The folder of the app in the image, which is that of the Functions host's images.
pub const APP_ROOT: &str = "home/site/wwwroot";

/// The largest image of the handler that is built, in bytes.
pub const MAXIMUM_BYTES: u64 = 20_000_000;

/// The accounts, below the root of the repository. All files in it are copied to the root of the image.
const ACCOUNTS: &str = "container/root";

/// The certificate authorities in the image, where `openssl-probe` looks.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// Lists the files of the image in the order of their paths: those of `container/root` below `repository`,
/// those of the package, and the certificate authorities in the file `authorities`.
///
/// # Errors
///
/// If a file or a folder is missing or cannot be read.
pub fn image_files(
    repository: &Path,
    package: &[PackageFile],
    authorities: &Path,
) -> Result<Vec<PackageFile>> {
    let accounts = repository.join(ACCOUNTS);
    let mut files = Vec::new();
    for source in files_below(&accounts)? {
        let entry = source.strip_prefix(&accounts)?.display().to_string();
        files.push(PackageFile { entry, source, executable: false });
    }
    for file in package {
        let entry = format!("{APP_ROOT}/{}", file.entry);
        files.push(PackageFile { entry, ..file.clone() });
    }
    fs::metadata(authorities).with_context(|| authorities.display().to_string())?;
    let source = authorities.to_owned();
    files.push(PackageFile { entry: AUTHORITIES.to_owned(), source, executable: false });
    files.sort_by(|one, other| one.entry.cmp(&other.entry));
    Ok(files)
}

/// The files in a folder and below it, in no order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let name = || folder.display().to_string();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(name)? {
        let path = entry.with_context(name)?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// Adds up the sizes of the files, in bytes. An image is stored compressed, so that it needs less.
///
/// # Errors
///
/// If a file cannot be read, or all together have more than [`MAXIMUM_BYTES`].
pub fn size_of_image(files: &[PackageFile]) -> Result<u64> {
    let mut size = 0;
    for file in files {
        let metadata = fs::metadata(&file.source);
        size += metadata.with_context(|| file.source.display().to_string())?.len();
    }
    if size > MAXIMUM_BYTES {
        bail!(
            "the image of the handler has {size} bytes and may have {MAXIMUM_BYTES}: leave out what \
             made it grow, or raise the limit here and in docs/container.md"
        );
    }
    Ok(size)
}
