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

/// The first rule that grants the assignment.
pub(super) fn find<'a>(
    mut candidates: Vec<&'a Grant>,
    assignment: &ProposedAssignment<'_>,
) -> Result<&'a Grant, Mismatch<'a>> {
    let ProposedAssignment { principal, api, role, own } = *assignment;
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
    match privileged::of_assignment(principal, api, role) {
        None => Ok(first),
        Some(why) => candidates
            .iter()
            .find(|grant| grant.privileged && role_match(grant) == RoleMatch::Exact)
            .copied()
            .ok_or(Mismatch::Privileged { why, rule: &first.rule }),
    }
}
