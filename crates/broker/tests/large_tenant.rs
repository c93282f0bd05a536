//! A comparison of a tenant whose assignments do not all fit into memory.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use app_roles::policy::Policy;
use azure_core::http::Url;
use azure_rest::{
    arm::Arm, client, credential::MakeCredential, rest::RestClient, retry::Deadline,
    timing::CallTiming, token::TokenSource,
};
use broker::{ArmConfirmation, Broker, LogOutput, Mode, Parts, timing::Timing};
use microsoft_graph::{Graph, write_quota::WriteQuota};
use scripted_server::{FixedToken, Request, answer, serve};
use serde_json::{Value, json};

const API: &str = "c0a70500-0000-4000-8000-0000000000b0";
const GROUP: &str =
    "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-workloads";

/// The role of the baseline, and one that every identity holds by a rule.
const GIVEN: &str = "c0a70500-0000-4000-8000-0000000000d1";
const ASKED: &str = "c0a70500-0000-4000-8000-0000000000d2";

const IDENTITIES: usize = 40;
const PAGE: usize = 10;
/// An identity whose number is a multiple of this lacks the role of the baseline.
const LACKING: usize = 4;
/// The limit of assignments in memory. The tenant has six times as many.
const MOST_ASSIGNMENTS: usize = 12;

/// A token of a signed-in broker: `oid`, `appid` and `tid` of an application, and no signature.
const TOKEN: &str = concat!(
    "eyJhbGciOiJub25lIn0.",
    "eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20iLCJvaWQiOiJjMGE3MDUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMGZmZmYiLCJhcHBpZCI6ImMwYTcwNTAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwZmZmZSIsInRpZCI6ImMwYTcwNTAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTc5NTMwMDAwMH0",
    ".c2ln"
);

fn id(number: usize) -> String {
    // The order of ids is not that of the lists.
    format!("{:08x}-0000-4000-8000-0000000000e0", number.wrapping_mul(0x9E37_79B1) % (1 << 32))
}

fn identity(number: usize) -> Value {
    json!({
        "id": id(number), "appId": id(number), "servicePrincipalType": "ManagedIdentity",
        "alternativeNames": [
            "isExplicit=True",
            format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{number}"),
        ],
    })
}

/// The assignments, with the roles of one identity far from each other.
fn assignments() -> Vec<Value> {
    let row = |number: usize, role: &str| {
        json!({
            "id": format!("{number}-{role}"), "principalId": id(number),
            "principalType": "ServicePrincipal", "resourceId": API, "appRoleId": role,
        })
    };
    let given = (0..IDENTITIES).filter(|number| number % LACKING != 0).map(|one| row(one, GIVEN));
    (0..IDENTITIES).map(|one| row(one, ASKED)).chain(given).collect()
}

fn lacking() -> BTreeSet<String> {
    (0..IDENTITIES).filter(|number| number % LACKING == 0).map(id).collect()
}

/// A Microsoft Graph with this tenant.
#[derive(Default)]
struct FakeGraph {
    lists_of_holders: AtomicUsize,
    /// The number of the list of holders that fails, counted from one; zero if none does.
    failing: AtomicUsize,
}

impl FakeGraph {
    fn answer(&self, Request { endpoint, path, query, .. }: &Request) -> (u16, Value) {
        let page = query.strip_prefix("page=").map_or(0, |page| page.parse().unwrap());
        let all = if path.ends_with("/appRoleAssignedTo") {
            if page == 0 {
                self.lists_of_holders.fetch_add(1, Ordering::Relaxed);
            }
            if self.lists_of_holders.load(Ordering::Relaxed) == self.failing.load(Ordering::Relaxed)
            {
                let error =
                    json!({ "error": { "code": "Request_UnsupportedQuery", "message": "No." } });
                return (400, error);
            }
            assignments()
        } else if path.ends_with("/servicePrincipals") {
            (0..IDENTITIES).map(identity).collect()
        } else {
            let role = |id: &str, value: &str| {
                json!({ "id": id, "value": value, "allowedMemberTypes": ["Application"],
                        "isEnabled": true, "displayName": value })
            };
            let roles = [role(GIVEN, "Orders.Read"), role(ASKED, "Orders.Write")];
            return (
                200,
                json!({
                    "id": API, "appId": API, "displayName": "Orders", "appRoles": roles,
                    "servicePrincipalType": "Application", "servicePrincipalNames": [API],
                    "appOwnerOrganizationId": "c0a70500-0000-4000-8000-000000000001",
                }),
            );
        };
        let rows: Vec<_> = all.iter().skip(page * PAGE).take(PAGE).collect();
        let has_next = all.len() > (page + 1) * PAGE;
        let next = has_next.then(|| format!("{endpoint}{path}?page={}", page + 1));
        (200, json!({ "value": rows, "@odata.nextLink": next }))
    }

    /// The number of times that the holders were listed since the last call.
    fn passes(&self) -> usize {
        self.lists_of_holders.swap(0, Ordering::Relaxed)
    }
}

fn rest_client(endpoint: &Url) -> RestClient {
    let timing = CallTiming::default();
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(FixedToken(TOKEN.to_owned()))));
    let tokens =
        TokenSource::new(make, "https://graph.microsoft.com/.default".to_owned(), timing.clone());
    RestClient::new(client::build(endpoint, &timing).unwrap(), Arc::new(tokens), timing)
}

/// Starts the broker with a Graph of its own.
async fn start() -> (Broker, Arc<FakeGraph>) {
    let fake = Arc::new(FakeGraph::default());
    let answering = fake.clone();
    let endpoint = serve(move |request| {
        let (status, body) = answering.answer(request);
        answer(status, body.to_string())
    });
    let endpoint = endpoint.await.unwrap();
    let rule = json!({
        "version": 1,
        "allow": [{ "name": "asked", "requesters": ["queue:team"], "principals": [GROUP], "api": API,
                    "roles": ["Orders.Write"] }],
        "baseline": [{ "name": "given", "principals": [GROUP], "api": API, "roles": ["Orders.Read"] }],
    });
    let broker = Broker::new(Parts {
        graph: Arc::new(Graph::new(rest_client(&endpoint), &endpoint, WriteQuota::default())),
        arm: Arm::new(rest_client(&endpoint), endpoint),
        storage: None,
        record: None,
        outbox: None,
        policy: Policy::parse(rule.to_string().as_bytes()).unwrap(),
        mode: Mode::Enforce,
        log: LogOutput::default(),
        confirmation: ArmConfirmation::default(),
        timing: Timing::default(),
        most_assignments: MOST_ASSIGNMENTS,
    });
    (broker, fake)
}

/// Compares the tenant, and returns the identities to check.
async fn run(broker: &Broker) -> BTreeSet<String> {
    let deadline = Deadline::after(Duration::from_secs(60));
    let checks = broker.reconcile(deadline).await.unwrap();
    checks.iter().map(|check| check.principal.to_string()).collect()
}

#[tokio::test]
async fn a_tenant_that_does_not_fit_into_memory_is_compared_as_a_whole_in_each_run() {
    let (broker, graph) = start().await;
    for _ in 0..5 {
        assert_eq!(run(&broker).await, lacking());
        let passes = graph.passes();
        assert!((6..=10).contains(&passes), "{passes}");
    }
}

#[tokio::test]
async fn a_run_that_fails_after_its_first_pass_plans_what_it_found_and_the_next_one_begins_with_the_rest()
 {
    let (broker, graph) = start().await;
    let mut planned = BTreeSet::new();
    let mut runs = 0;
    while planned != lacking() {
        graph.failing.store(4, Ordering::Relaxed);
        planned.extend(run(&broker).await);
        assert_eq!(graph.passes(), 4);
        runs += 1;
        assert!(runs <= 4, "{planned:?}");
    }
    assert!(runs > 1, "no run compared the whole tenant");
}

#[tokio::test]
async fn a_run_that_fails_in_its_first_pass_plans_nothing() {
    let (broker, graph) = start().await;
    graph.failing.store(1, Ordering::Relaxed);
    let deadline = Deadline::after(Duration::from_secs(60));
    assert!(broker.reconcile(deadline).await.is_err());
}
