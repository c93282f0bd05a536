//! Packages in the user's cache folder.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest as _, Sha256};

use crate::{
    cache::cache_folder,
    installer::{InstallationError, Installer},
};

/// The folder below the user's cache folder.
const PROJECT: &str = "app-role-broker";
/// The marker of a complete installation, which is written last.
const COMPLETE: &str = "complete";
/// The part of the digest that names the folder, so that another version gets another folder.
const DIGEST_BYTES: usize = 8;

/// Packages whose versions and digests a lock file gives.
#[derive(Debug, Clone, Copy)]
pub struct PinnedPackages {
    /// What they are for, which starts the folder's name.
    pub name: &'static str,
    /// The names and contents of the files that are written to the folder first. The lock file is one.
    pub files: &'static [(&'static str, &'static str)],
    /// The program that installs them.
    pub installer: Installer,
}

/// A folder with installed packages.
#[derive(Clone, Debug)]
pub struct Installation {
    folder: PathBuf,
    installer: Installer,
}

impl PinnedPackages {
    /// Returns the installation in the user's cache, and installs it first if necessary. Blocks.
    ///
    /// # Errors
    ///
    /// If the installer is missing or fails, or the cache cannot be written.
    pub fn ensure(&self) -> Result<Installation, InstallationError> {
        let cache = cache_folder(|name| std::env::var_os(name).map(PathBuf::from))
            .ok_or(InstallationError::NoCacheFolder)?;
        self.ensure_below(&cache.join(PROJECT))
    }

    fn ensure_below(&self, cache: &Path) -> Result<Installation, InstallationError> {
        fs::create_dir_all(cache).map_err(at(cache))?;
        let version = self.installer.version(cache)?;
        let folder = cache.join(format!("{}-{}", self.name, self.digest(&version)));
        if !folder.join(COMPLETE).exists() {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            self.install(&folder)?;
        }
        Ok(Installation { folder, installer: self.installer })
    }

    /// Several test binaries may start at once; one installs and the others wait for the lock.
    fn install(&self, folder: &Path) -> Result<(), InstallationError> {
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.lock().map_err(at(&lock_path))?;
        if folder.join(COMPLETE).exists() {
            return Ok(());
        }
        let (name, path) = (self.name, folder.display());
        tracing::info!(name, folder = %path, "installing packages, which takes about a minute");
        for (name, content) in self.files {
            let path = folder.join(name);
            fs::write(&path, content).map_err(at(&path))?;
        }
        self.installer.install(folder)?;
        let complete = folder.join(COMPLETE);
        fs::write(&complete, "").map_err(at(&complete))
    }

    fn digest(&self, version: &[u8]) -> String {
        let mut digest = Sha256::new();
        for (name, content) in self.files {
            digest.update(name);
            digest.update(content);
        }
        digest.update(version);
        digest.finalize().iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Installation {
    /// The folder with the files and the packages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command that runs a script with the packages: Node.js, or the Python of the virtual environment.
    #[must_use]
    pub fn interpreter(&self) -> Command {
        self.installer.interpreter(&self.folder)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> InstallationError {
    let path = path.to_owned();
    move |source| InstallationError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{ "name": "nothing", "version": "1.0.0" }"#;
    const LOCK: &str = r#"{ "name": "nothing", "version": "1.0.0", "lockfileVersion": 3,
        "packages": { "": { "name": "nothing", "version": "1.0.0" } } }"#;
    const NOTHING: PinnedPackages = PinnedPackages {
        name: "nothing",
        files: &[("package.json", MANIFEST), ("package-lock.json", LOCK)],
        installer: Installer::Npm,
    };

    #[test]
    fn a_failed_installation_is_tried_again_by_the_next_call() {
        let cache = tempfile::tempdir().unwrap();
        let broken = PinnedPackages { files: &[("package.json", MANIFEST)], ..NOTHING };
        for _ in 0..2 {
            let error = broken.ensure_below(cache.path()).unwrap_err();
            assert!(error.to_string().starts_with("'npm' failed in "), "{error}");
        }
    }

    #[test]
    fn packages_are_installed_once_and_into_a_new_folder_after_a_change() {
        let cache = tempfile::tempdir().unwrap();
        let first = NOTHING.ensure_below(cache.path()).unwrap();
        let trace = first.folder().join("trace");
        fs::write(&trace, "").unwrap();
        let second = NOTHING.ensure_below(cache.path()).unwrap();
        assert_eq!(second.folder(), first.folder());
        assert!(trace.exists());
        let changed = PinnedPackages {
            files: &[("package.json", MANIFEST), ("package-lock.json", LOCK), ("more", "")],
            ..NOTHING
        };
        assert_ne!(changed.ensure_below(cache.path()).unwrap().folder(), first.folder());
    }
}
