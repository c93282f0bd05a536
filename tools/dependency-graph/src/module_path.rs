//! Paths of modules, written as in code: `crate::policy::file`.

/// The path of a crate's root module.
pub const ROOT: &str = "crate";

/// The path of a module inside another.
#[must_use]
pub fn child(module: &str, name: &str) -> String {
    format!("{module}::{name}")
}

/// The path of the module that contains this one.
#[must_use]
pub fn parent(module: &str) -> Option<&str> {
    module.rsplit_once("::").map(|(parent, _)| parent)
}

/// Whether `outer` contains `inner`, at any depth.
#[must_use]
pub fn contains(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_contains_its_children_and_grandchildren_and_not_a_namesake() {
        assert!(contains("crate::a", "crate::a::b::c"));
        assert!(!contains("crate::a", "crate::a"));
        assert!(!contains("crate::a", "crate::ab"));
    }
}
