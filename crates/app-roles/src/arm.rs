//! Azure Resource Manager ids and the scopes that cover them.

use std::fmt;

use crate::{
    ids::{NotAGuid, ObjectId},
    text::is_printable,
};

/// Longest scope. Ids that ARM makes stay far below; a longer one would only make a long query.
const LONGEST: usize = 1024;

/// Segments of the id of a resource group: `subscriptions/{id}/resourceGroups/{name}`.
const RESOURCE_GROUP_SEGMENTS: usize = 4;

/// Where the word `resourceGroups` stands when an id is split at its slashes, the first of which
/// has nothing before it.
const RESOURCE_GROUP_WORD: usize = 3;

/// Why a text is not an ARM id or scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// The text does not start with `/subscriptions/`.
    #[error("an ARM scope starts with /subscriptions/")]
    NotASubscription,
    /// The subscription is not a GUID.
    #[error("the subscription of an ARM scope must be a GUID")]
    SubscriptionIsNoGuid,
    /// An empty segment: two slashes in a row, or one at the end.
    #[error("an ARM scope has no empty segments")]
    EmptySegment,
    /// The segments do not come in the pairs that ARM uses.
    #[error(
        "after the subscription, an ARM scope goes on with /resourceGroups/<name> and then \
         /providers/<namespace>/<type>/<name>"
    )]
    Unpaired,
    /// Longer than any id that ARM makes.
    #[error("an ARM scope has at most {LONGEST} characters")]
    TooLong,
    /// A wildcard or another character that no resource name may have.
    #[error(
        "a segment of an ARM scope has no spaces, wildcards or characters that cannot be shown, and \
         is not . or .."
    )]
    Character,
}

impl From<NotAGuid> for InvalidScope {
    fn from(_: NotAGuid) -> Self {
        Self::SubscriptionIsNoGuid
    }
}

/// A place in Azure Resource Manager: a subscription, a resource group or a resource.
///
/// On the wire: a JSON string such as `/subscriptions/1111…/resourceGroups/rg-orders`. Two spellings
/// that differ in case, in slashes at the end or in percent-encoding (RFC 3986) are the same place
/// ("Resource naming rules and restrictions").
#[derive(Debug, Clone)]
pub struct ArmScope {
    text: String,
    key: String,
}

impl ArmScope {
    /// Reads a scope and checks its shape.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.chars().count() > LONGEST {
            return Err(InvalidScope::TooLong);
        }
        if !text.starts_with('/') {
            return Err(InvalidScope::NotASubscription);
        }
        let text = decoded(text.trim_end_matches('/'))?;
        let scope = Self { key: text.to_ascii_lowercase(), text };
        match scope.segments().collect::<Vec<_>>().as_slice() {
            ["subscriptions", subscription, below @ ..] => {
                ObjectId::parse(subscription)?;
                check_below_subscription(below)?;
            }
            _ => return Err(InvalidScope::NotASubscription),
        }
        Ok(scope)
    }

    /// Whether it is a resource, and not a subscription or resource group.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        self.segments().count() > RESOURCE_GROUP_SEGMENTS
    }

    /// Whether another place is this one or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let below = other.key.strip_prefix(&self.key);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// The resource group that it lies in; a subscription is its own answer.
    #[must_use]
    pub fn resource_group(&self) -> Self {
        let text: Vec<_> = self.text.split('/').take(RESOURCE_GROUP_SEGMENTS + 1).collect();
        let text = text.join("/");
        Self { key: text.to_ascii_lowercase(), text }
    }

    /// The same place with the word for resource groups spelt as Azure Resource Manager does
    /// (`resourceGroups`) or as the directory does (`resourcegroups`).
    #[must_use]
    pub fn spelt(&self, resource_groups: &str) -> String {
        let mut segments: Vec<_> = self.text.split('/').collect();
        if let Some(segment) = segments.get_mut(RESOURCE_GROUP_WORD) {
            *segment = resource_groups;
        }
        segments.join("/")
    }

    /// Its segments, in lower case.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.key.strip_prefix('/').unwrap_or_default().split('/')
    }

    /// By which it is known: the same text for all spellings.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The text as it was given, without escapes and slashes at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for ArmScope {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ArmScope {}

impl fmt::Display for ArmScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A scope without its percent-encoding. What stands encoded must be a printable ASCII character
/// that could stand there plainly too: no slash that would make two segments of one, no percent sign
/// that would decode again, no wildcard, no space.
fn decoded(scope: &str) -> Result<String, InvalidScope> {
    let mut parts = scope.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).ok_or(InvalidScope::Character)?;
        let byte = u8::from_str_radix(code, 16).map_err(|_| InvalidScope::Character)?;
        if !byte.is_ascii_graphic() || b"/%*".contains(&byte) || code.starts_with('+') {
            return Err(InvalidScope::Character);
        }
        text.push(char::from(byte));
        text.push_str(rest);
    }
    Ok(text)
}

fn check_below_subscription(segments: &[&str]) -> Result<(), InvalidScope> {
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(InvalidScope::EmptySegment);
    }
    if !segments.iter().all(|segment| is_name(segment)) {
        return Err(InvalidScope::Character);
    }
    match segments {
        [] => Ok(()),
        ["resourcegroups", _name] => Ok(()),
        ["resourcegroups", _name, "providers", _namespace, resource @ ..]
            if !resource.is_empty() && resource.len() % 2 == 0 =>
        {
            Ok(())
        }
        _ => Err(InvalidScope::Unpaired),
    }
}

/// Names may have letters of any script. What matters here is that a segment is no wildcard and can be
/// shown.
fn is_name(segment: &str) -> bool {
    let is_plain = segment.bytes().all(|byte| byte.is_ascii_graphic());
    let mut characters = segment.chars();
    (is_plain || characters.all(|character| is_printable(character) && !character.is_whitespace()))
        && !segment.contains('*')
        && segment != "."
        && segment != ".."
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUBSCRIPTION: &str = "/subscriptions/11111111-1111-1111-1111-111111111111";

    fn scope(below: &str) -> ArmScope {
        ArmScope::parse(&format!("{SUBSCRIPTION}{below}")).unwrap()
    }

    #[test]
    fn a_scope_that_is_malformed_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", InvalidScope::NotASubscription),
            ("/", InvalidScope::NotASubscription),
            ("subscriptions/x", InvalidScope::NotASubscription),
            ("/providers/Microsoft.Web", InvalidScope::NotASubscription),
            ("/subscriptions/*", InvalidScope::SubscriptionIsNoGuid),
            ("/subscriptions/contoso", InvalidScope::SubscriptionIsNoGuid),
            (&format!("{SUBSCRIPTION}//resourceGroups/a"), InvalidScope::EmptySegment),
            (&format!("{SUBSCRIPTION}/resourceGroups/a%2Fb"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/a%252Fb"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/a%"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/a%é"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/%2A"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/.."), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/%2e%2E"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups"), InvalidScope::Unpaired),
            (&format!("{SUBSCRIPTION}/resourceGroups/a/providers/b"), InvalidScope::Unpaired),
            (&format!("{SUBSCRIPTION}/resourceGroups/a/providers/b/c"), InvalidScope::Unpaired),
            (&format!("{SUBSCRIPTION}/resourceGroups/rg-*"), InvalidScope::Character),
            (&format!("{SUBSCRIPTION}/resourceGroups/a b"), InvalidScope::Character),
        ] {
            assert_eq!(ArmScope::parse(text).unwrap_err(), reason, "{text:?}");
        }
    }

    #[test]
    fn case_slashes_at_the_end_and_percent_encoding_do_not_matter() {
        let group = scope("/resourceGroups/rg-orders");
        for spelling in [
            "/resourcegroups/RG-Orders",
            "/resourceGroups/rg-orders/",
            "/resourceGroups/rg%2Dorder%73//",
        ] {
            assert_eq!(scope(spelling), group, "{spelling}");
        }
        assert_eq!(scope("/resourceGroups/rg%2Dorders/").as_str(), group.as_str());
    }

    #[test]
    fn a_place_contains_itself_and_what_lies_below_by_whole_segments() {
        let group = scope("/resourceGroups/rg-orders");
        let below = scope("/resourcegroups/RG-Orders/providers/Microsoft.Web/sites/func");
        assert!(group.contains(&group) && group.contains(&below) && scope("").contains(&group));
        assert!(!below.contains(&group));
        assert!(!group.contains(&scope("/resourceGroups/rg-orders-2")));
        assert_eq!(below.resource_group(), group);
        assert_eq!(below.resource_group().as_str(), scope("/resourcegroups/RG-Orders").as_str());
        assert_eq!(scope("").resource_group(), scope(""));
    }

    proptest! {
        #[test]
        fn encoding_a_name_changes_nothing(name in "[A-Za-z0-9][A-Za-z0-9._()-]{0,12}") {
            let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let plain = scope(&format!("/resourceGroups/{name}"));
            prop_assert_eq!(scope(&format!("/resourceGroups/{encoded}/")), plain);
        }

        #[test]
        fn what_lies_in_a_group_is_in_no_other_however_alike_their_names(
            group in "[A-Ca-c-]{1,3}", other in "[A-Ca-c-]{1,3}",
        ) {
            let place = scope(&format!("/resourceGroups/{group}"));
            let below = scope(&format!("/resourceGroups/{other}/providers/Contoso.Web/sites/a"));
            prop_assert_eq!(place.contains(&below), group.eq_ignore_ascii_case(&other));
            prop_assert!(!below.contains(&place));
        }

        #[test]
        fn no_text_makes_parsing_panic(text: String) {
            let _ = ArmScope::parse(&text);
        }
    }
}
