//! Patterns for places in Azure Resource Manager.

use crate::arm::ArmScope;

/// Index of the segment with the resource group's name.
const RESOURCE_GROUP_NAME: usize = 3;

/// Index of the segment with the first resource's name. From there on, every second segment is one.
const FIRST_RESOURCE_NAME: usize = 7;

/// A place in Azure Resource Manager. Names of resource groups and resources may contain `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopePattern {
    /// In lower case.
    segments: Vec<String>,
    /// The place itself, if no segment contains `*`.
    place: Option<ArmScope>,
}

impl ScopePattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains('%') {
            return Err("an ARM scope in a rule must not be percent-encoded".to_owned());
        }
        // Only the shape is checked here, so any letter can replace `*`.
        let scope = ArmScope::parse(&text.replace('*', "x")).map_err(|error| error.to_string())?;
        let path = text.trim_end_matches('/').to_ascii_lowercase();
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let misplaced =
            |(index, segment): (usize, &String)| segment.contains('*') && !may_have_wildcard(index);
        if segments.len() != scope.segments().count() || segments.iter().enumerate().any(misplaced)
        {
            return Err(
                "`*` is allowed only in the name of a resource group or a resource".to_owned()
            );
        }
        let has_wildcard = segments.iter().any(|segment| segment.contains('*'));
        Ok(Self { segments, place: (!has_wildcard).then_some(scope) })
    }

    /// Whether a resource is this place or lies below it. Segments are compared ignoring case.
    pub(super) fn covers(&self, resource: &ArmScope) -> bool {
        if let Some(place) = &self.place {
            return place.contains(resource);
        }
        let mut names = resource.segments();
        self.segments.iter().all(|pattern| names.next().is_some_and(|name| glob(pattern, name)))
    }

    /// The place, or, if a segment contains `*`, the resource group or subscription around it.
    pub(super) fn place(&self) -> String {
        let known = match self.segments.iter().position(|segment| segment.contains('*')) {
            None => self.segments.len(),
            Some(RESOURCE_GROUP_NAME) => RESOURCE_GROUP_NAME - 1,
            Some(_) => RESOURCE_GROUP_NAME + 1,
        };
        self.segments.iter().take(known).fold(String::new(), |place, part| place + "/" + part)
    }

    /// Whether a resource group that does not exist yet could be covered.
    pub(super) fn admits_new_resource_groups(&self) -> bool {
        self.segments.get(RESOURCE_GROUP_NAME).is_none_or(|name| name.contains('*'))
    }
}

fn may_have_wildcard(index: usize) -> bool {
    index == RESOURCE_GROUP_NAME
        || (index >= FIRST_RESOURCE_NAME && (index - FIRST_RESOURCE_NAME).is_multiple_of(2))
}

/// Whether a text matches a pattern in which `*` stands for any number of characters, also none.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wildcard_matches_any_number_of_characters() {
        for (pattern, text, matches) in [
            ("rg", "rg", true),
            ("rg", "rg-other", false),
            ("rg-*", "rg-", true),
            ("rg-*", "rg", false),
            ("rg-*-dev", "rg-orders-dev", true),
            ("rg-*-dev", "rg-dev", false),
            ("*", "", true),
            ("*a*", "bab", true),
            ("a*a", "a", false),
            ("*-dev", "x-dev-prod", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_its_parts_with_any_filling(parts in proptest::collection::vec("[a-c]{0,3}", 1..4), fill in "[a-c]{0,3}") {
            prop_assert!(glob(&parts.join("*"), &parts.join(&fill)));
        }

        #[test]
        fn a_pattern_without_wildcard_matches_only_itself(pattern in "[a-b]{0,4}", text in "[a-b]{0,4}") {
            prop_assert_eq!(glob(&pattern, &text), pattern == text);
        }
    }
}
