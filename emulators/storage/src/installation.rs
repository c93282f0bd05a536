//! The installation of Azurite in the user's cache folder.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sha2::{Digest as _, Sha256};

/// The files that are written to the folder before `npm ci`. The lock file pins every package; the
/// launcher ends Azurite when its parent ends.
const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../azurite/package.json")),
    ("package-lock.json", include_str!("../azurite/package-lock.json")),
    (".npmrc", include_str!("../azurite/.npmrc")),
    ("launch.js", include_str!("../azurite/launch.js")),
];
/// The marker of a complete installation, which is written last.
const COMPLETE: &str = "complete";
/// The part of the digest that names the folder, so that another version gets another folder.
const DIGEST_BYTES: usize = 8;
/// npm prints the reason of a failure in its last lines.
const LAST_LINES: usize = 20;
/// The advice if a program is missing. Azurite 3.35 runs on Node.js 20, later versions need 21.
const NODE: &str = "Node.js 20 or later with npm (https://nodejs.org)";

/// A folder with Azurite and `@azure/storage-queue` in its `node_modules`.
#[derive(Clone, Debug)]
pub struct Installation {
    folder: PathBuf,
}

/// Why Azurite is not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The environment names no cache folder.
    #[error("no cache folder: set XDG_CACHE_HOME or HOME (LOCALAPPDATA on Windows)")]
    NoCacheFolder,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Node.js or npm is not on the PATH.
    #[error("'{program}' is missing: install {NODE}")]
    Missing {
        /// The program.
        program: &'static str,
    },
    /// npm did not install the packages.
    #[error("'npm ci' failed in {folder}:\n{last_lines}")]
    Npm {
        /// The folder in which npm ran.
        folder: PathBuf,
        /// The last lines of npm's output.
        last_lines: String,
    },
}

impl Installation {
    /// Returns the installation in the user's cache, and installs it first if necessary. Blocks.
    ///
    /// # Errors
    ///
    /// If Node.js or npm is missing, npm fails, or the cache cannot be written.
    pub fn ensure() -> Result<Self, InstallationError> {
        let cache = cache_folder(|name| std::env::var_os(name).map(PathBuf::from))
            .ok_or(InstallationError::NoCacheFolder)?;
        let folder = cache.join("app-role-broker").join(format!("azurite-{}", digest()));
        if !folder.join(COMPLETE).exists() {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            install(&folder)?;
        }
        Ok(Self { folder })
    }

    /// The folder of `node_modules`. Scripts that run in it find the packages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Several test binaries may start at once; one installs Azurite and the others wait for the lock.
fn install(folder: &Path) -> Result<(), InstallationError> {
    let lock_path = folder.join("lock");
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    lock.lock().map_err(at(&lock_path))?;
    if folder.join(COMPLETE).exists() {
        return Ok(());
    }
    tracing::info!(folder = %folder.display(), "installing Azurite, which takes about a minute");
    for (name, content) in FILES {
        let path = folder.join(name);
        fs::write(&path, content).map_err(at(&path))?;
    }
    run("node", folder, &["--version"])?;
    let output = run(NPM, folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    if !output.status.success() {
        let last_lines = last_lines(&output);
        return Err(InstallationError::Npm { folder: folder.to_owned(), last_lines });
    }
    let complete = folder.join(COMPLETE);
    fs::write(&complete, "").map_err(at(&complete))
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn run(
    program: &'static str,
    folder: &Path,
    arguments: &[&str],
) -> Result<Output, InstallationError> {
    Command::new(program).args(arguments).current_dir(folder).output().map_err(
        |source| match source.kind() {
            io::ErrorKind::NotFound => InstallationError::Missing { program },
            _ => InstallationError::File { path: program.into(), source },
        },
    )
}

fn last_lines(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
}

fn digest() -> String {
    let mut digest = Sha256::new();
    for (name, content) in FILES {
        digest.update(name);
        digest.update(content);
    }
    digest.finalize().iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// The platform's folder for caches of the user.
fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|path| path.is_absolute());
    if let Some(folder) = set("XDG_CACHE_HOME") {
        return Some(folder);
    }
    if cfg!(windows) {
        return set("LOCALAPPDATA");
    }
    let home = set("HOME")?;
    Some(if cfg!(target_os = "macos") { home.join("Library/Caches") } else { home.join(".cache") })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> InstallationError {
    let path = path.to_owned();
    move |source| InstallationError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        let error = run("no-such-program", Path::new("."), &[]).unwrap_err();
        let expected = "'no-such-program' is missing: install Node.js 20 or later with npm";
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn without_a_home_there_is_no_cache_folder() {
        assert_eq!(cache_folder(|_| None), None);
    }

    #[test]
    fn a_relative_cache_folder_is_ignored_as_its_specification_says() {
        let folder = cache_folder(|name| (name == "XDG_CACHE_HOME").then(|| "cache".into()));
        assert_eq!(folder, None);
    }

    #[test]
    fn the_lock_file_names_no_registry() {
        let lock = include_str!("../azurite/package-lock.json");
        assert!(!lock.contains("\"resolved\""));
    }
}
