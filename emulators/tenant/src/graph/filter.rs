//! The `$filter` of a list of service principals: the few clauses that finding one takes.
//!
//! Stricter than Microsoft Graph, which knows many more: what a client has no need to say is more
//! likely a name that it forgot to escape.

use super::{error, target::is_guid};
use crate::{directory::Directory, failure::Failure, service_principal::ServicePrincipal};

const QUOTE: char = '\'';

/// The only value of `servicePrincipalType` that anybody filters by.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// Which service principals a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// `appId eq '…'`
    AppId(String),
    /// `displayName eq '…'`
    DisplayName(String),
    /// `startswith(displayName,'…')`
    DisplayNameStart(String),
    /// `servicePrincipalNames/any(x:x eq '…')`
    ServicePrincipalName(String),
    /// `alternativeNames/any(p:p eq '…')`
    AlternativeName(String),
    /// `servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(p:p eq '…')`
    ManagedIdentity(String),
    /// `servicePrincipalType eq 'ManagedIdentity'`
    ManagedIdentities,
}

/// Reads a filter from its beginning to its end.
struct Scanner<'a> {
    rest: &'a str,
}

impl Filter {
    /// Reads a filter, decoded from the URL.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut scanner = Scanner { rest: text };
        match scanner.filter() {
            Some(Self::AppId(app_id)) if !is_guid(&app_id) => Err(error::invalid_app_id()),
            Some(filter) if scanner.rest.is_empty() => Ok(filter),
            _ => Err(error::invalid_filter(text, text.len() - scanner.rest.len())),
        }
    }

    /// The property that is indexed for advanced queries only, if the filter has such a property
    /// (Microsoft Learn, "Advanced query capabilities on Microsoft Entra ID objects"). Whether
    /// `servicePrincipalType` is one is not said there; a client that treats it so is right either way.
    pub(super) fn advanced_property(&self) -> Option<&'static str> {
        match self {
            Self::AlternativeName(_) | Self::ManagedIdentity(_) => Some("alternativeNames"),
            Self::ManagedIdentities => Some("servicePrincipalType"),
            _ => None,
        }
    }

    /// The service principals among which those asked for are: found at once where there is an index,
    /// since a load run asks thousands of times.
    pub(super) fn candidates<'a>(
        &self,
        directory: &'a Directory,
    ) -> Box<dyn Iterator<Item = &'a ServicePrincipal> + 'a> {
        match self {
            Self::AppId(app_id) => {
                Box::new(directory.service_principal_by_app_id(app_id).into_iter())
            }
            Self::AlternativeName(name) | Self::ManagedIdentity(name) => {
                Box::new(directory.service_principals_by_alternative_name(name))
            }
            _ => Box::new(directory.service_principals()),
        }
    }

    /// Whether a service principal is one of those asked for. `case_sensitive` is about
    /// `alternativeNames` only.
    pub(super) fn matches(&self, candidate: &ServicePrincipal, case_sensitive: bool) -> bool {
        match self {
            Self::AppId(app_id) => candidate.app_id.eq_ignore_ascii_case(app_id),
            Self::DisplayName(name) => is_same(&candidate.display_name, name),
            Self::DisplayNameStart(start) => {
                candidate.display_name.to_lowercase().starts_with(&start.to_lowercase())
            }
            Self::ServicePrincipalName(name) => {
                candidate.service_principal_names.iter().any(|one| is_same(one, name))
            }
            Self::AlternativeName(name) => has_alternative_name(candidate, name, case_sensitive),
            Self::ManagedIdentity(name) => {
                candidate.service_principal_type.is_managed_identity()
                    && has_alternative_name(candidate, name, case_sensitive)
            }
            Self::ManagedIdentities => candidate.service_principal_type.is_managed_identity(),
        }
    }
}

fn has_alternative_name(candidate: &ServicePrincipal, name: &str, case_sensitive: bool) -> bool {
    let mut names = candidate.alternative_names.iter();
    names.any(|one| one == name || !case_sensitive && is_same(one, name))
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl<'a> Scanner<'a> {
    fn filter(&mut self) -> Option<Filter> {
        match self.identifier()? {
            "appId" => self.equal_to().map(Filter::AppId),
            "displayName" => self.equal_to().map(Filter::DisplayName),
            "startswith" => self.start_of_display_name().map(Filter::DisplayNameStart),
            "servicePrincipalNames" => self.any_equal_to().map(Filter::ServicePrincipalName),
            "alternativeNames" => self.any_equal_to().map(Filter::AlternativeName),
            "servicePrincipalType" => self.managed_identities(),
            _ => None,
        }
    }

    /// Behind the property: ` eq '…'`.
    fn equal_to(&mut self) -> Option<String> {
        self.operator("eq")?;
        self.literal()
    }

    /// Behind the collection: `/any(x:x eq '…')`, with any name for `x`.
    fn any_equal_to(&mut self) -> Option<String> {
        self.symbol("/any(")?;
        let variable = self.identifier()?;
        self.symbol(":")?;
        self.symbol(variable)?;
        let literal = self.equal_to()?;
        self.symbol(")")?;
        Some(literal)
    }

    /// Behind the function: `(displayName,'…')`.
    fn start_of_display_name(&mut self) -> Option<String> {
        self.symbol("(")?;
        self.symbol("displayName")?;
        self.symbol(",")?;
        self.rest = self.rest.trim_start_matches(' ');
        let literal = self.literal()?;
        self.symbol(")")?;
        Some(literal)
    }

    /// Behind `servicePrincipalType`: the rest of [`Filter::ManagedIdentities`], or of
    /// [`Filter::ManagedIdentity`].
    fn managed_identities(&mut self) -> Option<Filter> {
        if self.equal_to()? != MANAGED_IDENTITY {
            return None;
        }
        if self.rest.is_empty() {
            return Some(Filter::ManagedIdentities);
        }
        self.operator("and")?;
        self.symbol("alternativeNames")?;
        self.any_equal_to().map(Filter::ManagedIdentity)
    }

    /// A text in quotes; a quote within it is doubled.
    fn literal(&mut self) -> Option<String> {
        let mut literal = String::new();
        let mut rest = self.rest.strip_prefix(QUOTE)?;
        loop {
            let (part, behind) = rest.split_once(QUOTE)?;
            literal.push_str(part);
            let Some(more) = behind.strip_prefix(QUOTE) else {
                self.rest = behind;
                return Some(literal);
            };
            literal.push(QUOTE);
            rest = more;
        }
    }

    fn identifier(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '_');
        let (identifier, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        identifier.starts_with(|one: char| one.is_ascii_alphabetic()).then_some(identifier)
    }

    /// A word with spaces around it.
    fn operator(&mut self, word: &str) -> Option<()> {
        let at_word = self.rest.strip_prefix(' ')?.trim_start_matches(' ');
        let behind = at_word.strip_prefix(word)?.strip_prefix(' ')?;
        self.rest = behind.trim_start_matches(' ');
        Some(())
    }

    /// Exactly this text.
    fn symbol(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_one_of_the_known_clauses_from_beginning_to_end_is_invalid() {
        for text in [
            "",
            "displayName",
            "displayName eq",
            "displayName eq id-orders",
            "displayName eq 'id-orders",
            "displayName eq 'O'Brien'",
            "displayName eq 'a' ",
            "displayName eq 'a' or displayName ne 'a'",
            "displayName eq 'a' and servicePrincipalType eq 'ManagedIdentity'",
            "displayName ne 'a'",
            "displayNameeq'a'",
            "displayname eq 'a'",
            "(displayName eq 'a')",
            "not displayName eq 'a'",
            "startswith(appId,'a')",
            "startswith(displayName,'a'",
            "endswith(displayName,'a')",
            "servicePrincipalNames eq 'a'",
            "servicePrincipalNames/all(x:x eq 'a')",
            "servicePrincipalNames/any(x:y eq 'a')",
            "servicePrincipalNames/any(x:xx eq 'a')",
            "servicePrincipalNames/any(1:1 eq 'a')",
            "servicePrincipalNames/any(x:startswith(x,'a'))",
            "servicePrincipalType eq 'Application'",
            "servicePrincipalType eq 'ManagedIdentity' and",
            "servicePrincipalType eq 'Application' and alternativeNames/any(p:p eq 'a')",
            "servicePrincipalType eq 'ManagedIdentity' or alternativeNames/any(p:p eq 'a')",
            "accountEnabled eq true",
        ] {
            let failure = Filter::parse(text).unwrap_err();
            assert!(failure.message.starts_with("Invalid filter clause: "), "{text}: {failure:?}");
        }
    }

    #[test]
    fn the_error_says_how_far_the_filter_was_understood() {
        let failure = Filter::parse("displayName eq 'O'Brien'").unwrap_err();
        let expected = "Syntax error at position 18 in 'displayName eq 'O'Brien''.";
        assert_eq!(failure.message, format!("Invalid filter clause: {expected}"));
    }

    #[test]
    fn an_application_id_that_is_no_guid_is_invalid() {
        let failure = Filter::parse("appId eq 'id-orders'").unwrap_err();
        assert_eq!(failure, error::invalid_app_id());
    }

    #[test]
    fn a_doubled_quote_is_one_quote_wherever_it_stands() {
        for (literal, meaning) in
            [("''", ""), ("''''", "'"), ("'''a'", "'a"), ("'a'''", "a'"), ("'a''''b'", "a''b")]
        {
            let parsed = Filter::parse(&format!("displayName eq {literal}")).unwrap();
            assert_eq!(parsed, Filter::DisplayName(meaning.to_owned()));
        }
    }

    #[test]
    fn a_space_may_stand_behind_the_comma_of_a_function() {
        for text in ["startswith(displayName,'Orders')", "startswith(displayName, 'Orders')"] {
            let expected = Filter::DisplayNameStart("Orders".to_owned());
            assert_eq!(Filter::parse(text).unwrap(), expected);
        }
    }

    #[test]
    fn a_lambda_variable_has_any_name() {
        for variable in ["x", "p", "name", "eq", "n_1"] {
            let text =
                format!("servicePrincipalNames/any({variable}:{variable} eq 'api://orders')");
            let expected = Filter::ServicePrincipalName("api://orders".to_owned());
            assert_eq!(Filter::parse(&text).unwrap(), expected);
        }
    }
}
