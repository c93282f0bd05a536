//! Faults by chance that can be repeated.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use tenant_emulator::{
    SeededFaults, ServicePrincipal, WriteKind,
    contoso::{
        MICROSOFT_GRAPH_APP_ID, ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ,
        managed_identities,
    },
};

use crate::caller::{Caller, assignment, assignments_path, filtered_path};

const SEED: u64 = 42;

/// What requests are told: the statuses, none where the connection was closed.
type Told = BTreeMap<String, Vec<Option<u16>>>;

/// A caller with some more identities.
async fn caller_and_identities(count: usize) -> (Caller, Vec<ServicePrincipal>) {
    let caller = Caller::in_contoso().await;
    let identities = managed_identities(count);
    for identity in &identities {
        caller.tenant.add_service_principal(identity.clone());
    }
    (caller, identities)
}

fn seeded(seed: u64, share: f64) -> Option<SeededFaults> {
    Some(SeededFaults { seed, share })
}

async fn status(request: RequestBuilder) -> Option<u16> {
    Some(request.send().await.ok()?.status().as_u16())
}

async fn create(caller: &Caller, principal: &str) -> Option<u16> {
    let body = assignment(principal, ORDERS_API, ORDERS_READ);
    status(caller.post_request(&assignments_path(principal), &body)).await
}

async fn request(caller: &Caller, method: Method, path: &str) -> Option<u16> {
    status(caller.http.request(method, caller.url(path)).bearer_auth(&caller.token)).await
}

/// Every kind of request, each three times, either one kind after the other or all in turns.
async fn run(seed: u64, in_turns: bool) -> Told {
    let (caller, identities) = caller_and_identities(6).await;
    let delete = |one: &ServicePrincipal| {
        let id = caller.tenant.grant(&one.id, ORDERS_API, ORDERS_ADMIN).unwrap();
        (format!("delete of {}", one.id), format!("{}/{id}", assignments_path(&one.id)))
    };
    let deletes: Vec<_> = identities.iter().map(delete).collect();
    caller.tenant.set_seeded_faults(seeded(seed, 0.5));
    let (rounds, repeats) = if in_turns { (3, 1) } else { (1, 3) };
    let mut told = Told::new();
    for _ in 0..rounds {
        for (identity, (name, path)) in identities.iter().zip(&deletes) {
            let filter =
                filtered_path(&format!("servicePrincipalNames/any(x:x eq '{}')", identity.app_id));
            for _ in 0..repeats {
                told.entry(name.clone())
                    .or_default()
                    .push(request(&caller, Method::DELETE, path).await);
                told.entry(filter.clone())
                    .or_default()
                    .push(request(&caller, Method::GET, &filter).await);
                let created = create(&caller, &identity.id).await;
                told.entry(format!("create of {}", identity.id)).or_default().push(created);
            }
        }
    }
    told
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_in_whatever_order_requests_arrive() {
    let told = run(SEED, false).await;
    assert_eq!(told, run(SEED, true).await);
    assert_ne!(told, run(SEED + 1, false).await);
}

#[tokio::test]
async fn a_retried_write_takes_effect_once() {
    let (caller, identities) = caller_and_identities(60).await;
    caller.tenant.set_seeded_faults(seeded(SEED, 1.0));
    for identity in &identities {
        let mut told = Vec::new();
        while !matches!(told.last(), Some(Some(201))) && told.len() < 4 {
            told.push(create(&caller, &identity.id).await);
        }
        assert_eq!(caller.tenant.assignments_of(&identity.id).len(), 1, "{told:?}");
    }
    let writes = caller.tenant.accepted_writes();
    assert_eq!(writes.len(), identities.len());
    assert!(writes.iter().all(|write| write.kind == WriteKind::Created));
    assert!(caller.tenant.seeded_fault_count() >= identities.len());
}

#[tokio::test]
async fn some_faults_hide_a_write_that_took_place_and_others_prevent_it() {
    let (caller, identities) = caller_and_identities(200).await;
    caller.tenant.set_seeded_faults(seeded(SEED, 1.0));
    let mut effects = BTreeMap::<Option<u16>, [usize; 2]>::new();
    for identity in &identities {
        let told = create(&caller, &identity.id).await;
        let held = caller.tenant.assignments_of(&identity.id).len();
        effects.entry(told).or_default()[held] += 1;
    }
    for status in [None, Some(500), Some(504)] {
        assert!(effects[&status].iter().all(|count| *count > 0), "{status:?}: {effects:?}");
    }
    for status in [400, 404, 409, 429, 502, 503] {
        assert_eq!(effects[&Some(status)][1], 0, "{status}: {effects:?}");
    }
    let [none, some] = effects[&Some(403)];
    assert!(none == 0 && some > 0, "{effects:?}");
}

#[tokio::test]
async fn tokens_are_issued_without_faults_and_apis_do_not_lag() {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_seeded_faults(seeded(SEED, 1.0));
    for _ in 0..40 {
        let token = caller.ask_for_token("https://graph.microsoft.com").await;
        assert_eq!(token.status, 200);
        let api = format!("/servicePrincipals(appId='{MICROSOFT_GRAPH_APP_ID}')?$select=id");
        let told = request(&caller, Method::GET, &api).await;
        assert!(!matches!(told, Some(400 | 404)), "{told:?}");
    }
}

#[tokio::test]
async fn without_seeded_faults_everything_works_again() {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_seeded_faults(seeded(SEED, 1.0));
    assert_ne!(create(&caller, ORDERS_IDENTITY).await, Some(201));
    caller.tenant.set_seeded_faults(None);
    for held in caller.tenant.assignments_of(ORDERS_IDENTITY) {
        caller.tenant.revoke(&held.id);
    }
    assert_eq!(create(&caller, ORDERS_IDENTITY).await, Some(201));
    assert_eq!(caller.tenant.seeded_fault_count(), 1);
}
