//! The search for the rule that grants an assignment.

use super::{
    question::ProposedAssignment,
    rule::{Grant, RoleMatch},
};
use crate::privileged::{self, PrivilegeReason};

/// The first part of the assignment that no candidate covers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mismatch<'a> {
    Api,
    Principal,
    Role,
    /// The role is privileged. `rule` names it, but not exactly or without `"privileged": true`.
    Privileged {
        why: PrivilegeReason,
        rule: &'a str,
    },
}

/// The rules that grant an assignment: at least one, in the order of the file.
#[derive(Debug)]
pub(super) struct Granting<'a> {
    first: &'a Grant,
    others: Vec<&'a Grant>,
}

impl<'a> Granting<'a> {
    pub(super) fn first(&self) -> &'a Grant {
        self.first
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Grant> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Those that need no approval. `None` if all need one.
    pub(super) fn without_approval(&self) -> Option<Self> {
        let mut granting = self.iter().filter(|grant| grant.approval.is_none());
        Some(Self { first: granting.next()?, others: granting.collect() })
    }
}

/// The first rule that grants the assignment.
pub(super) fn find<'a>(
    candidates: Vec<&'a Grant>,
    assignment: &ProposedAssignment<'_>,
) -> Result<&'a Grant, Mismatch<'a>> {
    all(candidates, assignment).map(|granting| granting.first)
}

/// The rules that grant the assignment.
pub(super) fn all<'a>(
    mut candidates: Vec<&'a Grant>,
    assignment: &ProposedAssignment<'_>,
) -> Result<Granting<'a>, Mismatch<'a>> {
    let ProposedAssignment { principal, api, role, own, .. } = *assignment;
    candidates.retain(|grant| grant.api.is(api));
    if candidates.is_empty() {
        return Err(Mismatch::Api);
    }
    candidates.retain(|grant| grant.covers(principal));
    if candidates.is_empty() {
        return Err(Mismatch::Principal);
    }
    let role_match = |grant: &Grant| grant.role_match(role, api, own.tenant_id);
    candidates.retain(|grant| role_match(grant) != RoleMatch::None);
    let Some(first) = candidates.first() else { return Err(Mismatch::Role) };
    let mut mismatch = Mismatch::Role;
    if let Some(why) = privileged::of_assignment(principal, api, role) {
        mismatch = Mismatch::Privileged { why, rule: &first.rule };
        candidates.retain(|grant| grant.privileged && role_match(grant) == RoleMatch::Exact);
    }
    let mut granting = candidates.into_iter();
    let first = granting.next().ok_or(mismatch)?;
    Ok(Granting { first, others: granting.collect() })
}
