//! Counts the roles of each API that its holders have, so that a page of a long list is found without
//! visiting each assignment.

use std::collections::BTreeMap;

/// The numbers of assignments, by API and principal. Ids are in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders {
    by_api: BTreeMap<String, HoldersOfApi>,
}

#[derive(Debug, Clone, Default)]
struct HoldersOfApi {
    assignments: usize,
    by_principal: BTreeMap<String, usize>,
}

impl Holders {
    /// Counts an assignment.
    pub(crate) fn added(&mut self, api_id: &str, principal_id: &str) {
        let of_api = self.by_api.entry(api_id.to_lowercase()).or_default();
        of_api.assignments += 1;
        *of_api.by_principal.entry(principal_id.to_lowercase()).or_default() += 1;
    }

    /// Counts the end of an assignment.
    pub(crate) fn removed(&mut self, api_id: &str, principal_id: &str) {
        let Some(of_api) = self.by_api.get_mut(&api_id.to_lowercase()) else { return };
        if let Some(count) = of_api.by_principal.get_mut(&principal_id.to_lowercase()) {
            *count = count.saturating_sub(1);
            of_api.assignments = of_api.assignments.saturating_sub(1);
        }
    }

    /// Counts the end of all assignments of a service principal, and of those of its roles.
    pub(crate) fn forget(&mut self, id: &str) {
        self.by_api.remove(id);
        for of_api in self.by_api.values_mut() {
            of_api.assignments -= of_api.by_principal.remove(id).unwrap_or_default();
        }
    }

    /// The number of assignments of an API's roles.
    pub(crate) fn count(&self, api_id: &str) -> usize {
        self.by_api.get(&api_id.to_lowercase()).map_or(0, |of_api| of_api.assignments)
    }

    /// The holders of an API's roles in the order of their ids, starting with the holder of the assignment
    /// with this number. Also returns how many assignments of that holder come before it.
    pub(crate) fn from(&self, api_id: &str, first: usize) -> (impl Iterator<Item = &str>, usize) {
        let of_api = self.by_api.get(&api_id.to_lowercase());
        let counts = of_api.map(|of_api| &of_api.by_principal);
        let (mut skipped, mut left) = (0, first);
        for count in counts.into_iter().flat_map(BTreeMap::values) {
            if *count > left {
                break;
            }
            left -= count;
            skipped += 1;
        }
        let holders = counts.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
        (holders.skip(skipped), left)
    }
}
