//! Ids and scopes of Azure Resource Manager (ARM).

use std::fmt;

use crate::{
    ids::{NotAGuid, ObjectId},
    text::is_printable,
};

/// Longest scope, in characters. ARM's ids are much shorter, and a longer one would make a long query.
const MAX_LENGTH: usize = 1024;

/// Segments of the id of a subscription: `subscriptions/{id}`.
const SUBSCRIPTION_SEGMENTS: usize = 2;

/// Segments of the id of a resource group, `subscriptions/{id}/resourceGroups/{name}`, and of a management
/// group, `providers/Microsoft.Management/managementGroups/{name}`.
const GROUP_SEGMENTS: usize = 4;

/// Index of the word `resourceGroups` in an id that is split at its slashes. The first part is empty.
const RESOURCE_GROUP_WORD: usize = 3;

/// The word before the name of a resource group, in lower case.
const RESOURCE_GROUPS: &str = "resourcegroups";

/// Characters that no name contains, encoded or not: wildcards, and what would end or leave a segment of a
/// URL ("Uniform Resource Identifier (URI): Generic Syntax", RFC 3986; "URL Standard" for the backslash).
const REFUSED: [char; 4] = ['*', '\\', '?', '#'];

/// The reason why a text is not an ARM scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// The text starts neither with `/subscriptions/` nor with the id of a management group.
    #[error("an ARM scope must start with /subscriptions/")]
    NotASubscription,
    /// The text is a management group, or a part of the id of a resource below one.
    #[error(
        "a management group is no ARM scope here, because its id does not say which subscriptions it \
         contains; name the subscriptions, or a resource of the group in full"
    )]
    ManagementGroup,
    /// The subscription is not a GUID.
    #[error("the subscription of an ARM scope must be a GUID")]
    SubscriptionIsNoGuid,
    /// A segment is empty: there are two slashes in a row.
    #[error("an ARM scope must not contain empty segments")]
    EmptySegment,
    /// The segments below the subscription are not in ARM's form.
    #[error(
        "after the subscription, an ARM scope must continue with /resourceGroups/<name> or with \
         /providers/<namespace>/<type>/<name>, or with both"
    )]
    Unpaired,
    /// The text is longer than any id of ARM.
    #[error("an ARM scope must not be longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A segment contains a wildcard or another character that no resource name may contain.
    #[error(
        "a segment of an ARM scope must not contain wildcards, unprintable characters or one of \\ ? # %, \
         must not begin or end with a space, and must not be . or .."
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
/// On the wire: a JSON string such as `/subscriptions/1111…/resourceGroups/rg-orders`. A resource may lie in
/// a resource group, in a subscription without one, or in a management group ("Understand scope").
///
/// Case, trailing slashes and percent-encoding (RFC 3986) do not distinguish places ("Resource naming
/// rules and restrictions"). The encoding is undone once, here.
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
        let segments: Vec<_> = scope.segments().collect();
        match segments.as_slice() {
            ["subscriptions", subscription, below @ ..] => {
                ObjectId::parse(subscription)?;
                check_names(below)?;
                check_below_subscription(below)?;
            }
            ["providers", "microsoft.management", "managementgroups", name, below @ ..] => {
                check_names(&[name])?;
                check_names(below)?;
                if !is_resource_path(below) {
                    return Err(InvalidScope::ManagementGroup);
                }
            }
            _ => return Err(InvalidScope::NotASubscription),
        }
        Ok(scope)
    }

    /// Whether this is a resource, not a subscription or a resource group.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        self.segments().count() > self.container_segments()
    }

    /// Whether this is a resource that lies in a management group, outside every subscription.
    #[must_use]
    pub fn is_in_management_group(&self) -> bool {
        self.segments().next() != Some("subscriptions")
    }

    /// The number of segments of the id of the group or subscription that directly contains this place.
    fn container_segments(&self) -> usize {
        let is_in_group = self.segments().nth(SUBSCRIPTION_SEGMENTS) == Some(RESOURCE_GROUPS);
        if is_in_group || self.is_in_management_group() {
            GROUP_SEGMENTS
        } else {
            SUBSCRIPTION_SEGMENTS
        }
    }

    /// Whether another place is this place or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let below = other.key.strip_prefix(&self.key);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// The resource group that contains this place. For a place outside resource groups, its subscription or
    /// management group.
    #[must_use]
    pub fn resource_group(&self) -> Self {
        let text: Vec<_> = self.text.split('/').take(self.container_segments() + 1).collect();
        let text = text.join("/");
        Self { key: text.to_ascii_lowercase(), text }
    }

    /// The text with the word for resource groups spelled as ARM does (`resourceGroups`) or as the
    /// directory does (`resourcegroups`).
    #[must_use]
    pub fn with_spelling(&self, resource_groups: &str) -> String {
        let mut segments: Vec<_> = self.text.split('/').collect();
        if let Some(segment) = segments.get_mut(RESOURCE_GROUP_WORD)
            && segment.eq_ignore_ascii_case(RESOURCE_GROUPS)
        {
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

/// Decodes percent-encoding once. An encoded slash would split a segment, and an encoded percent sign would
/// decode twice, so both are refused, as is text that is not UTF-8.
fn decoded(scope: &str) -> Result<String, InvalidScope> {
    let mut parts = scope.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).ok_or(InvalidScope::Character)?;
        let is_hexadecimal = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(code, 16).map_err(|_| InvalidScope::Character)?;
        if !is_hexadecimal || matches!(byte, b'/' | b'%') {
            return Err(InvalidScope::Character);
        }
        bytes.push(byte);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| InvalidScope::Character)
}

fn check_names(segments: &[&str]) -> Result<(), InvalidScope> {
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(InvalidScope::EmptySegment);
    }
    if segments.iter().all(|segment| is_name(segment)) {
        Ok(())
    } else {
        Err(InvalidScope::Character)
    }
}

fn check_below_subscription(segments: &[&str]) -> Result<(), InvalidScope> {
    match segments {
        [] | [RESOURCE_GROUPS, _] => Ok(()),
        [RESOURCE_GROUPS, _, below @ ..] if is_resource_path(below) => Ok(()),
        below if is_resource_path(below) => Ok(()),
        _ => Err(InvalidScope::Unpaired),
    }
}

/// Whether the segments are `providers/{namespace}` and at least one pair of a type and a name.
fn is_resource_path(segments: &[&str]) -> bool {
    match segments {
        ["providers", _namespace, pairs @ ..] => !pairs.is_empty() && pairs.len().is_multiple_of(2),
        _ => false,
    }
}

/// Names may contain letters of any script, and spaces between other characters. They must be printable and
/// contain no wildcard.
fn is_name(segment: &str) -> bool {
    let is_plain = |character: char| {
        let is_other_space = character.is_whitespace() && character != ' ';
        is_printable(character) && !is_other_space && !REFUSED.contains(&character)
    };
    segment.chars().all(is_plain)
        && !segment.starts_with(' ')
        && !segment.ends_with(' ')
        && segment != "."
        && segment != ".."
}

#[cfg(test)]
mod tests;
