//! What is newly protected or no longer protected, and the rules that this affects.

use super::{
    super::{pattern::PrincipalPattern, protected::Protected, rule::Grant, rules::Rules},
    containment::may_share_places,
    known_apis::{ApiKey, KnownApis},
};
use crate::ids::{AppId, ObjectId};

/// An entry of `protected` that one policy has and the other lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionChange {
    /// Whether it is protected now. Otherwise it was protected before.
    pub is_added: bool,
    /// The id or the place.
    pub entry: String,
    /// Whether the entry is a place.
    pub is_place: bool,
    /// The rules of the new policy that would apply there, by their names.
    pub rules: Vec<String>,
}

/// What the lists of two policies protect differently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProtectionDifference {
    /// The entries, those that were added first.
    pub entries: Vec<ProtectionChange>,
    /// Whether managed identities whose place is unknown are protected now, because the list contains a
    /// place. `None` if nothing has changed about it.
    pub unknown_places: Option<bool>,
    /// Whether principals whose appId is unknown are protected now, because the list contains an id. `None`
    /// if nothing has changed about it.
    pub unknown_client_ids: Option<bool>,
}

/// Compares what two policies protect.
pub(super) fn compare(old: &Rules, new: &Rules, known: &KnownApis) -> ProtectionDifference {
    let change = |entry: &Protected, is_added| ProtectionChange {
        is_added,
        entry: text(entry),
        is_place: matches!(entry, Protected::Scope(_)),
        rules: concerned(entry, new, known),
    };
    let lacks =
        |list: &[Protected], entry: &Protected| !list.iter().any(|known| protects(known, entry));
    let added = new.protected.iter().filter(|entry| lacks(&old.protected, entry));
    let removed = old.protected.iter().filter(|entry| lacks(&new.protected, entry));
    let mut entries: Vec<ProtectionChange> = Vec::new();
    let changes = added.map(|entry| change(entry, true));
    for change in changes.chain(removed.map(|entry| change(entry, false))) {
        if !entries.contains(&change) {
            entries.push(change);
        }
    }
    ProtectionDifference {
        entries,
        unknown_places: changed(old, new, |entry| matches!(entry, Protected::Scope(_))),
        unknown_client_ids: changed(old, new, |entry| matches!(entry, Protected::Guid(_))),
    }
}

/// Whether the new list has an entry of a kind, if only one of the lists has one.
fn changed(old: &Rules, new: &Rules, is_kind: fn(&Protected) -> bool) -> Option<bool> {
    let [before, now] = [old, new].map(|rules| rules.protected.iter().any(is_kind));
    (before != now).then_some(now)
}

/// Whether everything that `inner` protects is protected by `outer`.
fn protects(outer: &Protected, inner: &Protected) -> bool {
    match (outer, inner) {
        (Protected::Scope(outer), Protected::Scope(inner)) => {
            // Outside ASCII, a place also protects names that may be the same, which a wider place may not.
            let is_plain = outer.segments().chain(inner.segments()).all(str::is_ascii);
            outer == inner || (is_plain && outer.contains(inner))
        }
        _ => outer == inner,
    }
}

fn text(entry: &Protected) -> String {
    match entry {
        Protected::Guid(id) => id.to_string(),
        Protected::Scope(scope) => scope.written(),
    }
}

/// The rules that would apply to a protected principal, place or API.
fn concerned(entry: &Protected, rules: &Rules, known: &KnownApis) -> Vec<String> {
    let concerned = rules.all_grants().filter(|grant| is_concerned(entry, grant, known));
    concerned.map(|grant| grant.rule.clone()).collect()
}

fn is_concerned(entry: &Protected, grant: &Grant, known: &KnownApis) -> bool {
    let is_api = match (entry, known.key(&grant.api)) {
        (Protected::Guid(id), ApiKey::AppId(app_id)) => AppId::from(*id) == app_id,
        _ => false,
    };
    is_api
        || grant.principals.iter().any(|pattern| match (entry, pattern) {
            (Protected::Guid(id), PrincipalPattern::Object(object)) => {
                ObjectId::from(*id) == *object
            }
            (Protected::Scope(one), PrincipalPattern::Scope(other)) => may_share_places(one, other),
            _ => false,
        })
}
