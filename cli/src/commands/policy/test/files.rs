//! The test files of a run.

use std::path::{Path, PathBuf};

use crate::{failure::Failure, io_reason::io_reason};

/// The end of the names of test files.
const SUFFIX: &str = ".policytest.json";

/// What to do without a test file.
const ADVICE: &str = "write one, for example policy.policytest.json; docs/policy.md has an example";

/// Selects the files that the operator named, and those in the folders that they named. Without a name,
/// those beside the policy file.
pub(super) fn select(named: &[PathBuf], policy: &Path) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() {
        let folder = policy.parent().filter(|folder| *folder != Path::new(""));
        return in_folder(folder);
    }
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            files.extend(in_folder(Some(path))?);
        } else {
            files.push(path.clone());
        }
    }
    let mut known = std::collections::HashSet::new();
    files.retain(|file| known.insert(file.clone()));
    Ok(files)
}

/// The test files in a folder, sorted. `None` is the current folder.
fn in_folder(folder: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let shown = folder.unwrap_or(Path::new("."));
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!(
            "the folder {} cannot be read: {}",
            shown.display(),
            io_reason(&error)
        ))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(shown).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name.to_string_lossy().ends_with(SUFFIX) {
            files.push(folder.map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name)));
        }
    }
    files.sort();
    if files.is_empty() {
        let sentence = format!("the folder {} has no test file: no *{SUFFIX}", shown.display());
        return Err(Failure::failed(sentence).hint(ADVICE));
    }
    Ok(files)
}
