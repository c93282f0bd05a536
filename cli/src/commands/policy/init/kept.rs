//! What is kept of a policy file that is replaced.

use std::path::Path;

use serde_json::Value;

use crate::policy_file;

/// What is kept of a file.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The entries of its list `protected`.
    pub(super) protected: Vec<String>,
    /// Why nothing could be kept, although the file should have such a list.
    pub(super) remark: Option<String>,
}

/// Reads what a file protects. Without this list, a new policy could allow what the old one never allowed.
pub(super) fn kept(file: &Path) -> Kept {
    if !file.exists() {
        return Kept::default();
    }
    if let Err(failure) = policy_file::read(file) {
        let remark = format!(
            "the file that was replaced protected nothing, because it was no policy: {}",
            failure.sentence
        );
        return Kept { remark: Some(remark), ..Kept::default() };
    }
    Kept { protected: protected(file).unwrap_or_default(), remark: None }
}

/// The list of a valid policy.
fn protected(file: &Path) -> Option<Vec<String>> {
    let bytes = std::fs::read(file).ok()?;
    let policy: Value = wire_formats::json::from_slice(&bytes).ok()?;
    let entries = policy.get("protected")?.as_array()?.iter();
    Some(entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect())
}
