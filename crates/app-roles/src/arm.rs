//! Ids and scopes of Azure Resource Manager (ARM).

use std::fmt;

use crate::{
    ids::{NotAGuid, ObjectId},
    text::is_printable,
};

/// Longest scope, in characters. ARM's ids are much shorter, and a longer one would make a long query.
const MAX_LENGTH: usize = 1024;

/// Segments of the id of a resource group: `subscriptions/{id}/resourceGroups/{name}`.
const RESOURCE_GROUP_SEGMENTS: usize = 4;

/// Index of the word `resourceGroups` in an id that is split at its slashes. The first part is empty.
const RESOURCE_GROUP_WORD: usize = 3;

/// The reason why a text is not an ARM scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// The text does not start with `/subscriptions/`.
    #[error("an ARM scope must start with /subscriptions/")]
    NotASubscription,
    /// The subscription is not a GUID.
    #[error("the subscription of an ARM scope must be a GUID")]
    SubscriptionIsNoGuid,
    /// A segment is empty: there are two slashes in a row.
    #[error("an ARM scope must not contain empty segments")]
    EmptySegment,
    /// The segments below the subscription are not in ARM's form.
    #[error(
        "after the subscription, an ARM scope must continue with /resourceGroups/<name> and then \
         /providers/<namespace>/<type>/<name>"
    )]
    Unpaired,
    /// The text is longer than any id of ARM.
    #[error("an ARM scope must not be longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A segment contains a wildcard or another character that no resource name may contain.
    #[error(
        "a segment of an ARM scope must not contain spaces, wildcards or unprintable characters, and \
         must not be . or .."
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
/// On the wire: a JSON string such as `/subscriptions/1111…/resourceGroups/rg-orders`. Case,
/// trailing slashes and percent-encoding (RFC 3986) do not distinguish places
/// ("Resource naming rules and restrictions").
#[derive(Debug, Clone)]
pub struct ArmScope {
    text: String,
    key: String,
}

impl ArmScope {
    /// Reads a scope and checks its form.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.chars().count() > MAX_LENGTH {
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

    /// Whether this is a resource, not a subscription or a resource group.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        self.segments().count() > RESOURCE_GROUP_SEGMENTS
    }

    /// Whether another place is this place or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let below = other.key.strip_prefix(&self.key);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// The resource group that contains this place. For a subscription, the subscription itself.
    #[must_use]
    pub fn resource_group(&self) -> Self {
        let text: Vec<_> = self.text.split('/').take(RESOURCE_GROUP_SEGMENTS + 1).collect();
        let text = text.join("/");
        Self { key: text.to_ascii_lowercase(), text }
    }

    /// The text with the word for resource groups spelled as ARM does (`resourceGroups`) or as the
    /// directory does (`resourcegroups`).
    #[must_use]
    pub fn with_spelling(&self, resource_groups: &str) -> String {
        let mut segments: Vec<_> = self.text.split('/').collect();
        if let Some(segment) = segments.get_mut(RESOURCE_GROUP_WORD) {
            *segment = resource_groups;
        }
        segments.join("/")
    }

    /// The segments, in lower case.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.key.strip_prefix('/').unwrap_or_default().split('/')
    }

    /// The canonical text, equal for all spellings of the place.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The text as it was given, without percent-encoding and trailing slashes.
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

/// Decodes percent-encoding. Only printable ASCII characters that are also allowed unencoded may be
/// encoded: no slash, which would split a segment, no percent sign, which would decode twice, no
/// wildcard and no space.
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

/// Names may contain letters of any script. They must be printable and contain no wildcard.
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
    fn a_malformed_scope_is_refused_with_a_reason() {
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
    fn case_trailing_slashes_and_percent_encoding_do_not_matter() {
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
    fn a_place_contains_itself_and_everything_below_by_whole_segments() {
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
        fn percent_encoding_a_name_does_not_change_the_place(name in "[A-Za-z0-9][A-Za-z0-9._()-]{0,12}") {
            let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let plain = scope(&format!("/resourceGroups/{name}"));
            prop_assert_eq!(scope(&format!("/resourceGroups/{encoded}/")), plain);
        }

        #[test]
        fn a_resource_lies_in_one_resource_group_only(
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
