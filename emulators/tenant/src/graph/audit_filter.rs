//! The `$filter` of the audit log: comparisons with a time or a name, joined by `and`.
//!
//! Microsoft Graph documents no filter by the service principal that made a change ("directoryAudit
//! resource type", `initiatedBy`), so a client must select such entries itself.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::filter_form::FilterForm;
use crate::{audit_log::AuditEntry, failure::Failure, graph_error as error};

/// One comparison of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Comparison {
    /// `activityDateTime ge …`
    NotBefore(OffsetDateTime),
    /// `activityDateTime le …`
    NotAfter(OffsetDateTime),
    /// `activityDisplayName eq '…'`
    Activity(String),
}

/// A parsed filter. All comparisons must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditFilter(Vec<Comparison>);

impl AuditFilter {
    /// Parses a filter, decoded from the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let invalid = || error::invalid_filter(text);
        let form = FilterForm::of(text).ok_or_else(invalid)?;
        let mut literals = form.literals.into_iter();
        let comparisons = spaced_times(&form.text);
        let comparisons = comparisons
            .split(" and ")
            .map(|comparison| comparison_of(comparison, &mut literals).ok_or_else(invalid));
        comparisons.collect::<Result<_, _>>().map(Self)
    }

    /// Whether an entry matches. `activity` is its name.
    pub(crate) fn matches(&self, entry: &AuditEntry, activity: &str) -> bool {
        self.0.iter().all(|comparison| match comparison {
            Comparison::NotBefore(time) => entry.at >= *time,
            Comparison::NotAfter(time) => entry.at <= *time,
            Comparison::Activity(name) => name == activity,
        })
    }
}

/// Joins the parts of times, which the form takes apart at their colons.
fn spaced_times(form: &str) -> String {
    form.replace(" : ", ":")
}

fn comparison_of(text: &str, literals: &mut impl Iterator<Item = String>) -> Option<Comparison> {
    let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    match text.split(' ').collect::<Vec<_>>().as_slice() {
        ["activityDateTime", "ge", text] => time(text).map(Comparison::NotBefore),
        ["activityDateTime", "le", text] => time(text).map(Comparison::NotAfter),
        ["activityDisplayName", "eq", "''"] => literals.next().map(Comparison::Activity),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_not_one_of_the_known_ones_is_invalid() {
        for text in [
            "",
            "activityDateTime ge",
            "activityDateTime ge yesterday",
            "activityDateTime ge '2026-01-01T00:00:00Z'",
            "activityDateTime gt 2026-01-01T00:00:00Z",
            "activityDisplayName eq Add",
            "activityDisplayName eq 'a' or activityDisplayName eq 'b'",
            "activityDisplayName eq 'a' and",
            "initiatedBy/app/servicePrincipalId eq 'a'",
        ] {
            assert!(AuditFilter::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_names_are_joined_by_and() {
        let text = "activityDisplayName eq 'Add: it''s' and activityDateTime ge 2026-01-01T00:00:00Z \
                    and activityDateTime le 2026-01-02T00:00:00.5Z";
        let AuditFilter(comparisons) = AuditFilter::parse(text).unwrap();
        assert_eq!(comparisons.len(), 3);
        assert_eq!(comparisons[0], Comparison::Activity("Add: it's".to_owned()));
    }
}
