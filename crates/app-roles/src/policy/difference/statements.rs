//! Statements for readers that combine accesses that differ in the same way.

use std::collections::HashMap;

use super::{
    super::{pattern::PrincipalPattern, rule::RuleAction},
    access::{Access, Layer},
    comparison::{ChangeKind, Differing},
    known_apis::shown,
    terms::AccessTerms,
};

/// A statement about a difference. It holds for every combination of its requesters, actions, principals
/// and roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// How it differs.
    pub kind: ChangeKind,
    /// The rule that allows it now, or that allowed it before.
    pub rule: String,
    /// The requesters as the policy names them. Empty in the baseline.
    pub requesters: Vec<String>,
    /// The verbs of the actions. Empty in the baseline.
    pub actions: Vec<&'static str>,
    /// The principals.
    pub principals: Vec<NamedPrincipals>,
    /// The API: its alias, if it has one, or else as the rule names it.
    pub api: String,
    /// The roles as the rule writes them.
    pub roles: Vec<String>,
    /// Whether the roles are privileged.
    pub privileged: PrivilegedPart,
    /// The terms before. Empty if it was not allowed.
    pub before: Vec<AccessTerms>,
    /// The terms now. Empty if it is not allowed.
    pub now: Vec<AccessTerms>,
    /// The part of it that the other policy allows: before the change if it is allowed now, after it if it
    /// was withdrawn.
    pub narrower: Vec<NarrowerAccess>,
}

/// A part of a statement that does not differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NarrowerAccess {
    /// The principals.
    pub principals: NamedPrincipals,
    /// The role as the rule writes it.
    pub role: String,
}

/// The principals of one entry of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NamedPrincipals {
    /// The principal with this object id.
    Object(String),
    /// The managed identities in this place.
    Place(String),
}

/// Which part of the assignments of some roles a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrivilegedPart {
    /// Those that are not privileged, or all, because none is.
    None,
    /// All, including privileged ones.
    Included,
    /// All, and all are privileged.
    All,
    /// Only those that are privileged.
    Only,
}

/// The parts of a statement that can be put together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Block {
    requesters: Vec<String>,
    actions: Vec<&'static str>,
    principals: Vec<NamedPrincipals>,
    roles: Vec<String>,
    privileged: PrivilegedPart,
}

/// Moves the values of one part out of a block.
type TakePart = fn(&mut Block) -> Block;

/// Combines differences into statements, in their order.
pub(super) fn statements(all: &[Differing<'_>]) -> Vec<AccessChange> {
    let mut groups: Vec<Vec<&Differing<'_>>> = Vec::new();
    let mut indexes = HashMap::new();
    for one in all {
        let Differing { kind, access, before, now, .. } = one;
        let key = format!("{kind:?} {:?} {before:?} {now:?}", access.grant.rule);
        let index = *indexes.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups.iter().flat_map(|group| of_group(group)).collect()
}

/// The statements about differences of the same kind and terms, by one rule.
fn of_group(group: &[&Differing<'_>]) -> Vec<AccessChange> {
    let Some(first) = group.first() else { return Vec::new() };
    let blocks = merged(blocks(group), roles_of, |to, from| to.roles.extend(from.roles));
    let blocks = merged(blocks, principals_of, |to, from| to.principals.extend(from.principals));
    let blocks = merged(blocks, actions_of, |to, from| to.actions.extend(from.actions));
    let blocks = merged(blocks, requesters_of, |to, from| to.requesters.extend(from.requesters));
    let change = |block: Block| {
        let narrower = narrower(group, &block);
        let Block { requesters, actions, principals, roles, privileged } = block;
        AccessChange {
            kind: first.kind,
            rule: first.access.grant.rule.clone(),
            requesters,
            actions,
            principals,
            api: shown(&first.access.grant.api),
            roles,
            privileged,
            before: first.before.clone(),
            now: first.now.clone(),
            narrower,
        }
    };
    blocks.into_iter().map(change).collect()
}

fn requesters_of(block: &mut Block) -> Block {
    Block { requesters: std::mem::take(&mut block.requesters), ..block.clone() }
}

fn actions_of(block: &mut Block) -> Block {
    Block { actions: std::mem::take(&mut block.actions), ..block.clone() }
}

fn principals_of(block: &mut Block) -> Block {
    Block { principals: std::mem::take(&mut block.principals), ..block.clone() }
}

fn roles_of(block: &mut Block) -> Block {
    Block { roles: std::mem::take(&mut block.roles), ..block.clone() }
}

/// A block for each requester, action, principal and role.
fn blocks(group: &[&Differing<'_>]) -> Vec<Block> {
    let (mut blocks, mut indexes) = (Vec::<Block>::new(), HashMap::new());
    for Differing { access, .. } in group {
        let block = block(access);
        let key = Block { privileged: PrivilegedPart::None, ..block.clone() };
        let index = *indexes.entry(key).or_insert(blocks.len());
        match blocks.get_mut(index) {
            Some(known) if known.privileged != block.privileged => {
                known.privileged = PrivilegedPart::Included;
            }
            Some(_) => {}
            None => blocks.push(block),
        }
    }
    blocks
}

fn block(access: &Access<'_>) -> Block {
    let Access { usage, layer, always_privileged, .. } = access;
    Block {
        requesters: usage.requester.map(ToString::to_string).into_iter().collect(),
        actions: usage.action.map(RuleAction::verb).into_iter().collect(),
        principals: vec![named(access.principal)],
        roles: vec![access.role_name.to_owned()],
        privileged: match (layer, always_privileged) {
            (Layer::Ordinary, _) => PrivilegedPart::None,
            (Layer::Privileged, true) => PrivilegedPart::All,
            (Layer::Privileged, false) => PrivilegedPart::Only,
        },
    }
}

fn named(pattern: &PrincipalPattern) -> NamedPrincipals {
    match pattern {
        PrincipalPattern::Object(id) => NamedPrincipals::Object(id.to_string()),
        PrincipalPattern::Scope(scope) => NamedPrincipals::Place(scope.written()),
    }
}

/// Merges blocks that differ in one part only.
fn merged(blocks: Vec<Block>, take: TakePart, add: fn(&mut Block, Block)) -> Vec<Block> {
    let (mut merged, mut indexes) = (Vec::<Block>::new(), HashMap::new());
    for mut block in blocks {
        let full = take(&mut block);
        let index = *indexes.entry(block).or_insert(merged.len());
        match merged.get_mut(index) {
            Some(known) => add(known, full),
            None => merged.push(full),
        }
    }
    merged
}

/// What the other policy allows of a block, each once.
fn narrower(group: &[&Differing<'_>], of: &Block) -> Vec<NarrowerAccess> {
    let mut all = Vec::new();
    for Differing { access, narrower, .. } in group {
        let Block { requesters, actions, principals, roles, .. } = block(access);
        let is_part = requesters.iter().all(|one| of.requesters.contains(one))
            && actions.iter().all(|one| of.actions.contains(one))
            && principals.iter().all(|one| of.principals.contains(one))
            && roles.iter().all(|one| of.roles.contains(one));
        for inner in narrower.iter().filter(|_| is_part) {
            let role = inner.role_name.to_owned();
            let inner = NarrowerAccess { principals: named(inner.principal), role };
            if !all.contains(&inner) {
                all.push(inner);
            }
        }
    }
    all
}
