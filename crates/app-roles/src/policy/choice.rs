//! Which rule decides, of those that may be asked: the same for requests and for the baseline.

use super::{
    OwnIdentity, Permit,
    rule::{Grant, Naming},
};
use crate::{
    directory::{Api, AppRole, Principal},
    privileged::{self, Why},
    request::Action,
};

/// What a rule would have to grant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) principal: &'a Principal,
    pub(super) api: &'a Api,
    pub(super) role: &'a AppRole,
    pub(super) own: OwnIdentity,
}

/// How far the rules came: which question none of them answered with yes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal<'a> {
    Api,
    Principal,
    Role,
    /// One names it, and is not marked for it.
    Privileged {
        why: Why,
        rule: &'a str,
    },
}

impl Subject<'_> {
    pub(super) fn permit(&self, action: Action, rule: &str) -> Permit {
        Permit {
            action,
            principal: self.principal.object_id,
            client_id: self.principal.by_client_id.then_some(self.principal.client_id),
            api: self.api.object_id,
            role: self.role.id,
            rule: rule.to_owned(),
        }
    }

    fn naming(&self, grant: &Grant) -> Naming {
        grant.names(self.role, self.api, self.own.tenant_id)
    }
}

/// The name of the first rule that grants it.
pub(super) fn choose<'a>(
    mut candidates: Vec<(&'a str, &'a Grant)>,
    subject: &Subject<'_>,
) -> Result<&'a str, Refusal<'a>> {
    let Subject { principal, api, role, .. } = *subject;
    candidates.retain(|(_, grant)| grant.api.is(api));
    if candidates.is_empty() {
        return Err(Refusal::Api);
    }
    candidates.retain(|(_, grant)| grant.covers(principal));
    if candidates.is_empty() {
        return Err(Refusal::Principal);
    }
    candidates.retain(|(_, grant)| subject.naming(grant) != Naming::No);
    let Some((first, _)) = candidates.first() else { return Err(Refusal::Role) };
    match privileged::why(api.app_id, api.owner, role.id, role.value.as_deref()) {
        None => Ok(first),
        Some(why) => candidates
            .iter()
            .find(|(_, grant)| grant.privileged && subject.naming(grant) == Naming::Exactly)
            .map(|(rule, _)| *rule)
            .ok_or(Refusal::Privileged { why, rule: first }),
    }
}
