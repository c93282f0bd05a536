//! Patterns for places in Azure Resource Manager.

use std::fmt;

use super::{glob::glob, name_folding::may_match};
use crate::arm::ArmScope;

/// Index of the segment with the resource group's name.
const RESOURCE_GROUP_NAME: usize = 3;

/// Index of the segment with the word before the resource group's name. In the id of a resource outside
/// resource groups, it is the word `providers`.
const RESOURCE_GROUP_WORD: usize = 2;

/// The word before the name of a resource group, in lower case.
const RESOURCE_GROUPS: &str = "resourcegroups";

/// Index of the segment with the first resource's name in a resource group, and in a subscription. From
/// there on, every second segment is one.
const FIRST_NAME_IN_GROUP: usize = 7;
const FIRST_NAME_IN_SUBSCRIPTION: usize = 5;

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
            return Err(
                "an ARM scope in a rule must not be percent-encoded; write each character itself, \
                        for example a space instead of %20"
                    .to_owned(),
            );
        }
        // Only the shape is checked here, so any letter can replace `*`.
        let scope = ArmScope::parse(&text.replace('*', "x")).map_err(|error| error.to_string())?;
        let path = text.trim_end_matches('/').to_ascii_lowercase();
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        if scope.is_in_management_group() && text.contains('*') {
            return Err(
                "a resource in a management group must be named in full, without `*`".to_owned()
            );
        }
        let is_in_group =
            segments.get(RESOURCE_GROUP_WORD).is_some_and(|word| word == RESOURCE_GROUPS);
        let misplaced = |(index, segment): (usize, &String)| {
            segment.contains('*') && !may_have_wildcard(is_in_group, index)
        };
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

    /// Whether a resource may be this place or lie below it. Names count as equal if it is uncertain how
    /// Azure compares them.
    pub(super) fn may_cover(&self, resource: &ArmScope) -> bool {
        if self.covers(resource) {
            return true;
        }
        // For ASCII, the answer above is certain.
        let is_certain =
            resource.key().is_ascii() && self.segments.iter().all(|one| one.is_ascii());
        let mut names = resource.segments();
        let may_match =
            |pattern: &String| names.next().is_some_and(|name| may_match(pattern, name));
        !is_certain && self.segments.iter().all(may_match)
    }

    /// The segments, in lower case. Names of resource groups and resources may contain `*`.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(String::as_str)
    }

    /// Whether this pattern covers all that another pattern covers.
    pub(super) fn contains(&self, other: &Self) -> bool {
        // Only a `*` of this pattern can match a `*` of the other one, and then it matches everything that
        // the other stands for.
        let mut segments = other.segments.iter();
        self.segments.iter().all(|pattern| segments.next().is_some_and(|one| glob(pattern, one)))
    }

    /// The pattern as it was given, for readers. With `*`, it is in lower case.
    pub(super) fn written(&self) -> String {
        self.place.as_ref().map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// The place itself. If a segment contains `*`, the resource group or subscription around it.
    pub(super) fn place(&self) -> String {
        let known = match self.segments.iter().position(|segment| segment.contains('*')) {
            None => self.segments.len(),
            Some(RESOURCE_GROUP_NAME) => RESOURCE_GROUP_NAME - 1,
            Some(_) if self.is_in_group() => RESOURCE_GROUP_NAME + 1,
            Some(_) => RESOURCE_GROUP_WORD,
        };
        self.segments.iter().take(known).fold(String::new(), |place, part| place + "/" + part)
    }

    fn is_in_group(&self) -> bool {
        self.segments.get(RESOURCE_GROUP_WORD).is_some_and(|word| word == RESOURCE_GROUPS)
    }

    /// Whether a resource group that does not exist yet could be covered.
    pub(super) fn admits_new_resource_groups(&self) -> bool {
        self.segments.get(RESOURCE_GROUP_NAME).is_none_or(|name| name.contains('*'))
    }
}

impl fmt::Display for ScopePattern {
    /// The pattern in lower case, equal for all spellings.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(formatter, "/{segment}"))
    }
}

/// Whether a segment is the name of a resource group or of a resource.
fn may_have_wildcard(is_in_group: bool, index: usize) -> bool {
    let first = if is_in_group { FIRST_NAME_IN_GROUP } else { FIRST_NAME_IN_SUBSCRIPTION };
    (is_in_group && index == RESOURCE_GROUP_NAME)
        || (index >= first && (index - first).is_multiple_of(2))
}
