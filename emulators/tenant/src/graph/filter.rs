//! The `$filter` of a list of service principals: the clauses that the broker and the operator's tool use.
//!
//! Microsoft Graph knows many more. The parser is stricter on purpose, because an unexpected clause is
//! probably a name that was not escaped.

use super::target::is_guid;
use crate::{
    directory::Directory, failure::Failure, graph_error as error,
    service_principal::ServicePrincipal,
};

const QUOTE: char = '\'';

/// The only supported value of `servicePrincipalType`.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
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

/// A scanner over the text of a filter.
struct Scanner<'a> {
    rest: &'a str,
}

impl Filter {
    /// Parses a filter, decoded from the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut scanner = Scanner { rest: text };
        match scanner.filter() {
            Some(Self::AppId(app_id)) if !is_guid(&app_id) => Err(error::invalid_app_id()),
            Some(filter) if scanner.rest.is_empty() => Ok(filter),
            _ => Err(error::invalid_filter(text, text.len() - scanner.rest.len())),
        }
    }

    /// The property that needs an advanced query, if there is one (Microsoft Learn, "Advanced query
    /// capabilities on Microsoft Entra ID objects"). The page does not say whether
    /// `servicePrincipalType` is one.
    pub(crate) fn advanced_property(&self) -> Option<&'static str> {
        match self {
            Self::AlternativeName(_) | Self::ManagedIdentity(_) => Some("alternativeNames"),
            Self::ManagedIdentities => Some("servicePrincipalType"),
            _ => None,
        }
    }

    /// The service principals that may match, by an index where there is one, for load runs.
    pub(crate) fn candidates<'a>(
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

    /// Whether a service principal matches. `case_sensitive` applies to `alternativeNames` only.
    pub(crate) fn matches(&self, candidate: &ServicePrincipal, case_sensitive: bool) -> bool {
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

    /// After the property: ` eq '…'`.
    fn equal_to(&mut self) -> Option<String> {
        self.operator("eq")?;
        self.literal()
    }

    /// After the collection: `/any(x:x eq '…')`, with any name for `x`.
    fn any_equal_to(&mut self) -> Option<String> {
        self.symbol("/any(")?;
        let variable = self.identifier()?;
        self.symbol(":")?;
        self.symbol(variable)?;
        let literal = self.equal_to()?;
        self.symbol(")")?;
        Some(literal)
    }

    /// After the function: `(displayName,'…')`.
    fn start_of_display_name(&mut self) -> Option<String> {
        self.symbol("(")?;
        self.symbol("displayName")?;
        self.symbol(",")?;
        self.rest = self.rest.trim_start_matches(' ');
        let literal = self.literal()?;
        self.symbol(")")?;
        Some(literal)
    }

    /// After `servicePrincipalType`: the rest of [`Filter::ManagedIdentities`], or of
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
    fn text_that_is_not_exactly_one_of_the_known_clauses_is_invalid() {
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
    fn the_error_names_the_position_of_the_fault() {
        let failure = Filter::parse("displayName eq 'O'Brien'").unwrap_err();
        let expected = "Syntax error at position 18 in 'displayName eq 'O'Brien''.";
        assert_eq!(failure.message, format!("Invalid filter clause: {expected}"));
    }

    #[test]
    fn an_application_id_that_is_not_a_guid_is_invalid() {
        let failure = Filter::parse("appId eq 'id-orders'").unwrap_err();
        assert_eq!(failure, error::invalid_app_id());
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

    #[test]
    fn a_space_may_follow_the_comma_of_a_function() {
        for text in ["startswith(displayName,'Orders')", "startswith(displayName, 'Orders')"] {
            let expected = Filter::DisplayNameStart("Orders".to_owned());
            assert_eq!(Filter::parse(text).unwrap(), expected);
        }
    }

    #[test]
    fn a_lambda_variable_may_have_any_name() {
        for variable in ["x", "p", "name", "eq", "n_1"] {
            let text =
                format!("servicePrincipalNames/any({variable}:{variable} eq 'api://orders')");
            let expected = Filter::ServicePrincipalName("api://orders".to_owned());
            assert_eq!(Filter::parse(&text).unwrap(), expected);
        }
    }
}
