//! The programs that install packages: npm and pip.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// An installer prints the reason of a failure in its last lines.
const LAST_LINES: usize = 20;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
/// The virtual environment, below the folder of an installation.
const ENVIRONMENT: &str = "environment";
/// The interpreter of a virtual environment.
const ENVIRONMENT_PYTHON: &str = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };

/// What pip and npm print when a download is not what the lock file pins (pip documentation, "Secure
/// installs"; npm documentation, "Common errors").
const WRONG_DIGEST: [&str; 2] = ["DO NOT MATCH THE HASHES", "EINTEGRITY"];

/// Installs only what the requirements file pins, and runs no code of a package. Without a network it gives
/// up after about a minute.
const PIP_INSTALL: [&str; 13] = [
    "-m",
    "pip",
    "install",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
    "--no-compile",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--retries=2",
    "--timeout=15",
    "--requirement=requirements.txt",
];

/// The program that installs packages, and whose language they are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installer {
    /// `npm ci`. The files have a `package.json` and a `package-lock.json`.
    Npm,
    /// `pip install` into a virtual environment. The files have a `requirements.txt` with hashes.
    Pip,
}

/// Why packages are not installed.
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
    /// The installer or the interpreter is not on the PATH.
    #[error("'{program}' is missing: install {advice}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What to install.
        advice: &'static str,
    },
    /// The installer failed, for instance because there is no network.
    #[error("'{program}' failed in {folder}:\n{last_lines}")]
    Failed {
        /// The program.
        program: &'static str,
        /// The folder in which it ran.
        folder: PathBuf,
        /// The last lines of its output.
        last_lines: String,
    },
    /// The registry offered a package that is not the pinned one.
    #[error("a package is not the one that is pinned in {folder}:\n{last_lines}")]
    Altered {
        /// The folder in which the installer ran.
        folder: PathBuf,
        /// The last lines of its output.
        last_lines: String,
    },
}

impl Installer {
    /// What an installation depends on besides its files. A virtual environment works only with the
    /// Python that made it.
    pub(crate) fn version(self, folder: &Path) -> Result<Vec<u8>, InstallationError> {
        match self {
            Self::Npm => Ok(Vec::new()),
            Self::Pip => {
                let version = ["-c", "import sys; print(sys.version, sys.prefix)"];
                Ok(self.run(Command::new(PYTHON).args(version), "python3", folder)?.stdout)
            }
        }
    }

    /// Installs the packages that the files in the folder pin.
    pub(crate) fn install(self, folder: &Path) -> Result<(), InstallationError> {
        match self {
            Self::Npm => {
                self.run(Command::new("node").arg("--version"), "node", folder)?;
                let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
                self.run(Command::new(NPM).args(install), "npm", folder)?;
            }
            Self::Pip => {
                let environment = ["-m", "venv", "--clear", ENVIRONMENT];
                self.run(Command::new(PYTHON).args(environment), "python3", folder)?;
                let mut install = self.interpreter(folder);
                self.run(install.args(PIP_INSTALL), "pip", folder)?;
            }
        }
        Ok(())
    }

    /// A command that runs a script with the packages of the folder.
    pub(crate) fn interpreter(self, folder: &Path) -> Command {
        match self {
            Self::Npm => {
                let mut command = Command::new("node");
                // Node.js looks for a package beside the script first, and here second.
                command.env("NODE_PATH", folder.join("node_modules"));
                command
            }
            Self::Pip => Command::new(folder.join(ENVIRONMENT).join(ENVIRONMENT_PYTHON)),
        }
    }

    fn run(
        self,
        command: &mut Command,
        program: &'static str,
        folder: &Path,
    ) -> Result<Output, InstallationError> {
        let output = command.current_dir(folder).output().map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                InstallationError::Missing { program, advice: self.advice() }
            } else {
                InstallationError::File { path: program.into(), source }
            }
        })?;
        if output.status.success() {
            return Ok(output);
        }
        let (folder, text) = (folder.to_owned(), text(&output));
        let last_lines = last_lines(&text);
        Err(if WRONG_DIGEST.iter().any(|message| text.contains(message)) {
            InstallationError::Altered { folder, last_lines }
        } else {
            InstallationError::Failed { program, folder, last_lines }
        })
    }

    /// What to install if a program is missing.
    fn advice(self) -> &'static str {
        match self {
            // Azurite 3.35 runs on Node.js 20, later versions need 21.
            Self::Npm => "Node.js 20 or later with npm (https://nodejs.org)",
            Self::Pip => "Python 3.10 or later with its module venv (https://www.python.org)",
        }
    }
}

fn text(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(installer: Installer, command: &mut Command) -> InstallationError {
        installer.run(command, "the installer", Path::new(".")).unwrap_err()
    }

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        for (installer, advice) in
            [(Installer::Npm, "Node.js 20 or later"), (Installer::Pip, "Python 3.10 or later")]
        {
            let error = run(installer, &mut Command::new("no-such-program")).to_string();
            let expected = format!("'the installer' is missing: install {advice}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_package_with_another_digest_is_told_from_a_registry_that_is_out_of_reach() {
        let print = |text: &str| {
            let script = format!("console.log({text:?}); process.exit(1)");
            run(Installer::Npm, Command::new("node").args(["--eval", &script]))
        };
        let altered = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.";
        assert!(matches!(print(altered), InstallationError::Altered { .. }));
        assert!(matches!(print("npm error code EINTEGRITY"), InstallationError::Altered { .. }));
        let error = print("npm error code ENOTFOUND");
        assert!(matches!(error, InstallationError::Failed { .. }));
        assert!(error.to_string().ends_with("ENOTFOUND"), "{error}");
    }
}
