//! The app roles of Microsoft Graph that are known without a network.
//!
//! The list has a date, and Microsoft adds roles every month. So a role that is not in it is probably a
//! mistake, and may be a new role.

use std::sync::LazyLock;

use app_roles::ids::AppRoleId;

/// The alias of the API that defines the roles.
pub(crate) const ALIAS: &str = "graph";

/// The month of the list, for sentences.
pub(crate) const AS_OF: &str = "August 2026";

/// One role a line; the file states its date and source.
const FILE: &str = include_str!("../data/microsoft-graph-app-roles.txt");

static ROLES: LazyLock<Vec<CatalogueRole>> =
    LazyLock::new(|| FILE.lines().filter_map(CatalogueRole::parse).collect());

/// A known role of Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CatalogueRole {
    pub(crate) id: AppRoleId,
    /// As Microsoft spells it.
    pub(crate) value: &'static str,
}

impl CatalogueRole {
    /// Reads a line. `None` for a comment.
    fn parse(line: &'static str) -> Option<Self> {
        let (id, value) = line.split_once(' ')?;
        Some(Self { id: AppRoleId::parse(id).ok()?, value })
    }
}

/// All known roles, in the order of their values.
pub(crate) fn roles() -> impl Iterator<Item = CatalogueRole> {
    ROLES.iter().copied()
}

/// The role with this value, ignoring case.
pub(crate) fn role_by_value(value: &str) -> Option<CatalogueRole> {
    roles().find(|role| role.value.eq_ignore_ascii_case(value))
}

/// The role with this id.
pub(crate) fn role_by_id(id: AppRoleId) -> Option<CatalogueRole> {
    roles().find(|role| role.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_line_but_the_comments_is_a_role_with_an_id_and_a_value_of_its_own() {
        let lines = FILE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!((lines, roles().count()), (716, 716));
        let ids: HashSet<_> = roles().map(|role| role.id).collect();
        let values: HashSet<_> = roles().map(|role| role.value.to_ascii_lowercase()).collect();
        assert_eq!((ids.len(), values.len()), (716, 716));
        for CatalogueRole { value, .. } in roles() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            assert!(!value.is_empty() && value.chars().all(is_plain), "{value:?}");
        }
        assert!(roles().is_sorted_by_key(|role| role.value.to_ascii_lowercase()));
    }

    #[test]
    fn a_role_is_found_by_its_value_in_any_case_and_by_its_id() {
        // "Microsoft Graph permissions reference".
        let id = AppRoleId::parse("df021288-bdef-4463-88db-98f22de89214").unwrap();
        let role = CatalogueRole { id, value: "User.Read.All" };
        assert_eq!(role_by_value("User.Read.All"), Some(role));
        assert_eq!(role_by_value("user.read.ALL"), Some(role));
        assert_eq!(role_by_id(id), Some(role));
        for unknown in
            ["", "User.Read.Al", "User.Read.All ", "df021288-bdef-4463-88db-98f22de89214"]
        {
            assert_eq!(role_by_value(unknown), None, "{unknown:?}");
        }
    }
}
