//! The `$filter` of a list of service principals: the filters that the broker, the operator's tool and most
//! scripts use.
//!
//! Microsoft Graph knows many more. The emulator is stricter on purpose, because an unexpected filter is
//! probably a name that was not escaped.

use super::filter_form::FilterForm;
use crate::{
    directory::Directory, failure::Failure, graph_error as error,
    service_principal::ServicePrincipal,
};

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    DisplayName(String),
    DisplayNameStart(String),
    AppId(String),
    ServicePrincipalName(String),
    /// The managed identities with an alternative name.
    ManagedIdentity(String),
    ManagedIdentities,
}

const MANAGED_IDENTITY: &str = "ManagedIdentity";
/// The form of the search of a managed identity by an alternative name.
const MANAGED_IDENTITY_NAMED: &str =
    "servicePrincipalType eq '' and alternativeNames/any ( x : x eq '' )";

impl Filter {
    /// Parses a filter, decoded from the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let form = FilterForm::of(text).ok_or_else(|| error::invalid_filter(text))?;
        let mut literals = form.literals.into_iter();
        let parsed = match (form.text.as_str(), literals.next(), literals.next()) {
            ("displayName eq ''", Some(name), None) => Self::DisplayName(name),
            ("startswith ( displayName , '' )", Some(start), None) => Self::DisplayNameStart(start),
            ("appId eq ''", Some(app_id), None) => Self::AppId(app_id),
            ("servicePrincipalNames/any ( x : x eq '' )", Some(name), None) => {
                Self::ServicePrincipalName(name)
            }
            ("servicePrincipalType eq ''", Some(kind), None) if kind == MANAGED_IDENTITY => {
                Self::ManagedIdentities
            }
            (MANAGED_IDENTITY_NAMED, Some(kind), Some(name)) if kind == MANAGED_IDENTITY => {
                Self::ManagedIdentity(name)
            }
            _ => return Err(error::invalid_filter(text)),
        };
        Ok(parsed)
    }

    /// The property that needs an advanced query, if there is one (Microsoft Learn, "Advanced query
    /// capabilities on Microsoft Entra ID objects"). The page does not say whether
    /// `servicePrincipalType` is one.
    pub(crate) fn advanced_property(&self) -> Option<&'static str> {
        match self {
            Self::ManagedIdentity(_) => Some("alternativeNames"),
            Self::ManagedIdentities => Some("servicePrincipalType"),
            _ => None,
        }
    }

    /// The service principals that match. Only `alternativeNames` is case-sensitive.
    pub(crate) fn find<'a>(&self, directory: &'a Directory) -> Vec<&'a ServicePrincipal> {
        if let Self::ManagedIdentity(name) = self {
            // An index, for load runs.
            let named = directory.service_principals_by_alternative_name(name);
            return named.filter(|one| self.matches(one)).collect();
        }
        directory.service_principals().filter(|one| self.matches(one)).collect()
    }

    fn matches(&self, candidate: &ServicePrincipal) -> bool {
        match self {
            Self::DisplayName(name) => is_same(&candidate.display_name, name),
            Self::DisplayNameStart(start) => {
                candidate.display_name.to_lowercase().starts_with(&start.to_lowercase())
            }
            Self::AppId(app_id) => is_same(&candidate.app_id, app_id),
            Self::ServicePrincipalName(name) => {
                candidate.service_principal_names.iter().any(|one| is_same(one, name))
            }
            Self::ManagedIdentity(name) => {
                candidate.service_principal_type.is_managed_identity()
                    && candidate.alternative_names.contains(name)
            }
            Self::ManagedIdentities => candidate.service_principal_type.is_managed_identity(),
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_exactly_one_of_the_known_filters_is_invalid() {
        for text in [
            "",
            "displayName eq id-orders",
            "displayName eq 'id-orders",
            "displayName eq '",
            "displayName eq 'O'Brien'",
            "displayName eq 'a' or displayName ne 'a'",
            "displayName eq 'a') or (displayName eq 'a'",
            "displayname eq 'a'",
            "startswith(displayName,'a'",
            "servicePrincipalNames/any(x:y eq 'a')",
            "servicePrincipalType eq 'Application'",
            "servicePrincipalType eq 'ManagedIdentity' or alternativeNames/any(x:x eq 'a')",
        ] {
            let failure = Filter::parse(text).unwrap_err();
            assert!(failure.message.starts_with("Invalid filter clause: "), "{text}: {failure:?}");
        }
    }

    #[test]
    fn a_doubled_quote_is_one_quote() {
        for (literal, meaning) in
            [("''", ""), ("''''", "'"), ("'''a'", "'a"), ("'a'''", "a'"), ("'a''''b'", "a''b")]
        {
            let parsed = Filter::parse(&format!("displayName eq {literal}")).unwrap();
            assert_eq!(parsed, Filter::DisplayName(meaning.to_owned()));
        }
    }
}
