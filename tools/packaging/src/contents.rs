//! The files of the package: host.json, the policy, the function folders and the binary.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde::Deserialize;

/// The file that makes a folder a function.
const FUNCTION_JSON: &str = "function.json";

/// The files that are packaged unchanged from the app's root.
const PLAIN_FILES: [&str; 2] = ["host.json", "policy.json"];

/// A file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The path in the package, with `/` between folders.
    pub entry: String,
    /// The path of the file to package.
    pub source: PathBuf,
    /// Whether the file is the handler, which the host starts.
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

/// Lists the files of the app in `app_root`, with `binary` under its name in host.json, in the order of
/// their paths.
///
/// # Errors
///
/// If a file is missing or host.json names no binary.
pub fn package_files(app_root: &Path, binary: &Path) -> Result<Vec<PackageFile>> {
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

fn file(entry: &str, source: &Path, executable: bool) -> Result<PackageFile> {
    fs::metadata(source).with_context(|| source.display().to_string())?;
    Ok(PackageFile { entry: entry.to_owned(), source: source.to_owned(), executable })
}

/// The handler's file name in host.json. Deployment tools compare it with each file's path to find the
/// file that must be executable, so it must be a plain name.
fn executable_name(app_root: &Path) -> Result<String> {
    let path = app_root.join("host.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    // The Functions host accepts comments and a byte order mark.
    let json = text.trim_start_matches('\u{feff}');
    let host_json = parse_to_serde_value(json, &ParseOptions::default());
    let host_json: HostJson = host_json.with_context(|| {
        format!("{}: customHandler.description.defaultExecutablePath", path.display())
    })?;
    let name = host_json.custom_handler.description.default_executable_path;
    if name.is_empty() || name.contains(['/', '\\', '%']) {
        bail!(
            "{}: defaultExecutablePath is {name:?} and must be a plain file name, because the \
             binary is packaged beside host.json",
            path.display()
        );
    }
    Ok(name)
}

fn function_folders(app_root: &Path) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(app_root).with_context(|| app_root.display().to_string())? {
        let folder = entry.with_context(|| app_root.display().to_string())?.path();
        let name = folder.file_name().and_then(|name| name.to_str());
        if let (Some(name), true) = (name, folder.join(FUNCTION_JSON).is_file()) {
            folders.push(name.to_owned());
        }
    }
    if folders.is_empty() {
        bail!(
            "{} holds no folder with a {FUNCTION_JSON}, so the app has no function",
            app_root.display()
        );
    }
    Ok(folders)
}

/// Copies the files into `folder`, which is emptied first.
///
/// # Errors
///
/// If a file cannot be read or written.
pub fn stage(files: &[PackageFile], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    for file in files {
        let target = folder.join(&file.entry);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        fs::copy(&file.source, &target).with_context(|| file.source.display().to_string())?;
        set_mode(&target, mode(file.executable)).with_context(|| target.display().to_string())?;
    }
    Ok(())
}

/// The mode of a file in the package. Every user may read it, and execute the handler, because the host's
/// user is not known.
#[must_use]
pub fn mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Other systems have no modes; the zip file contains them nevertheless.
#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
