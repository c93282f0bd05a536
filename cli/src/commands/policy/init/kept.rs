//! What is kept of a policy file that is replaced.

use std::{io::ErrorKind, path::Path};

use serde_json::Value;

use crate::{failure::Failure, io_reason::io_reason, policy_file};

/// Returns the list `protected` of a file, without which a new policy could allow what the old one never
/// allowed. Empty if there is no such file. A file with a fault is not replaced: the reader of policies says
/// nothing about what it protects.
pub(super) fn protected(file: &Path) -> Result<Vec<String>, Failure> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(not_replaced(&format!(
                "{} cannot be read: {}",
                file.display(),
                io_reason(&error)
            )));
        }
    };
    policy_file::parse(&file.display().to_string(), &bytes)
        .map_err(|failure| not_replaced(&failure.sentence))?;
    // What is a policy is JSON.
    let policy: Value = wire_formats::json::from_slice(&bytes)
        .map_err(|fault| not_replaced(&fault.in_document(&file.display().to_string())))?;
    let entries = policy.get("protected").and_then(Value::as_array).into_iter().flatten();
    Ok(entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect())
}

fn not_replaced(why: &str) -> Failure {
    Failure::failed(format!("what the file protects is not known, so it was not replaced: {why}"))
        .hint("correct the file, or name another one; a policy that protects less allows more")
}
