//! The platform's folder for caches of the user.

use std::path::PathBuf;

/// Returns the cache folder; `variable` reads the environment.
pub(crate) fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_home_there_is_no_cache_folder() {
        assert_eq!(cache_folder(|_| None), None);
    }

    #[test]
    fn a_relative_cache_folder_is_ignored_as_its_specification_says() {
        let folder = cache_folder(|name| (name == "XDG_CACHE_HOME").then(|| "cache".into()));
        assert_eq!(folder, None);
    }
}
