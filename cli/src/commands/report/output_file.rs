//! The file that a report is written to.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{failure::Failure, io_reason::io_reason};

/// The file that a report is written to, and its format.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    format: FileFormat,
}

/// The format of a file, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    /// One page for a browser.
    Html,
    /// The document, for programs.
    Json,
    /// A table for spreadsheets.
    Csv,
}

impl FileFormat {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl OutputFile {
    /// Checks what can be known before the tenant is read: the format, and that the file can be created.
    pub(super) fn check(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let format = FileFormat::of(path).ok_or_else(|| {
            Failure::usage(format!("{name} has no extension that names a format"))
                .hint("use .html for a page, .json for programs, or .csv for spreadsheets")
        })?;
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(Failure::usage(format!("{name} exists, and is not a file")));
        }
        // A symbolic link is kept, and its target is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let file = Self { path, format };
        match file.folder().metadata() {
            Ok(folder) if folder.is_dir() => Ok(file),
            Ok(_) => Err(file.not_written("its folder is a file")),
            Err(error) => {
                Err(file.not_written(&format!("its folder cannot be read: {}", io_reason(&error))))
            }
        }
    }

    /// The format.
    pub(super) fn format(&self) -> FileFormat {
        self.format
    }

    /// Writes the file. If that fails, its old content remains.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let draft = self.folder().join(format!(".{name}.{}", Uuid::new_v4()));
        self.replace(&draft, text).map_err(|error| {
            // The error of the write is more important than one of the removal.
            let _ = fs::remove_file(&draft);
            self.not_written(&io_reason(&error))
        })
    }

    fn replace(&self, draft: &Path, text: &str) -> io::Result<()> {
        let mut file: File = OpenOptions::new().write(true).create_new(true).open(draft)?;
        if let Ok(former) = self.path.metadata() {
            file.set_permissions(former.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        drop(file);
        fs::rename(draft, &self.path)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    fn not_written(&self, why: &str) -> Failure {
        Failure::failed(format!("{} cannot be written: {why}", self.path.display()))
            .hint("name a file in a folder that exists and that you can write to")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_file_without_a_known_extension_is_refused() {
        for name in ["report", "report.txt", "report.html.", ".json", "report.xlsx", "", "json"] {
            assert_eq!(OutputFile::check(Path::new(name)).unwrap_err().exit, Exit::Usage, "{name}");
        }
    }

    #[test]
    fn the_extension_selects_the_format_in_any_case() {
        for (name, format) in [
            ("access.html", FileFormat::Html),
            ("ACCESS.HTM", FileFormat::Html),
            ("a.b.json", FileFormat::Json),
            ("access.Csv", FileFormat::Csv),
        ] {
            assert_eq!(OutputFile::check(Path::new(name)).unwrap().format(), format, "{name}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_before_anything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("file"), "").unwrap();
        fs::create_dir(inside("folder.json")).unwrap();
        for path in [inside("none/access.json"), inside("file/access.json"), inside("folder.json")]
        {
            OutputFile::check(&path).unwrap_err();
        }
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.json");
        for text in ["first and longer", "second"] {
            OutputFile::check(&path).unwrap().write(text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.json");
        let file = OutputFile::check(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(file.write("text").unwrap_err().exit, Exit::Failed);
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
