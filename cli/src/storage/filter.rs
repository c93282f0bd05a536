//! Filters of table queries ("Querying tables and entities").

use azure_rest::tables::literal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that a URL's query has encoded: all but RFC 3986's unreserved ones. The service accepts
/// only %20 as a space, and a form encoder writes a plus.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Compares a text: `name` with an operator of OData, for instance `eq`, and a value.
#[must_use]
pub fn text(name: &str, operator: &str, value: &str) -> String {
    format!("{name} {operator} {}", literal::text(value))
}

/// Joins conditions that must all hold. Without a condition, the filter is empty.
#[must_use]
pub fn all(conditions: impl IntoIterator<Item = String>) -> String {
    conditions.into_iter().collect::<Vec<_>>().join(" and ")
}

/// Encodes a filter for a URL.
pub(super) fn percent_encoded(filter: &str) -> String {
    utf8_percent_encode(filter, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_value_does_not_end_it() {
        let filter = text("requester", "eq", "x' or 'a' eq 'a");
        assert_eq!(filter, "requester eq 'x'' or ''a'' eq ''a'");
        assert_eq!(percent_encoded("a' &+é"), "a%27%20%26%2B%C3%A9");
    }
}
