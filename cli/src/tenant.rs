//! The tenant that the operator names.

use std::fmt;

use app_roles::ids::Guid;

/// The longest domain name ("Domain names: implementation and specification", RFC 1035).
const LONGEST: usize = 253;

/// A tenant, by its ID or by one of its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tenant {
    Id(Guid),
    Domain(String),
}

impl Tenant {
    /// Reads what the operator typed. A domain becomes a part of the command line of `az`, so it consists
    /// of harmless characters only.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(id) = Guid::parse(text) {
            return Ok(Self::Id(id));
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && label.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-')
        };
        let is_domain =
            text.len() <= LONGEST && text.contains('.') && text.split('.').all(is_label);
        if is_domain {
            return Ok(Self::Domain(text.to_owned()));
        }
        Err("must be the ID or a domain of a tenant, for example contoso.onmicrosoft.com"
            .to_owned())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "{id}"),
            Self::Domain(domain) => formatter.write_str(domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tenant_is_an_id_or_a_domain() {
        let id = "c0a70500-0000-4000-8000-000000000001";
        assert_eq!(Tenant::parse(id), Ok(Tenant::Id(Guid::parse(id).unwrap())));
        for domain in ["contoso.com", "contoso.onmicrosoft.com", "a-b.c0", "CONTOSO.COM"] {
            assert_eq!(Tenant::parse(domain), Ok(Tenant::Domain(domain.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn a_tenant_is_harmless_in_a_shell(text in "[a-z.$;&|<>()`'\"\\\\ -]{0,12}") {
            if let Ok(tenant) = Tenant::parse(&text) {
                let shown = tenant.to_string();
                prop_assert!(!shown.starts_with('-'));
                prop_assert!(shown.bytes().all(|one| one.is_ascii_alphanumeric() || b".-".contains(&one)));
            }
        }
    }
}
