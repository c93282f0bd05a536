//! The `$filter` of a list of assignments. Microsoft Graph supports few, and its documentation names some
//! that it refuses.

use super::{filter_form::FilterForm, relation::Relation, target::is_guid};
use crate::{directory::AppRoleAssignment, failure::Failure, graph_error as error};

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AssignmentFilter {
    /// `resourceId eq …`, of what a principal holds. The GUID has no quotes.
    Resource(String),
    /// `principalDisplayName eq '…'`, of the holders of an API's roles.
    PrincipalName(String),
    /// `startswith(principalDisplayName,'…')`, of the holders of an API's roles.
    PrincipalNameStart(String),
}

/// The properties of an assignment that no filter may use, with the types that Graph's errors name.
const UNSUPPORTED: [(&str, &str); 7] = [
    ("appRoleId", "System.Guid"),
    ("principalId", "System.Guid"),
    ("resourceId", "System.Guid"),
    ("principalType", "System.String"),
    ("principalDisplayName", "System.String"),
    ("resourceDisplayName", "System.String"),
    ("id", "System.String"),
];

impl AssignmentFilter {
    /// Parses a filter, decoded from the URL.
    pub(crate) fn parse(text: &str, relation: Relation) -> Result<Self, Failure> {
        let form = FilterForm::of(text).ok_or_else(|| error::invalid_filter(text))?;
        let words: Vec<_> = form.text.split(' ').collect();
        let mut literals = form.literals.into_iter();
        match (relation, words.as_slice(), literals.next()) {
            (Relation::Held, ["resourceId", "eq", id], _) if is_guid(id) => {
                Ok(Self::Resource(id.to_lowercase()))
            }
            (Relation::Granted, ["principalDisplayName", "eq", "''"], Some(name)) => {
                Ok(Self::PrincipalName(name))
            }
            (
                Relation::Granted,
                ["startswith", "(", "principalDisplayName", ",", "''", ")"],
                Some(start),
            ) => Ok(Self::PrincipalNameStart(start)),
            (_, words, _) => Err(refusal(text, words)),
        }
    }

    /// The property that needs an advanced query, if there is one. Callers reported that `resourceId` does
    /// not. Microsoft Learn, "Advanced query capabilities on Microsoft Entra ID objects", says that it does.
    pub(crate) fn advanced_property(&self) -> Option<&'static str> {
        match self {
            Self::Resource(_) => None,
            Self::PrincipalName(_) | Self::PrincipalNameStart(_) => Some("principalDisplayName"),
        }
    }

    /// Whether an assignment matches.
    pub(crate) fn matches(&self, assignment: &AppRoleAssignment) -> bool {
        let name = assignment.principal_display_name.to_lowercase();
        match self {
            Self::Resource(id) => assignment.resource_id == *id,
            Self::PrincipalName(wanted) => name == wanted.to_lowercase(),
            Self::PrincipalNameStart(start) => name.starts_with(&start.to_lowercase()),
        }
    }
}

fn refusal(text: &str, words: &[&str]) -> Failure {
    let named = UNSUPPORTED.iter().find(|(property, _)| words.contains(property));
    named.map_or_else(
        || error::invalid_filter(text),
        |(property, type_name)| error::unsupported_filter(property, type_name),
    )
}
