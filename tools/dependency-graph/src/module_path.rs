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

/// The two modules next to each other that contain, or are, `one` and `other`. `None` if one of the two
/// contains the other.
#[must_use]
pub fn siblings(one: &str, other: &str) -> Option<(String, String)> {
    let [one, other] = [one, other].map(|path| path.split("::").collect::<Vec<_>>());
    let shared = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let up_to_sibling = |path: &[&str]| path.get(..=shared).map(|names| names.join("::"));
    up_to_sibling(&one).zip(up_to_sibling(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_the_outermost_modules_that_two_modules_do_not_share() {
        let expected = Some(("crate::a".to_owned(), "crate::b".to_owned()));
        assert_eq!(siblings("crate::a::x", "crate::b"), expected);
        assert_eq!(siblings("crate::a", "crate::a::x"), None);
    }

    #[test]
    fn a_module_contains_its_children_and_grandchildren_and_not_a_namesake() {
        assert!(contains("crate::a", "crate::a::b::c"));
        assert!(!contains("crate::a", "crate::a"));
        assert!(!contains("crate::a", "crate::ab"));
    }
}
