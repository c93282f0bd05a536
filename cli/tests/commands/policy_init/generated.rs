//! Twenty tenants whose roles were assigned by random rules. The program finds about as many rules.

use std::collections::BTreeSet;

use serde_json::Value;
use tenant_emulator::{
    AppRole, ServicePrincipal,
    contoso::{MICROSOFT_GRAPH, SUBSCRIPTION_ID, TENANT_ID},
};

use super::adoption::{adopt, assert_agrees, world};
use crate::world::World;

/// A sequence of numbers ("Fast splittable pseudorandom number generators", `SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// An API and the ids of its roles.
#[derive(Debug, Clone)]
struct Api {
    id: String,
    roles: Vec<String>,
}

/// A managed identity: its object id and its resource, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    id: String,
    place: String,
}

fn id(kind: &str, number: usize) -> String {
    format!("{kind}a70500-0000-4000-8000-{number:012x}")
}

/// Adds the identity of a function app or a user-assigned one, in a resource group.
fn add_identity(world: &World, draw: &mut Draw, (group, number): (usize, usize)) -> Identity {
    let (object, client, name) = (id("aa", number), id("ab", number), format!("id-{number}"));
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-{group}/providers");
    let place;
    let identity = if draw.below(3) == 0 {
        place = format!("{group}/Microsoft.Web/sites/func-{number}");
        ServicePrincipal::system_assigned(&object, &client, &name, &place)
    } else {
        place = format!("{group}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}");
        ServicePrincipal::user_assigned(&object, &client, &name, &place)
    };
    world.tenant.add_service_principal(identity);
    Identity { id: object, place: place.to_lowercase() }
}

fn add_api(world: &World, number: usize, roles: usize) -> Api {
    let id_of = |role: usize| id("cc", number * 100 + role);
    let role =
        |one| AppRole::for_applications(&id_of(one), &format!("Api{number}.Role{one}"), "A role.");
    let api = ServicePrincipal::api(
        &id("ba", number),
        &id("bb", number),
        &format!("API {number}"),
        &format!("api://generated-{number}"),
    );
    let app_roles = (0..roles).map(role).collect();
    world.tenant.add_service_principal(ServicePrincipal { app_roles, ..api.owned_by(TENANT_ID) });
    Api { id: id("ba", number), roles: (0..roles).map(id_of).collect() }
}

/// Fills a tenant by random rules. Returns its identities, and how many different rules there were.
fn fill(world: &World, seed: usize) -> (Vec<Identity>, usize) {
    let mut draw = Draw(u64::try_from(seed).unwrap());
    let mut groups: Vec<Vec<Identity>> = Vec::new();
    let mut number = 0;
    for group in 0..4 + seed {
        let size = 1 + draw.below(1 + seed % 6);
        let identities = (0..size).map(|_| {
            number += 1;
            add_identity(world, &mut draw, (group, number))
        });
        groups.push(identities.collect());
    }
    let apis: Vec<_> = (1..=1 + seed % 4).map(|one| add_api(world, one, 4 + seed % 5)).collect();
    let mut rules = BTreeSet::new();
    for _ in 0..4 + seed * 2 {
        let api = draw.of(&apis).clone();
        let roles: BTreeSet<_> = (0..=draw.below(3)).map(|_| draw.of(&api.roles).clone()).collect();
        let mut identities = BTreeSet::new();
        if draw.below(5) == 0 {
            let group = draw.of(&groups).clone();
            identities.insert(draw.of(&group).clone());
        } else {
            (0..=draw.below(4)).for_each(|_| identities.extend(draw.of(&groups).clone()));
        }
        for (identity, role) in
            identities.iter().flat_map(|one| roles.iter().map(move |role| (one, role)))
        {
            // Rules overlap, so the role may be held already.
            let _ = world.tenant.grant(&identity.id, &api.id, role);
        }
        rules.insert((api.id, roles, identities));
    }
    let some = draw.of(&groups)[0].id.clone();
    world.tenant.grant(&some, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    (groups.concat(), rules.len())
}

/// Asserts that the policy allows a generated identity no role that it does not hold.
fn assert_not_wider(world: &World, identities: &[Identity], policy: &Value) {
    let held: BTreeSet<_> = world
        .tenant
        .assignments()
        .into_iter()
        .map(|one| (one.principal_id, one.app_role_id))
        .collect();
    let roles: Vec<(String, String)> = (1..=4)
        .flat_map(|api| {
            (0..10).map(move |role| (format!("Api{api}.Role{role}"), id("cc", api * 100 + role)))
        })
        .collect();
    for rule in policy["allow"].as_array().unwrap() {
        let texts = |member: &str| {
            let list = rule[member].as_array().unwrap().iter();
            list.map(|text| text.as_str().unwrap().to_lowercase()).collect::<Vec<_>>()
        };
        let named = texts("roles");
        let allowed: Vec<_> =
            roles.iter().filter(|(value, _)| named.contains(&value.to_lowercase())).collect();
        assert_eq!(allowed.len(), named.len(), "{rule}");
        let principals = texts("principals");
        for Identity { id, place } in identities {
            let is_covered = principals.iter().any(|principal| {
                principal == id || place == principal || place.starts_with(&format!("{principal}/"))
            });
            for (value, role) in allowed.iter().filter(|_| is_covered) {
                assert!(held.contains(&(id.clone(), role.clone())), "{id} {value}: {rule}");
            }
        }
    }
}

#[tokio::test]
async fn twenty_generated_tenants_get_about_as_many_rules_as_made_them() {
    for seed in 0..20 {
        let world = world().await;
        let (identities, rules) = fill(&world, seed);
        let adopted = adopt(&world).await;
        let policy: Value = serde_json::from_str(&world.read("policy.json")).unwrap();
        let proposed = policy["allow"].as_array().unwrap().len();
        assert!(proposed * 10 <= rules * 12, "seed {seed}: {proposed} instead of {rules}");
        assert_agrees(&world, &adopted).await;
        assert_not_wider(&world, &identities, &policy);
    }
}
