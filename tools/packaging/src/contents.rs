//! Which files are in the package: host.json, the policy, the function folders and the binary.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::fault::{PackagingFault, at};

/// The file that makes a folder a function.
const FUNCTION_JSON: &str = "function.json";

/// Files that are taken as they are.
const PLAIN_FILES: [&str; 2] = ["host.json", "policy.json"];

/// One file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// Its path in the package, with `/` between folders.
    pub entry: String,
    /// Where it is taken from.
    pub source: PathBuf,
    /// Whether the host starts it.
    pub executable: bool,
}

#[derive(Deserialize)]
struct HostJson {
    #[serde(rename = "customHandler")]
    custom_handler: CustomHandler,
}

#[derive(Deserialize)]
struct CustomHandler {
    description: Description,
}

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "defaultExecutablePath")]
    default_executable_path: String,
}

/// The files of the app in `app_root`, with `binary` under the name that host.json gives it, in the
/// order of their paths. Nothing else in `app_root` is taken.
///
/// # Errors
///
/// If a file is missing or host.json does not name a binary.
pub fn package_files(app_root: &Path, binary: &Path) -> Result<Vec<PackageFile>, PackagingFault> {
    let mut files = vec![file(&executable_name(app_root)?, binary, true)?];
    for name in PLAIN_FILES {
        files.push(file(name, &app_root.join(name), false)?);
    }
    for folder in function_folders(app_root)? {
        let entry = format!("{folder}/{FUNCTION_JSON}");
        files.push(file(&entry, &app_root.join(&folder).join(FUNCTION_JSON), false)?);
    }
    files.sort_by(|one, other| one.entry.cmp(&other.entry));
    Ok(files)
}

fn file(entry: &str, source: &Path, executable: bool) -> Result<PackageFile, PackagingFault> {
    fs::metadata(source).map_err(at(source))?;
    Ok(PackageFile { entry: entry.to_owned(), source: source.to_owned(), executable })
}

/// Deploying tools mark the file as executable whose path equals host.json's to the letter, so the path
/// must be the plain name.
fn executable_name(app_root: &Path) -> Result<String, PackagingFault> {
    let path = app_root.join("host.json");
    let text = fs::read(&path).map_err(at(&path))?;
    let host_json: HostJson = serde_json::from_slice(&text).map_err(|error| {
        let problem = format!("customHandler.description.defaultExecutablePath: {error}");
        PackagingFault::Content { path: path.clone(), problem }
    })?;
    let name = host_json.custom_handler.description.default_executable_path;
    if name.is_empty() || name.contains(['/', '\\', '%']) {
        let problem = format!(
            "defaultExecutablePath is {name:?} and must be a plain file name: the binary lies \
             beside host.json"
        );
        return Err(PackagingFault::Content { path, problem });
    }
    Ok(name)
}

fn function_folders(app_root: &Path) -> Result<Vec<String>, PackagingFault> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(app_root).map_err(at(app_root))? {
        let folder = entry.map_err(at(app_root))?.path();
        let name = folder.file_name().and_then(|name| name.to_str());
        if let (Some(name), true) = (name, folder.join(FUNCTION_JSON).is_file()) {
            folders.push(name.to_owned());
        }
    }
    if folders.is_empty() {
        let problem = format!("holds no folder with a {FUNCTION_JSON}, so the app has no function");
        return Err(PackagingFault::Content { path: app_root.to_owned(), problem });
    }
    Ok(folders)
}

/// Copies the files into `folder`, which is emptied before.
///
/// # Errors
///
/// If a file cannot be read or written.
pub fn stage(files: &[PackageFile], folder: &Path) -> Result<(), PackagingFault> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(at(folder))?;
    }
    for file in files {
        let target = folder.join(&file.entry);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        fs::copy(&file.source, &target).map_err(at(&file.source))?;
        set_mode(&target, mode(file.executable)).map_err(at(&target))?;
    }
    Ok(())
}

/// The mode of a file in the package: everybody reads, and the host's user, whoever that is, starts the
/// binary.
#[must_use]
pub fn mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Other systems know no modes; the zip has them all the same.
#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
