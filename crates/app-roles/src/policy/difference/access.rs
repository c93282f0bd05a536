//! What a policy allows, in its smallest parts: one requester, one action, one entry of `principals`, one
//! API, and one entry of `roles`.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    super::{
        pattern::{PrincipalPattern, RolePattern},
        protected::Protected,
        rule::{Grant, RuleAction},
        rules::Rules,
    },
    containment::{contains_principals, contains_roles},
    known_apis::{ApiKey, ApiOwner, KnownApis},
    terms::AccessTerms,
};
use crate::{
    ids::{AppId, ObjectId},
    privileged,
    requester::Requester,
};

/// Which of the assignments that an entry names are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Those that are not privileged. Reading is always in this layer, because it grants nothing.
    Ordinary,
    /// Privileged ones, which need an exact name and the mark.
    Privileged,
}

/// Who may do what on which API. The baseline has neither a requester nor an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use<'a> {
    pub(super) requester: Option<&'a Requester>,
    pub(super) action: Option<RuleAction>,
    pub(super) api: ApiKey,
    pub(super) owner: ApiOwner,
}

/// The smallest part of what a rule allows.
#[derive(Debug, Clone)]
pub(super) struct Access<'a> {
    /// The rule.
    pub(super) grant: &'a Grant,
    pub(super) usage: Use<'a>,
    pub(super) principal: &'a PrincipalPattern,
    pub(super) role: RolePattern,
    /// The role as the file writes it.
    pub(super) role_name: &'a str,
    pub(super) layer: Layer,
    /// Whether all assignments that the entry names are privileged.
    pub(super) always_privileged: bool,
    pub(super) terms: AccessTerms,
}

impl Use<'_> {
    /// A key that only equal uses share.
    pub(super) fn key(&self) -> String {
        format!("{:?} {:?} {:?}", self.requester, self.action, self.api)
    }
}

impl Access<'_> {
    /// Whether this allows everything that `inner` allows. Terms are not compared.
    pub(super) fn contains(&self, inner: &Access<'_>) -> bool {
        self.layer == inner.layer
            && self.usage == inner.usage
            && contains_roles(&self.role, &inner.role)
            && contains_principals(self.principal, inner.principal)
    }

    /// Whether the entry is a prefix on an API of an unknown tenant. On an API of another tenant, it would
    /// match nothing.
    pub(super) fn assumes_own_tenant(&self) -> bool {
        matches!(self.role, RolePattern::Prefix(_)) && self.usage.owner == ApiOwner::Unknown
    }
}

/// Indexes of accesses by a text.
type Index = HashMap<String, Vec<usize>>;

/// All that a policy allows at a time, in the order of the file.
pub(super) struct Accesses<'a> {
    pub(super) all: Vec<Access<'a>>,
    /// Indices into `all`, by use and exact role. Accesses without an exact role share one key for each
    /// use.
    by_role: Index,
    /// Indices into `all`, by use.
    by_use: Index,
}

impl<'a> Accesses<'a> {
    /// The accesses of all rules, without those that are expired, protected or impossible to grant.
    pub(super) fn of(rules: &'a Rules, known: &KnownApis, now: OffsetDateTime) -> Self {
        let mut all = Vec::new();
        for rule in &rules.allow {
            for requester in &rule.requesters {
                for action in &rule.actions {
                    let by = (Some(requester), Some(*action));
                    all.extend(of_grant(&rule.grant, by, &rules.protected, known));
                }
            }
        }
        for grant in rules.baseline_grants() {
            all.extend(of_grant(grant, (None, None), &rules.protected, known));
        }
        all.retain(|access| access.grant.is_in_force(now));
        let (mut by_role, mut by_use) = (Index::new(), Index::new());
        for (index, access) in all.iter().enumerate() {
            by_role.entry(key(&access.usage, &access.role)).or_default().push(index);
            by_use.entry(access.usage.key()).or_default().push(index);
        }
        Self { all, by_role, by_use }
    }

    /// The accesses that allow everything that `inner` allows. Terms are not compared.
    pub(super) fn containing<'b>(
        &'b self,
        inner: &'b Access<'_>,
    ) -> impl Iterator<Item = &'b Access<'a>> {
        let any_role = RolePattern::Prefix(String::new());
        let exact = (!matches!(inner.role, RolePattern::Prefix(_))).then_some(&inner.role);
        let keys = exact.into_iter().chain([&any_role]).map(|role| key(&inner.usage, role));
        let mut indexes: Vec<usize> =
            keys.filter_map(|key| self.by_role.get(&key)).flatten().copied().collect();
        indexes.sort_unstable();
        let found = indexes.into_iter().filter_map(|index| self.all.get(index));
        found.filter(|outer| outer.contains(inner))
    }

    /// The accesses that `outer` contains. Terms are not compared.
    pub(super) fn within<'b>(
        &'b self,
        outer: &'b Access<'_>,
    ) -> impl Iterator<Item = &'b Access<'a>> {
        self.of_use(&outer.usage).filter(|inner| outer.contains(inner))
    }

    /// The accesses with a use.
    pub(super) fn of_use(&self, usage: &Use<'_>) -> impl Iterator<Item = &Access<'a>> {
        let indexes = self.by_use.get(&usage.key()).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().filter_map(|index| self.all.get(*index))
    }
}

/// The key of the accesses with one use and one exact role, or with any prefix.
fn key(usage: &Use<'_>, role: &RolePattern) -> String {
    let role = role.exact_name().unwrap_or_else(|| "*".to_owned());
    format!("{} {role}", usage.key())
}

fn of_grant<'a>(
    grant: &'a Grant,
    (requester, action): (Option<&'a Requester>, Option<RuleAction>),
    protected: &[Protected],
    known: &KnownApis,
) -> Vec<Access<'a>> {
    let api = known.key(&grant.api);
    let owner = known.owner(&api);
    if is_api_protected(protected, &api) {
        return Vec::new();
    }
    let usage = Use { requester, action, api, owner };
    let roles = grant.roles.iter().zip(&grant.written_roles);
    let roles: Vec<_> =
        roles.map(|(role, name)| (known.role(&usage.api, role), name.as_str())).collect();
    let principals = grant.principals.iter().filter(|one| !is_protected(protected, one));
    let mut all = Vec::new();
    for principal in principals {
        for (role, role_name) in &roles {
            let possible = Possible::of(&usage, principal, role);
            let layers = possible.layers(action, grant.privileged);
            all.extend(layers.into_iter().map(|layer| Access {
                grant,
                usage: usage.clone(),
                principal,
                role: role.clone(),
                role_name,
                layer,
                always_privileged: !possible.ordinary,
                terms: AccessTerms::of(grant, action),
            }));
        }
    }
    all
}

/// The kinds of assignments that an entry can name.
#[derive(Debug, Clone, Copy)]
struct Possible {
    /// Whether it can name any.
    any: bool,
    /// Whether it can name one that is not privileged.
    ordinary: bool,
    /// Whether it can name a privileged one exactly.
    privileged: bool,
}

impl Possible {
    fn of(usage: &Use<'_>, principal: &PrincipalPattern, role: &RolePattern) -> Self {
        let is_prefix = matches!(role, RolePattern::Prefix(_));
        let is_ours = matches!(usage.owner, ApiOwner::OwnTenant | ApiOwner::Unknown);
        let ordinary = match usage.owner {
            ApiOwner::Microsoft => may_be_harmless(&usage.api, role),
            ApiOwner::NotStated => false,
            ApiOwner::OwnTenant | ApiOwner::OtherTenant | ApiOwner::Unknown => true,
        };
        // On the APIs of other owners, only what a blueprint holds is privileged, and no scope covers one.
        let only_of_blueprints = matches!(usage.owner, ApiOwner::OwnTenant | ApiOwner::OtherTenant);
        let may_be_blueprint = matches!(principal, PrincipalPattern::Object(_));
        Self {
            any: !is_prefix || is_ours,
            ordinary,
            privileged: !is_prefix && (may_be_blueprint || !only_of_blueprints),
        }
    }

    fn layers(self, action: Option<RuleAction>, is_marked: bool) -> Vec<Layer> {
        if action == Some(RuleAction::Read) {
            return self.any.then_some(Layer::Ordinary).into_iter().collect();
        }
        let ordinary = (self.any && self.ordinary).then_some(Layer::Ordinary);
        let privileged = (self.any && self.privileged && is_marked).then_some(Layer::Privileged);
        ordinary.into_iter().chain(privileged).collect()
    }
}

/// Whether an entry may name a role of an API of Microsoft's that is known to be harmless.
fn may_be_harmless(api: &ApiKey, role: &RolePattern) -> bool {
    let ApiKey::AppId(app_id) = api else { return true };
    match role {
        RolePattern::Id(id) => privileged::of_id(*app_id, *id).is_none(),
        RolePattern::Value(value) => privileged::of_value(*app_id, value).is_none(),
        RolePattern::Prefix(_) => true,
    }
}

/// Whether all principals of an entry are protected.
fn is_protected(protected: &[Protected], principal: &PrincipalPattern) -> bool {
    protected.iter().any(|entry| match (entry, principal) {
        (Protected::Guid(id), PrincipalPattern::Object(object)) => ObjectId::from(*id) == *object,
        (Protected::Scope(outer), PrincipalPattern::Scope(inner)) => outer.contains(inner),
        _ => false,
    })
}

fn is_api_protected(protected: &[Protected], api: &ApiKey) -> bool {
    let ApiKey::AppId(app_id) = api else { return false };
    protected
        .iter()
        .any(|entry| matches!(entry, Protected::Guid(id) if AppId::from(*id) == *app_id))
}
