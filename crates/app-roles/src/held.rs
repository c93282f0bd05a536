//! What a principal holds, as far as Microsoft Graph's list can be read.

use std::ops::Deref;

use crate::{
    directory::Assignment,
    ids::{AppRoleId, ObjectId},
};

/// What can be read of one assignment in the list of a principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldAssignment {
    /// Graph's id of the assignment.
    pub id: Option<String>,
    /// The API that defines the role.
    pub api: Option<ObjectId>,
    /// The role.
    pub role: Option<AppRoleId>,
    /// When the assignment was created, as Graph writes it.
    pub created: Option<String>,
}

/// What a principal holds. It dereferences to the assignments that can be read, and counts those that
/// cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldAssignments {
    readable: Vec<Assignment>,
    unreadable: Vec<HeldAssignment>,
}

/// Whether a principal holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding<'a> {
    /// The principal holds the role.
    Held(&'a Assignment),
    /// The principal does not hold the role.
    NotHeld,
    /// An assignment that cannot be read is or may be of this role.
    Unclear,
}

impl FromIterator<HeldAssignment> for HeldAssignments {
    fn from_iter<I: IntoIterator<Item = HeldAssignment>>(rows: I) -> Self {
        let mut held = Self::default();
        for row in rows {
            match row {
                HeldAssignment { id: Some(id), api: Some(api), role: Some(role), created } => {
                    held.readable.push(Assignment { id, api, role, created });
                }
                unreadable => held.unreadable.push(unreadable),
            }
        }
        held
    }
}

impl Deref for HeldAssignments {
    type Target = [Assignment];

    fn deref(&self) -> &[Assignment] {
        &self.readable
    }
}

impl HeldAssignments {
    /// Whether the principal holds a role.
    #[must_use]
    pub fn holding(&self, api: ObjectId, role: AppRoleId) -> Holding<'_> {
        let is_it = |one: &&Assignment| one.api == api && one.role == role;
        if let Some(assignment) = self.readable.iter().find(is_it) {
            return Holding::Held(assignment);
        }
        let may_be_it = |one: &HeldAssignment| {
            one.api.is_none_or(|known| known == api) && one.role.is_none_or(|known| known == role)
        };
        if self.unreadable.iter().any(may_be_it) { Holding::Unclear } else { Holding::NotHeld }
    }

    /// The number of assignments that cannot be read.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.unreadable.len()
    }

    /// The assignments that can be read.
    #[must_use]
    pub fn into_readable(self) -> Vec<Assignment> {
        self.readable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "c0a70500-0000-4000-8000-0000000000b0";
    const ROLE: &str = "c0a70500-0000-4000-8000-0000000000b2";
    const OTHER: &str = "c0a70500-0000-4000-8000-0000000000ff";

    fn row(id: Option<&str>, api: Option<&str>, role: Option<&str>) -> HeldAssignment {
        HeldAssignment {
            id: id.map(str::to_owned),
            api: api.and_then(|id| ObjectId::parse(id).ok()),
            role: role.and_then(|id| AppRoleId::parse(id).ok()),
            created: None,
        }
    }

    /// Whether the role is held, according to one row.
    fn holding(row: HeldAssignment) -> &'static str {
        let held: HeldAssignments = [row].into_iter().collect();
        let (api, role) = (ObjectId::parse(API).unwrap(), AppRoleId::parse(ROLE).unwrap());
        match held.holding(api, role) {
            Holding::Held(_) => "held",
            Holding::NotHeld => "not held",
            Holding::Unclear => "unclear",
        }
    }

    #[test]
    fn a_row_that_may_be_of_the_role_makes_it_unclear_whether_the_role_is_held() {
        let id = Some("id");
        for (row, expected) in [
            (row(id, Some(API), Some(ROLE)), "held"),
            (row(id, Some(API), Some(OTHER)), "not held"),
            (row(id, Some(OTHER), Some(ROLE)), "not held"),
            (row(None, Some(API), Some(ROLE)), "unclear"),
            (row(id, None, Some(ROLE)), "unclear"),
            (row(id, Some(API), None), "unclear"),
            (row(None, None, None), "unclear"),
            (row(id, None, Some(OTHER)), "not held"),
            (row(id, Some(OTHER), None), "not held"),
            (row(None, Some(OTHER), Some(ROLE)), "not held"),
        ] {
            assert_eq!(holding(row.clone()), expected, "{row:?}");
        }
    }

    #[test]
    fn a_readable_row_counts_before_an_unreadable_one() {
        let rows = [row(None, None, None), row(Some("id"), Some(API), Some(ROLE))];
        let held: HeldAssignments = rows.into_iter().collect();
        let (api, role) = (ObjectId::parse(API).unwrap(), AppRoleId::parse(ROLE).unwrap());
        assert!(matches!(held.holding(api, role), Holding::Held(one) if one.id == "id"));
        assert_eq!((held.len(), held.unreadable()), (1, 1));
    }
}
