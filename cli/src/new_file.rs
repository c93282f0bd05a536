//! Writing a file as a whole: a reader sees all of it or nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{failure::Failure, io_reason::io_reason};

/// What to do with a file of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Refuse to write.
    Keep,
    /// Replace its content. A link to a file stays, and so do the permissions.
    Replace,
}

/// Refuses to write to a file that exists, before the work for its content begins.
pub(crate) fn check(path: &Path, existing: Existing) -> Result<(), Failure> {
    match existing {
        Existing::Keep if fs::symlink_metadata(path).is_ok() => Err(exists(path)),
        _ => Ok(()),
    }
}

/// Writes a file.
pub(crate) fn write(path: &Path, text: &str, existing: Existing) -> Result<(), Failure> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = beside(&target);
    let written = fill(&temporary, text).and_then(|()| match existing {
        Existing::Keep => publish(&temporary, path),
        Existing::Replace => replace(&temporary, &target),
    });
    // After a rename, there is nothing left to remove.
    let _ = fs::remove_file(&temporary);
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => not_written(path, &error),
    })
}

/// Writes a file that only its owner can read and write, as a whole.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = beside(&target);
    let written = private(&temporary)
        .and_then(|file| finish(file, text))
        .and_then(|()| fs::rename(&temporary, &target));
    // After a rename, there is nothing left to remove.
    let _ = fs::remove_file(&temporary);
    written.map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {}", path.display(), io_reason(error)))
        .hint("check the folder and your permissions for it")
}

/// Creates a file for its owner. Windows protects the folders of a user.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn exists(path: &Path) -> Failure {
    Failure::failed(format!("{} exists", path.display()))
        .hint("name another file, or replace this one with --force")
}

/// A new name in the folder of a file.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.new", Uuid::new_v4()))
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    finish(OpenOptions::new().write(true).create_new(true).open(path)?, text)
}

fn finish(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives the file its name, which must be new.
fn publish(temporary: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // A file system without hard links. The name is taken first, so that no other file is lost.
            File::create_new(path)?;
            fs::rename(temporary, path)
        }
        linked => linked,
    }
}

fn replace(temporary: &Path, target: &Path) -> io::Result<()> {
    if let Ok(known) = fs::metadata(target) {
        fs::set_permissions(temporary, known.permissions())?;
    }
    fs::rename(temporary, target)
}
