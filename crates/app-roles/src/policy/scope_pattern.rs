//! Patterns for places in Azure Resource Manager.

use super::{glob::glob, name_folding::may_match};
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
