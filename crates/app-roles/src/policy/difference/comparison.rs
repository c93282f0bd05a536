//! The comparison of what two policies allow.

use std::collections::HashMap;

use super::{
    access::{Access, Accesses},
    terms::{AccessTerms, widest},
};

/// How an access differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not allowed, and now it is.
    Allowed,
    /// It was allowed, and now it is not.
    Withdrawn,
    /// It was allowed and still is, on other terms.
    OtherTerms,
}

/// One access that differs.
#[derive(Debug)]
pub(super) struct Differing<'a> {
    pub(super) kind: ChangeKind,
    pub(super) access: Access<'a>,
    /// The terms before. Empty if it was not allowed.
    pub(super) before: Vec<AccessTerms>,
    /// The terms now. Empty if it is not allowed.
    pub(super) now: Vec<AccessTerms>,
    /// Narrower accesses that the other policy allows: before the change if this is newly allowed, after it
    /// if this was withdrawn.
    pub(super) narrower: Vec<Access<'a>>,
}

/// All differences, except those that a wider difference of the same kind includes.
pub(super) fn compare<'a>(old: &Accesses<'a>, new: &Accesses<'a>) -> Vec<Differing<'a>> {
    let mut all = Vec::new();
    for access in &new.all {
        all.extend(differing(access, (old, new), ChangeKind::Allowed));
    }
    for access in &old.all {
        all.extend(differing(access, (old, new), ChangeKind::Withdrawn));
    }
    without_repeated(all)
}

/// How `access` differs from what the other policy allows. It belongs to the new policy for `Allowed`,
/// otherwise to the old one.
fn differing<'a>(
    access: &Access<'a>,
    (old, new): (&Accesses<'a>, &Accesses<'a>),
    kind: ChangeKind,
) -> Option<Differing<'a>> {
    let terms_in = |accesses: &Accesses<'a>| -> Vec<AccessTerms> {
        accesses.containing(access).map(|outer| outer.terms.clone()).collect()
    };
    let (before, now) = (terms_in(old), terms_in(new));
    let other = if kind == ChangeKind::Allowed { &before } else { &now };
    if other.iter().any(|terms| access.terms.is_within(terms)) {
        return None;
    }
    let is_new = other.is_empty();
    let kind = if is_new { kind } else { ChangeKind::OtherTerms };
    let narrower = match kind {
        ChangeKind::Allowed => old.within(access).cloned().collect(),
        ChangeKind::Withdrawn => new.within(access).cloned().collect(),
        ChangeKind::OtherTerms => Vec::new(),
    };
    let (before, now) = (widest(before), widest(now));
    Some(Differing { kind, access: access.clone(), before, now, narrower })
}

/// Drops differences that another one with the same use includes, and keeps the order.
fn without_repeated(all: Vec<Differing<'_>>) -> Vec<Differing<'_>> {
    let mut by_use: HashMap<String, Vec<(usize, Differing<'_>)>> = HashMap::new();
    for (index, next) in all.into_iter().enumerate() {
        let kept = by_use.entry(next.access.usage.key()).or_default();
        if !kept.iter().any(|(_, known)| known.includes(&next)) {
            kept.retain(|(_, known)| !next.includes(known));
            kept.push((index, next));
        }
    }
    let mut kept: Vec<_> = by_use.into_values().flatten().collect();
    kept.sort_unstable_by_key(|(index, _)| *index);
    kept.into_iter().map(|(_, one)| one).collect()
}

impl Differing<'_> {
    /// Whether this includes everything that another difference says.
    fn includes(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.access.contains(&other.access)
            && self.before == other.before
            && self.now == other.now
    }
}
