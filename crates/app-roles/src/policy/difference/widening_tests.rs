//! No difference between decisions is missed, and nothing else is reported as one.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    AccessChange, ChangeKind, KnownApis, NamedPrincipals, PolicyDifference, PrivilegedPart,
    RuleNote,
    samples::{self, Sample, broker, known_apis, pairs, samples},
};
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, ObjectId},
    policy::{
        Decision, Policy, ProposedAssignment, Question,
        fixtures::{NOW, application, role},
        pattern::{ApiPattern, PrincipalPattern, RolePattern},
        protected::Protected,
    },
    request::Action,
    requester::Requester,
};

/// What a requester gets: nothing, or an assignment with an end, once these approve.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Denied,
    Allowed { approvers: BTreeSet<ObjectId>, end: Option<OffsetDateTime> },
}

impl From<bool> for Outcome {
    fn from(is_allowed: bool) -> Self {
        let allowed = Self::Allowed { approvers: BTreeSet::new(), end: None };
        if is_allowed { allowed } else { Self::Denied }
    }
}

fn on_request(policy: &Policy, sample: &Sample) -> Outcome {
    let Sample { requester, action, principal, api, role, end, now } = sample;
    let requester = Requester::parse(requester).unwrap();
    let action = match *action {
        "assign" => Action::Assign,
        "revoke" => Action::Revoke,
        _ => {
            let visible = policy.visible_roles(&requester, (principal, api), broker(), *now);
            return visible.is_ok_and(|visible| visible.rule_for(role).is_some()).into();
        }
    };
    let (requester, end, own, now) = (&requester, *end, broker(), *now);
    let decided =
        policy.decide(&Question { requester, action, principal, api, role, own, end, now });
    match decided {
        Err(_) => Outcome::Denied,
        Ok(decision) => {
            let approvers = match &decision {
                Decision::Allowed(_) => BTreeSet::new(),
                Decision::NeedsApproval(unapproved) => {
                    unapproved.terms().by().iter().copied().collect()
                }
            };
            Outcome::Allowed { approvers, end: decision.permit().end() }
        }
    }
}

fn baseline(policy: &Policy, sample: &Sample) -> Outcome {
    let Sample { principal, api, role, now, .. } = sample;
    let (own, now) = (broker(), *now);
    policy.decide_baseline(&ProposedAssignment { principal, api, role, own, now }).is_ok().into()
}

fn covers(change: &AccessChange, sample: &Sample) -> bool {
    let principal = |named: &NamedPrincipals| {
        let (NamedPrincipals::Object(text) | NamedPrincipals::Place(text)) = named;
        PrincipalPattern::parse(text).unwrap().covers(&sample.principal)
    };
    let role = |text: &String| {
        let role = RolePattern::parse(text).unwrap();
        role.is_exactly(&sample.role) || role.is_prefix_of(&sample.role)
    };
    ApiPattern::parse(&change.api).unwrap().is(&sample.api)
        && change.principals.iter().any(principal)
        && change.roles.iter().any(role)
}

/// Whether the difference mentions a request, or an assignment of the baseline.
fn mentions(difference: &PolicyDifference, sample: &Sample, is_request: bool) -> bool {
    let asks = |change: &&AccessChange| {
        change.requesters.iter().any(|one| one == sample.requester)
            && change.actions.contains(&sample.action)
    };
    let mut on_request = difference.on_request.iter().filter(asks);
    let mut approvers = difference.approvers.iter();
    let mut always = difference.baseline.iter();
    let is_stated = if is_request {
        on_request.any(|change| covers(change, sample))
            || approvers
                .any(|order| order.requester == sample.requester && order.action == sample.action)
    } else {
        always.any(|change| covers(change, sample))
    };
    is_stated || mentions_protection(difference, sample) || mentions_owner(difference, sample)
}

fn mentions_protection(difference: &PolicyDifference, sample: &Sample) -> bool {
    let Sample { principal, api, .. } = sample;
    let protects = |text: &str| match Protected::parse(text).unwrap() {
        Protected::Guid(id) => {
            principal.object_id == ObjectId::from(id) || api.app_id == AppId::from(id)
        }
        Protected::Scope(scope) => {
            principal.resource_id.as_ref().is_some_and(|resource| scope.may_cover(resource))
        }
    };
    let protection = &difference.protection;
    protection.entries.iter().any(|one| protects(&one.entry))
        || (protection.unknown_places.is_some() && principal.may_lie_anywhere())
        || (protection.unknown_client_ids.is_some() && principal.may_have_any_client_id())
}

/// Whether the difference says that it took the API for one of the tenant's own.
fn mentions_owner(difference: &PolicyDifference, sample: &Sample) -> bool {
    difference.notes.iter().any(|note| match note {
        RuleNote::AssumedOwnTenant(name) => ApiPattern::parse(name).unwrap().is(&sample.api),
        _ => false,
    })
}

/// A request that only the widest reading of a statement covers.
fn typical(change: &AccessChange) -> Sample {
    let requester =
        samples::REQUESTERS.into_iter().find(|one| *one == change.requesters[0]).unwrap();
    let principal = match &change.principals[0] {
        // Only what a blueprint holds is privileged on the APIs of other owners than Microsoft.
        NamedPrincipals::Object(id) => {
            let is_blueprint = change.privileged == PrivilegedPart::Only;
            let kind =
                if is_blueprint { PrincipalKind::AgentBlueprint } else { PrincipalKind::Agent };
            Principal { kind, ..application(id) }
        }
        NamedPrincipals::Place(place) => {
            let mut place = place.replace('*', "unheard-of");
            if !ArmScope::parse(&place).unwrap().is_resource() {
                let group =
                    if place.contains("esource") { "" } else { "/resourceGroups/unheard-of" };
                place += &format!("{group}/providers/Contoso.Unheard/of/it");
            }
            Principal {
                kind: PrincipalKind::ManagedIdentity,
                resource_id: ArmScope::parse(&place).ok(),
                ..application("11111111-1111-1111-1111-11111111111f")
            }
        }
    };
    let known = known_apis().apis.into_iter();
    let api =
        known.into_iter().find(|api| ApiPattern::parse(&change.api).unwrap().is(api)).unwrap();
    Sample {
        requester,
        action: change.actions[0],
        role: typical_role(change, &api),
        principal,
        api: Api::clone(&api),
        end: None,
        now: NOW,
    }
}

fn typical_role(change: &AccessChange, api: &Api) -> AppRole {
    const UNHEARD_OF: &str = "33333333-3333-3333-3333-3333333333ff";
    let text = &change.roles[0];
    let pattern = RolePattern::parse(text).unwrap();
    // A harmless value is privileged with another id than Microsoft's.
    let has_own_id = change.privileged != PrivilegedPart::Only
        || matches!(change.principals[0], NamedPrincipals::Object(_));
    let known = api.roles.iter().find(|role| has_own_id && pattern.is_exactly(role)).cloned();
    known.unwrap_or_else(|| match pattern {
        // A prefix matches no role without a value.
        RolePattern::Id(id) => role(&id.to_string(), if has_own_id { "" } else { "Unheard.Of" }),
        _ => role(UNHEARD_OF, &text.replace('*', "unheard-of")),
    })
}

fn parse(file: &Value) -> Policy {
    Policy::parse(file.to_string().as_bytes()).unwrap()
}

/// Says the same in another way: each rule in its smallest parts, in reverse, with other letters.
fn rearranged(file: &Value) -> Value {
    let parts = |rules: &Value| {
        let mut parts = Vec::new();
        for rule in rules.as_array().unwrap() {
            let lists = ["requesters", "actions", "principals", "roles"];
            let mut split = vec![rule.clone()];
            for list in lists.into_iter().filter(|list| rule.get(list).is_some()) {
                split = split
                    .into_iter()
                    .flat_map(|part| {
                        let entries = part[list].as_array().unwrap().clone();
                        entries.into_iter().rev().map(move |entry| {
                            let mut part = part.clone();
                            part[list] =
                                json!([if list == "roles" { upper(&entry) } else { entry }]);
                            part
                        })
                    })
                    .collect();
            }
            parts.extend(split);
        }
        for (index, part) in parts.iter_mut().enumerate() {
            part["name"] = json!(format!("{} part {index}", part["name"].as_str().unwrap()));
        }
        parts
    };
    let mut file = file.clone();
    for list in ["allow", "baseline"] {
        file[list] = json!(parts(&file[list]));
    }
    file["protected"] = file["protected"].as_array().unwrap().iter().rev().cloned().collect();
    file
}

fn upper(role: &Value) -> Value {
    json!(role.as_str().unwrap().to_ascii_uppercase())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn a_decision_that_differs_is_mentioned(
        (old, new) in pairs(),
        questions in proptest::collection::vec(samples(), 40),
        knows_apis in any::<bool>(),
    ) {
        let [old, new] = [old, new].map(|file| parse(&file));
        let known = if knows_apis { known_apis() } else { KnownApis::default() };
        let difference = old.difference(&new, &known, NOW);
        for sample in &questions {
            let [before, now] = [&old, &new].map(|policy| on_request(policy, sample));
            prop_assert!(before == now || mentions(&difference, sample, true),
                "{:?} {:?} {:?} {:#?}", before, now, sample, difference);
            let [before, now] = [&old, &new].map(|policy| baseline(policy, sample));
            prop_assert!(before == now || mentions(&difference, sample, false),
                "baseline {:?} {:?} {:?} {:#?}", before, now, sample, difference);
        }
    }

    #[test]
    fn what_is_newly_allowed_was_denied_and_what_is_withdrawn_was_allowed((old, new) in pairs()) {
        let [old, new] = [old, new].map(|file| parse(&file));
        let difference = old.difference(&new, &known_apis(), NOW);
        for change in difference.on_request.iter().filter(|one| one.kind != ChangeKind::OtherTerms) {
            let sample = typical(change);
            let is_denied = |policy| on_request(policy, &sample) == Outcome::Denied;
            let is_new = change.kind == ChangeKind::Allowed;
            prop_assert_eq!([is_denied(&old), is_denied(&new)], [is_new, !is_new],
                "{:#?} {:#?}", change, sample);
        }
    }

    #[test]
    fn the_same_in_another_arrangement_is_no_difference((old, _) in pairs()) {
        let new = parse(&rearranged(&old));
        let old = parse(&old);
        let difference = old.difference(&new, &KnownApis::default(), NOW);
        prop_assert!(difference.is_empty(), "{:#?}", difference);
        let back = new.difference(&old, &known_apis(), NOW);
        prop_assert!(back.is_empty(), "{:#?}", back);
    }

    #[test]
    fn a_difference_backwards_exchanges_what_is_new_and_what_is_withdrawn((old, new) in pairs()) {
        let [old, new] = [old, new].map(|file| parse(&file));
        let forth = old.difference(&new, &known_apis(), NOW);
        let back = new.difference(&old, &known_apis(), NOW);
        prop_assert_eq!(forth.is_empty(), back.is_empty());
        let counts = |difference: &PolicyDifference| {
            let changes = difference.on_request.iter().chain(&difference.baseline);
            changes.map(|change| change.kind).fold((0, 0), |(allowed, withdrawn), kind| match kind {
                ChangeKind::Allowed => (allowed + 1, withdrawn),
                ChangeKind::Withdrawn => (allowed, withdrawn + 1),
                ChangeKind::OtherTerms => (allowed, withdrawn),
            })
        };
        let ((allowed, withdrawn), back) = (counts(&forth), counts(&back));
        prop_assert_eq!((withdrawn, allowed), back);
    }
}
