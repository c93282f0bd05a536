//! Proposes a policy that allows what a tenant already holds, for a team that begins to use the broker.
//!
//! Each rule allows roles of one API to some managed identities, and all of them hold these roles. A rule
//! names a resource group instead of its identities if it has several and all of them hold the roles. It
//! never names a subscription, where everyone who can create a resource group could get them. Apart from
//! that, a proposal allows nothing that is not held, and it has few rules: identities with the same roles
//! share one, and so do identities whose roles overlap.
//!
//! No rule allows a privileged role. Each of them is a question, with the rule that would allow it.
//!
//! The proposal depends on what is held only, not on the order of the lists, on names or on the time.

mod bit_set;
mod cover;
mod draw;
mod holdings;
mod matrix;
mod places;
mod rule;
mod rules_of_api;
mod sorted;
#[cfg(test)]
mod tests;

pub use holdings::{HeldRole, Holdings, ProposalTerms};
use places::Places;
pub use rule::{ProposedRule, policy_text};
use rules_of_api::rules_of_api;
pub use sorted::LeftOut;
use sorted::{Privileged, Sorted};

use std::collections::{BTreeMap, BTreeSet};

use crate::privileged::PrivilegeReason;

/// A proposed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The rules of `allow`. Together they allow everything that managed identities hold, except
    /// what is in question or left out.
    pub rules: Vec<ProposedRule>,
    /// The privileged roles that are held, and that no rule allows.
    pub questions: Vec<OpenQuestion>,
    /// What is held and neither allowed nor in question.
    pub left_out: Vec<(HeldRole, LeftOut)>,
}

/// Whether a privileged role should stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The role, its API and its holder.
    pub held: HeldRole,
    /// Why it is privileged.
    pub why: PrivilegeReason,
    /// The rule that would allow it.
    pub rule: ProposedRule,
}

/// Proposes a policy for what a tenant holds.
#[must_use]
pub fn propose(holdings: Holdings<'_>, terms: &ProposalTerms) -> Proposal {
    let places = Places::of(holdings);
    let sorted = Sorted::of(holdings, terms);
    let rules = sorted.apis.values();
    let mut rules: Vec<_> =
        rules.flat_map(|of_api| rules_of_api(of_api, &places, &terms.requesters)).collect();
    rules.sort_by_cached_key(|rule| {
        (rule.name.to_lowercase(), rule.api.clone(), rule.roles.clone())
    });
    tell_apart(&mut rules);
    let questions = sorted.privileged.iter().map(|one| question(one, &places, terms)).collect();
    Proposal { rules, questions, left_out: sorted.left_out }
}

/// Numbers the rules whose name an earlier rule has.
fn tell_apart(rules: &mut [ProposedRule]) {
    let mut numbers = BTreeMap::<String, usize>::new();
    let mut taken: BTreeSet<_> = rules.iter().map(|rule| rule.name.clone()).collect();
    for rule in rules {
        let number = numbers.entry(rule.name.clone()).or_default();
        *number += 1;
        while *number > 1 {
            let name = format!("{} ({number})", rule.name);
            if taken.insert(name.clone()) {
                rule.name = name;
                break;
            }
            *number += 1;
        }
    }
}

fn question(one: &Privileged<'_>, places: &Places, terms: &ProposalTerms) -> OpenQuestion {
    let Privileged { held, principal, api, role, why } = one;
    let holder = BTreeSet::from([principal.object_id]);
    let rule = ProposedRule::new(api, std::slice::from_ref(role), &terms.requesters);
    let rule = ProposedRule {
        description: rules_of_api::description(1),
        principals: places.name(&holder, &holder),
        privileged: true,
        ..rule
    };
    OpenQuestion { held: *held, why: *why, rule }
}
