//! Finds Chromium, or a browser that is built from it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The names of the programs, and on macOS their usual places.
const NAMES: &[&str] = if cfg!(windows) {
    &["chrome.exe", "chromium.exe", "msedge.exe"]
} else if cfg!(target_os = "macos") {
    &[
        "chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ]
} else {
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"]
};

/// Returns the first program in a `PATH`.
pub(crate) fn find(path: Option<OsString>) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&path?).collect();
    let places = |name: &&str| folders.iter().map(|folder| folder.join(name)).collect::<Vec<_>>();
    NAMES.iter().flat_map(places).find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    path.is_absolute() && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_browser_on_the_path_none_is_found() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(find(Some(empty.path().into())), None);
        assert_eq!(find(None), None);
    }

    #[test]
    fn a_browser_is_found_in_any_folder_of_the_path_and_a_folder_of_its_name_is_none() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = NAMES.first().unwrap();
        std::fs::create_dir(first.path().join(name)).unwrap();
        std::fs::write(second.path().join(name), "").unwrap();
        let path = std::env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(find(Some(path)), Some(second.path().join(name)));
    }
}
