//! Finds the rules that may cover another one without comparing each pair.
//!
//! A rule that covers another one names all of its requesters and roles, and a place around each of its
//! principals. So a rule is compared only with those that share its rarest requester, role or place.

use std::collections::{BTreeMap, HashMap};

use super::{pattern::PrincipalPattern, rule::Grant};

/// The character that stands for any text.
const WILDCARD: char = '*';

/// What a rule names, in a form that is equal for all spellings.
#[derive(Debug)]
pub(super) struct RuleNames {
    exact: Vec<Name>,
    /// The principals. A place ends with a slash, so that what lies in it begins with it.
    principals: Vec<String>,
}

/// Something that a rule names. Whatever covers the rule names it in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Requester(String),
    Role(String),
}

impl RuleNames {
    /// What a rule for these requesters names.
    pub(super) fn new<'a>(requesters: impl Iterator<Item = &'a String>, grant: &Grant) -> Self {
        let requesters = requesters.cloned().map(Name::Requester);
        let roles = grant.roles.iter().map(|role| Name::Role(role.to_string()));
        let place = |pattern: &PrincipalPattern| format!("{pattern}/");
        Self {
            exact: requesters.chain(roles).collect(),
            principals: grant.principals.iter().map(place).collect(),
        }
    }
}

/// The rules for one API, by what they name.
#[derive(Debug, Default)]
pub(super) struct RuleIndex<'a> {
    all: Vec<usize>,
    by_name: HashMap<&'a Name, Vec<usize>>,
    /// By the text of a principal up to its first wildcard.
    by_start: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> RuleIndex<'a> {
    /// Adds the rule with this index. Indices only grow.
    pub(super) fn add(&mut self, index: usize, names: &'a RuleNames) {
        self.all.push(index);
        for name in &names.exact {
            self.by_name.entry(name).or_default().push(index);
        }
        for principal in &names.principals {
            let start = principal.split(WILDCARD).next().unwrap_or_default();
            self.by_start.entry(start).or_default().push(index);
        }
    }

    /// All rules that may cover a rule, and few others, in order.
    pub(super) fn candidates(&self, names: &RuleNames) -> Vec<usize> {
        let of_names = names.exact.iter().filter_map(|name| self.by_name.get(name));
        let fewest_by_name = of_names.min_by_key(|rules| rules.len()).cloned();
        let around = |principal: &String| self.around(principal);
        let fewest_around = names.principals.iter().map(around).min_by_key(Vec::len);
        let fewest = [fewest_by_name, fewest_around].into_iter().flatten().min_by_key(Vec::len);
        let mut candidates = fewest.unwrap_or_else(|| self.all.clone());
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// The rules with a principal whose start this one begins with.
    fn around(&self, principal: &str) -> Vec<usize> {
        let (mut found, mut rest) = (Vec::new(), principal);
        // A text that begins another one comes before it, and only texts that begin with it come between them.
        while let Some((start, rules)) = self.by_start.range(..=rest).next_back() {
            if rest.starts_with(start) {
                found.extend(rules);
                let Some((last, _)) = start.char_indices().next_back() else { break };
                rest = rest.get(..last).unwrap_or_default();
            } else {
                rest = common_start(rest, start);
            }
        }
        found
    }
}

/// The longest text with which both begin.
fn common_start<'a>(one: &'a str, other: &str) -> &'a str {
    let differ = one.char_indices().zip(other.chars()).find(|((_, one), other)| one != other);
    let end = differ.map_or(one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(requester: &str, role: &str, principal: &str) -> RuleNames {
        RuleNames {
            exact: vec![Name::Requester(requester.to_owned()), Name::Role(role.to_owned())],
            principals: vec![format!("{principal}/")],
        }
    }

    fn index(all: &[RuleNames]) -> RuleIndex<'_> {
        let mut index = RuleIndex::default();
        all.iter().enumerate().for_each(|(number, names)| index.add(number, names));
        index
    }

    #[test]
    fn rules_that_differ_in_one_member_only_have_no_candidates_but_themselves() {
        const COUNT: usize = 2_000;
        let kinds: [fn(usize) -> RuleNames; 4] = [
            |number| names(&format!("queue:{number}"), "orders.read", "/subscriptions/s"),
            |number| names("queue:team", &format!("role.{number}"), "/subscriptions/s"),
            |number| {
                names("queue:team", "orders.read", &format!("/subscriptions/s/rg-{number:04}"))
            },
            |number| {
                names("queue:team", "orders.read", &format!("/subscriptions/s/rg-{number:04}-*"))
            },
        ];
        for kind in kinds {
            let all: Vec<_> = (0..COUNT).map(kind).collect();
            let index = index(&all);
            for (number, names) in all.iter().enumerate() {
                assert_eq!(index.candidates(names), [number]);
            }
        }
    }

    #[test]
    fn a_rule_that_names_nothing_may_be_covered_by_all() {
        let empty = || RuleNames { exact: Vec::new(), principals: Vec::new() };
        let all = [empty(), names("queue:team", "orders.read", "/a")];
        assert_eq!(index(&all).candidates(&all[0]), [0, 1]);
    }

    proptest! {
        #[test]
        fn every_start_of_a_text_is_found_and_nothing_else(
            starts in prop::collection::vec("[aä/]{0,5}", 1..20), text in "[aä/]{0,8}"
        ) {
            let mut index = RuleIndex::default();
            let names: Vec<_> = starts
                .iter()
                .map(|start| RuleNames { exact: Vec::new(), principals: vec![start.clone()] })
                .collect();
            names.iter().enumerate().for_each(|(number, names)| index.add(number, names));
            let mut found = index.around(&text);
            found.sort_unstable();
            let expected: Vec<_> =
                (0..starts.len()).filter(|number| text.starts_with(&starts[*number])).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
