//! The `$filter` of a list of service principals: exactly the filters that the broker and the operator's tool
//! use.
//!
//! Microsoft Graph knows many more. The parser is stricter on purpose, because an unexpected filter is
//! probably a name that was not escaped.

use crate::{
    directory::Directory, failure::Failure, graph_error as error,
    service_principal::ServicePrincipal,
};

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    DisplayName(String),
    DisplayNameStart(String),
    ServicePrincipalName(String),
    /// The managed identities with an alternative name.
    ManagedIdentity(String),
    ManagedIdentities,
}

/// The filters with a literal: the text before and after it.
type Form = (&'static str, &'static str, fn(String) -> Filter);
const FORMS: [Form; 4] = [
    ("displayName eq ", "", Filter::DisplayName),
    ("startswith(displayName,", ")", Filter::DisplayNameStart),
    ("servicePrincipalNames/any(x:x eq ", ")", Filter::ServicePrincipalName),
    (
        "servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(x:x eq ",
        ")",
        Filter::ManagedIdentity,
    ),
];

impl Filter {
    /// Parses a filter, decoded from the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        if text == "servicePrincipalType eq 'ManagedIdentity'" {
            return Ok(Self::ManagedIdentities);
        }
        let parsed = FORMS.iter().find_map(|(before, after, filter)| {
            literal(text.strip_prefix(before)?.strip_suffix(after)?).map(filter)
        });
        parsed.ok_or_else(|| error::invalid_filter(text))
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

/// A text in quotes; a quote within it is doubled.
fn literal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let has_single_quote = inner.split("''").any(|part| part.contains('\''));
    (!has_single_quote).then(|| inner.replace("''", "'"))
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
            "displayName eq 'a' ",
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
