//! How a rule names managed identities: by resource groups, by resources, or by object ids.

use std::collections::{BTreeMap, BTreeSet};

use super::holdings::Holdings;
use crate::{arm::ArmScope, directory::PrincipalKind, ids::ObjectId};

/// The fewest identities for which a rule names their resource group. A single identity does not show what
/// those created beside it will need.
const FEWEST_OF_A_GROUP: usize = 2;

/// Index of the word `resourceGroups` among the segments of an ARM id, in lower case.
const RESOURCE_GROUP_WORD: usize = 2;
const RESOURCE_GROUPS: &str = "resourcegroups";

/// The spelling of that word in Azure Resource Manager.
const SPELLING: &str = "resourceGroups";

/// The resources of all managed identities of a tenant.
#[derive(Debug, Default)]
pub(super) struct Places {
    of: BTreeMap<ObjectId, ArmScope>,
    /// The identities of each place, by its canonical text.
    by_key: BTreeMap<String, BTreeSet<ObjectId>>,
    /// The resource groups that contain identities, by their canonical texts.
    groups: BTreeMap<String, String>,
    /// Whether a group may contain identities that are not known.
    lacks_principals: bool,
}

impl Places {
    /// The places of the managed identities of a tenant.
    pub(super) fn of(holdings: Holdings<'_>) -> Self {
        let Holdings { principals, lacks_principals, .. } = holdings;
        let mut places = Self { lacks_principals, ..Self::default() };
        for one in principals.iter().filter(|one| one.kind == PrincipalKind::ManagedIdentity) {
            let Some(place) = &one.resource_id else { continue };
            places.by_key.entry(place.key().to_owned()).or_default().insert(one.object_id);
            places.of.insert(one.object_id, place.clone());
            if let Some(group) = group_of(place) {
                // One of several spellings, whatever the order of the principals.
                let (text, key) = (group.with_spelling(SPELLING), group.key().to_owned());
                let known = places.groups.entry(key).or_insert_with(|| text.clone());
                if text < *known {
                    *known = text;
                }
            }
        }
        places
    }

    /// The entries of `principals` that cover `wanted` and nothing outside `holding`.
    ///
    /// A resource group stands for its identities if it has several and all of them are among `holding`. A
    /// subscription never does: a rule for it would cover every resource group that is created later.
    pub(super) fn name(
        &self,
        wanted: &BTreeSet<ObjectId>,
        holding: &BTreeSet<ObjectId>,
    ) -> Vec<String> {
        let (mut scopes, mut ids) = (BTreeMap::new(), BTreeSet::new());
        for id in wanted {
            match self.scope(*id, holding) {
                Some((key, text)) => drop(scopes.insert(key, text)),
                None => drop(ids.insert(id.to_string())),
            }
        }
        let all = scopes.clone();
        scopes.retain(|key, _| !ancestors(key).any(|above| all.contains_key(above)));
        scopes.into_values().chain(ids).collect()
    }

    /// The scope that covers an identity and nothing outside `holding`: its canonical text and the text for
    /// the rule. `None` if only the object id does so.
    fn scope(&self, id: ObjectId, holding: &BTreeSet<ObjectId>) -> Option<(String, String)> {
        let place = self.of.get(&id).filter(|place| place.is_resource())?;
        let all_hold = |key: &str| self.below(key).all(|one| holding.contains(&one));
        let group = group_of(place).filter(|_| !self.lacks_principals);
        if let Some(group) = group {
            let key = group.key();
            if self.below(key).take(FEWEST_OF_A_GROUP).count() == FEWEST_OF_A_GROUP && all_hold(key)
            {
                return Some((key.to_owned(), self.groups.get(key)?.clone()));
            }
        }
        all_hold(place.key()).then(|| (place.key().to_owned(), place.with_spelling(SPELLING)))
    }

    /// The identities of a place and of all places below it.
    fn below(&self, key: &str) -> impl Iterator<Item = ObjectId> + '_ {
        let within = format!("{key}/");
        let here = self.by_key.get(key).into_iter();
        let below = self.by_key.range(within.clone()..);
        let below = below.take_while(move |(key, _)| key.starts_with(&within));
        here.chain(below.map(|(_, identities)| identities)).flatten().copied()
    }
}

/// The resource group of a place; `None` outside resource groups.
fn group_of(place: &ArmScope) -> Option<ArmScope> {
    let is_in_group = place.segments().nth(RESOURCE_GROUP_WORD) == Some(RESOURCE_GROUPS);
    is_in_group.then(|| place.resource_group())
}

/// The texts of the places above one.
fn ancestors(key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(key), |above| parent(above))
}

fn parent(key: &str) -> Option<&str> {
    key.rsplit_once('/').map(|(above, _)| above)
}
