//! Callers who decide on a request although they are not its approvers.

use functions_host_emulator::{HostKey, KeyLevel};
use reqwest::Method;
use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BROKER_IDENTITY, FABRIKAM_TENANT_ID, ORDERS_IDENTITY, REPORTS_IDENTITY, TENANT_ID,
};

use crate::{
    approvals::approval_world::{
        ANNA, BEN, CHRIS, DANA, policy_of, rules, setup, sync_request, token_of,
    },
    http::{
        caller::{Answer, TEAM_KEY, send},
        sign_in::{principal, signed_in},
    },
    record::intents::{AUDIT, text},
    world::{Setup, World, http_client},
};

const MASTER_KEY: &str = "the-master-key";
const HOST_KEY: &str = "the-key-of-the-host";
const LONG_OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";

/// A call, and the answer to it.
struct Caller {
    name: &'static str,
    token: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    answer: (u16, &'static str),
}

fn caller(name: &'static str, token: Option<&'static str>, answer: (u16, &'static str)) -> Caller {
    Caller { name, token, headers: Vec::new(), answer }
}

impl Caller {
    fn with(mut self, headers: &[(&'static str, &str)]) -> Self {
        self.headers.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }
}

const NO_SIGN_IN: (u16, &str) = (401, "unauthenticated");
const NO_APPROVER: (u16, &str) = (403, "not-an-approver");
const UNKNOWN: (u16, &str) = (404, "not-found");

/// The sign-ins of attackers, by their tokens.
fn sign_ins() -> Vec<(&'static str, String)> {
    let (anna, tenant) = (("oid", ANNA), ("tid", TENANT_ID));
    let upper = CHRIS.to_uppercase();
    vec![
        ("another tenant", principal("aad", &[anna, ("tid", FABRIKAM_TENANT_ID)])),
        ("another provider", principal("google", &[anna, tenant])),
        ("no tenant", principal("aad", &[anna])),
        ("two tenants", principal("aad", &[anna, tenant, tenant])),
        ("two object ids", principal("aad", &[("oid", DANA), anna, tenant])),
        ("both object ids", principal("aad", &[("oid", DANA), (LONG_OBJECT_ID, ANNA), tenant])),
        ("claim in other case", principal("aad", &[("OID", ANNA), tenant])),
        ("only sub", principal("aad", &[("sub", ANNA), tenant])),
        (
            "names of Anna",
            principal(
                "aad",
                &[
                    ("oid", DANA),
                    tenant,
                    ("sub", ANNA),
                    ("appid", ANNA),
                    ("name", ANNA),
                    ("upn", ANNA),
                ],
            ),
        ),
        ("service principal", signed_in(REPORTS_IDENTITY)),
        ("receiving identity", signed_in(ORDERS_IDENTITY)),
        ("broker", signed_in(BROKER_IDENTITY)),
        ("requester in upper case", principal("aad", &[("oid", &upper), tenant])),
        ("requester by the long claim", principal("aad", &[(LONG_OBJECT_ID, CHRIS), tenant])),
    ]
}

/// The calls about a request of Chris, who is an approver as well.
fn callers() -> Vec<Caller> {
    let forged = signed_in(ANNA);
    let as_anna = [
        ("X-MS-CLIENT-PRINCIPAL", forged.as_str()),
        ("X-MS-CLIENT-PRINCIPAL-ID", ANNA),
        ("X-MS-CLIENT-PRINCIPAL-IDP", "aad"),
    ];
    let key = |key| [("x-functions-key", key)];
    let mut callers = vec![
        caller("nothing", None, NO_SIGN_IN),
        caller("the key of the team", None, NO_SIGN_IN).with(&key(TEAM_KEY)),
        caller("the master key", None, NO_SIGN_IN).with(&key(MASTER_KEY)),
        caller("a host key with the name of Anna", None, NO_SIGN_IN).with(&key(HOST_KEY)),
        caller("a token that is not valid", Some("forged"), NO_SIGN_IN),
        caller("a token that is not valid, with a key", Some("forged"), NO_SIGN_IN)
            .with(&key(MASTER_KEY)),
        caller("forged headers", None, NO_SIGN_IN).with(&as_anna),
        caller("forged headers and the master key", None, NO_SIGN_IN)
            .with(&as_anna)
            .with(&key(MASTER_KEY)),
        caller("Dana with forged headers", Some("names of Anna"), UNKNOWN).with(&as_anna),
        caller("Chris with a key", Some("requester in upper case"), NO_APPROVER)
            .with(&key(TEAM_KEY)),
    ];
    callers.extend(sign_ins().into_iter().map(|(token, _)| {
        let answer = match token {
            "names of Anna" | "service principal" => UNKNOWN,
            "receiving identity" | "broker" => NO_APPROVER,
            "requester in upper case" | "requester by the long claim" => NO_APPROVER,
            _ => NO_SIGN_IN,
        };
        caller(token, Some(token), answer)
    }));
    callers
}

/// A policy that names the receiving identity and the broker as approvers, and that does not name Dana.
async fn hostile_setup() -> Setup {
    let mut setup = setup().await;
    let mut rules = rules();
    let by = [ANNA, BEN, CHRIS, ORDERS_IDENTITY, BROKER_IDENTITY];
    rules[0]["approval"]["by"] = by.iter().map(|id| json!(format!("http:{id}"))).collect();
    setup.policy = Some(policy_of(&rules));
    let easy_auth = setup.easy_auth.as_mut().unwrap();
    let sign_ins = sign_ins().into_iter().map(|(token, principal)| (token.to_owned(), principal));
    easy_auth.principals.extend(sign_ins);
    let key = |name: &str, value: &str, level| HostKey {
        name: name.to_owned(),
        value: value.to_owned(),
        level,
    };
    setup.keys.push(key("master", MASTER_KEY, KeyLevel::Master));
    setup.keys.push(key(ANNA, HOST_KEY, KeyLevel::HostFunction));
    setup
}

impl World {
    /// Requests the privileged role as a person, and returns what waits as Anna sees it.
    async fn request_of(&self, person: &str) -> Value {
        let call = self.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
        let answer = send(call.bearer_auth(token_of(person)).json(&sync_request())).await;
        let result = answer.success(202);
        assert_eq!(result["requester"], format!("http:{person}"));
        self.shown_to(ANNA, result["approvalId"].as_str().unwrap()).await.success(200)
    }

    /// Decides on what is shown as a caller would.
    async fn decide_in_the_way_of(&self, caller: &Caller, shown: &Value, decision: &str) -> Answer {
        let id = shown["approvalId"].as_str().unwrap();
        let url = self.host.http_url().join(&format!("api/app-role-approvals/{id}")).unwrap();
        let body = json!({ "decision": decision, "digest": shown["digest"] });
        let mut call = http_client().post(url).json(&body);
        call = caller.token.iter().fold(call, reqwest::RequestBuilder::bearer_auth);
        for (name, value) in &caller.headers {
            call = call.header(*name, value);
        }
        send(call).await
    }

    /// Approves and denies what is shown as a caller would, and asserts the answers.
    async fn assert_refused(&self, caller: &Caller, shown: &Value) {
        for decision in ["approve", "deny"] {
            let answer = self.decide_in_the_way_of(caller, shown, decision).await;
            let (status, name) = caller.answer;
            assert_eq!(answer.status, status, "{}: {answer:?}", caller.name);
            let problem = answer.problem(status, name);
            assert!(problem.get("approval").is_none(), "{}: {problem}", caller.name);
        }
        self.assert_undecided(caller.name, shown).await;
    }

    /// Asserts that neither the row nor the record has a decision.
    async fn assert_undecided(&self, attack: &str, shown: &Value) {
        let id = shown["approvalId"].as_str().unwrap();
        let now = self.shown_to(ANNA, id).await.success(200);
        assert_eq!(&now, shown, "{attack}");
        let rows = self.rows_of(AUDIT).await;
        let is_decision = |row| ["approvalGiven", "approvalDenied"].contains(&text(row, "status"));
        assert!(!rows.iter().any(is_decision), "{attack}");
        assert!(self.tenant_is_unchanged(), "{attack}");
    }
}

#[tokio::test]
async fn only_an_approver_who_has_signed_in_decides() {
    let world = hostile_setup().await.start().await;
    let shown = world.request_of(CHRIS).await;
    for caller in callers() {
        world.assert_refused(&caller, &shown).await;
    }
    world.assert_none_granted("all callers").await;
    // The request was not lost on the way.
    let decided = world.decide(ANNA, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
}

#[tokio::test]
async fn without_app_service_authentication_no_caller_decides() {
    let mut setup = hostile_setup().await;
    let easy_auth = setup.easy_auth.take();
    assert!(easy_auth.is_some());
    let world = setup.start().await;
    let result = world.result_of(&sync_request().to_string()).await;
    let shown = json!({ "approvalId": result["approvalId"], "digest": result["approvalDigest"] });
    for caller in callers() {
        let answer = world.decide_in_the_way_of(&caller, &shown, "approve").await;
        assert_eq!(answer.status, 401, "{}: {answer:?}", caller.name);
        answer.problem(401, "unauthenticated");
    }
    world.assert_none_granted("all callers").await;
}

/// A queue and a key prove no person, so the actual sender is unknown. The record states how the request
/// arrived and who approved it.
#[tokio::test]
async fn a_requester_is_known_only_as_far_as_the_way_of_the_request_proves_it() {
    let world = hostile_setup().await.start().await;
    let shown = world.waiting_request(&sync_request()).await;
    assert_eq!(shown["subject"]["requester"], "queue:app-role-requests");
    let decided = world.decide(CHRIS, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
    assert_eq!(decided["result"]["requester"], "queue:app-role-requests");
    assert_eq!(decided["result"]["roles"][0]["approvedBy"], format!("http:{CHRIS}"));
}

#[tokio::test]
async fn what_waits_is_shown_to_its_approvers_only() {
    let world = hostile_setup().await.start().await;
    let shown = world.request_of(CHRIS).await;
    let id = shown["approvalId"].as_str().unwrap();
    for (person, is_listed, is_shown) in
        [(ANNA, true, true), (BEN, true, true), (CHRIS, false, true), (DANA, false, false)]
    {
        let listed = !world.waiting_for(person).await.is_empty();
        let seen = world.shown_to(person, id).await.status == 200;
        assert_eq!((listed, seen), (is_listed, is_shown), "{person}");
    }
}
