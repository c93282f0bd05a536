//! The two sides from which assignments are seen.

use super::page::Page;
use crate::{
    directory::{AppRoleAssignment, Directory},
    service_principal::ServicePrincipal,
};

/// A navigation property of a service principal (Microsoft Learn, "servicePrincipal resource type",
/// relationships).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// `appRoleAssignments`: what the service principal holds.
    Held,
    /// `appRoleAssignedTo`: who holds a role of the service principal.
    Granted,
}

impl Relation {
    pub(crate) const ALL: [Self; 2] = [Self::Held, Self::Granted];

    /// The name in URLs and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Held => "appRoleAssignments",
            Self::Granted => "appRoleAssignedTo",
        }
    }

    /// Whether an assignment is one of the service principal's.
    pub(crate) fn has(self, service_principal_id: &str, assignment: &AppRoleAssignment) -> bool {
        match self {
            Self::Held => assignment.principal_id == service_principal_id,
            Self::Granted => assignment.resource_id == service_principal_id,
        }
    }

    /// The assignments on a page of a list without a filter, and the length of the list. `None` if the page is
    /// found only in the whole list.
    pub(crate) fn page<'a>(
        self,
        directory: &'a Directory,
        of: &ServicePrincipal,
        page: &Page,
    ) -> Option<(Vec<&'a AppRoleAssignment>, usize)> {
        match self {
            Self::Held => None,
            Self::Granted => directory.page_of_assignments_to(&of.id, page.range()),
        }
    }

    /// The assignments of the service principal that a list shows.
    pub(crate) fn listed<'a>(
        self,
        directory: &'a Directory,
        of: &ServicePrincipal,
    ) -> Vec<&'a AppRoleAssignment> {
        match self {
            Self::Held => directory.listed_assignments_of(&of.id),
            Self::Granted => directory.listed_assignments_to(&of.id),
        }
    }
}
