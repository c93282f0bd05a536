//! A world with a rule that needs approvals, and with approvers.

use std::collections::BTreeMap;

use functions_host_emulator::EasyAuth;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tenant_emulator::contoso::{MICROSOFT_GRAPH_APP_ID, ORDERS_API_APP_ID, SUBSCRIPTION_ID};

use crate::{
    http::{
        caller::{Answer, FUNCTION, TEAM, TEAM_KEY, function_key, send},
        sign_in::signed_in,
    },
    world::{Setup, World, http_client},
};

/// The table of approvals.
pub(crate) const APPROVALS: &str = "AppRoleApprovals";

/// The timer that finishes approvals.
pub(crate) const FINISH: &str = "FinishApprovals";

/// Persons of the tenant. The rules name the first three as approvers, and let the last two ask.
pub(crate) const ANNA: &str = "c0a70500-0000-4000-8000-00000000e001";
pub(crate) const BEN: &str = "c0a70500-0000-4000-8000-00000000e002";
pub(crate) const CHRIS: &str = "c0a70500-0000-4000-8000-00000000e003";
pub(crate) const DANA: &str = "c0a70500-0000-4000-8000-00000000e004";

/// Everyone who can sign in.
const PERSONS: [&str; 4] = [ANNA, BEN, CHRIS, DANA];

/// The token that proves a person to App Service Authentication.
pub(crate) fn token_of(person: &str) -> String {
    format!("token of {person}")
}

/// The rules of these tests. They require one approval for privileged roles of Microsoft Graph, two for
/// `Orders.Write`, and none for `Orders.Read`.
pub(crate) fn rules() -> Vec<Value> {
    let scope = |group: &str| format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}");
    let requesters = json!([
        "queue:app-role-requests",
        format!("key:{TEAM}"),
        format!("http:{DANA}"),
        format!("http:{CHRIS}")
    ]);
    let by = |persons: &[&str]| {
        persons.iter().map(|person| format!("http:{person}")).collect::<Vec<_>>()
    };
    vec![
        json!({ "name": "directory sync", "privileged": true, "maxDuration": "PT8H",
                "approval": { "by": by(&[ANNA, BEN, CHRIS]) }, "requesters": requesters,
                "principals": [scope("rg-orders-dev")], "api": MICROSOFT_GRAPH_APP_ID,
                "roles": ["Directory.ReadWrite.All", "Application.ReadWrite.All"],
                "actions": ["assign", "revoke"] }),
        json!({ "name": "orders writers", "requesters": requesters,
                "approval": { "by": by(&[ANNA, BEN, CHRIS]), "count": 2, "within": "PT1H" },
                "principals": [scope("rg-orders-dev")], "api": ORDERS_API_APP_ID,
                "roles": ["Orders.Write"], "actions": ["assign", "revoke"] }),
        json!({ "name": "orders readers", "requesters": requesters,
                "principals": [scope("rg-orders-dev")], "api": ORDERS_API_APP_ID,
                "roles": ["Orders.Read"], "actions": ["assign", "revoke"] }),
    ]
}

/// A policy of these rules.
pub(crate) fn policy_of(rules: &[Value]) -> String {
    json!({ "version": 1, "allow": rules }).to_string()
}

/// A setup with the rules, with a key for the team, and with persons who can sign in.
pub(crate) async fn setup() -> Setup {
    let mut setup = Setup::new().await.with_setting("PACE_FACTOR", "0.2");
    setup.policy = Some(policy_of(&rules()));
    setup.keys = vec![function_key(TEAM, TEAM_KEY)];
    debug_assert_eq!(FUNCTION, "AssignRoleHttp");
    let principals: BTreeMap<_, _> =
        PERSONS.iter().map(|person| (token_of(person), signed_in(person))).collect();
    setup.easy_auth = Some(EasyAuth { principals });
    setup
}

/// A request for a privileged role, which needs one approval.
pub(crate) fn sync_request() -> Value {
    json!({ "requestId": "INC-1", "principal": "id-orders", "api": "graph",
            "roles": ["Directory.ReadWrite.All"], "reason": "the directory sync writes users" })
}

/// A request for a role that needs two approvals.
pub(crate) fn write_request() -> Value {
    json!({ "requestId": "INC-2", "principal": "id-orders", "api": "api://orders",
            "roles": ["Orders.Write"] })
}

impl World {
    /// A call about approvals, with the sign-in of a person.
    pub(crate) fn approvals_call(&self, method: Method, id: &str, person: &str) -> RequestBuilder {
        let path = format!("api/app-role-approvals/{id}");
        let url = self.host.http_url().join(path.trim_end_matches('/')).unwrap();
        http_client().request(method, url).bearer_auth(token_of(person))
    }

    /// The requests that wait for a person.
    pub(crate) async fn waiting_for(&self, person: &str) -> Vec<Value> {
        let answer = send(self.approvals_call(Method::GET, "", person)).await;
        answer.success(200)["approvals"].as_array().unwrap().clone()
    }

    /// A request that waits, as a person sees it.
    pub(crate) async fn shown_to(&self, person: &str, id: &str) -> Answer {
        send(self.approvals_call(Method::GET, id, person)).await
    }

    /// Decides as a person on what was shown. `decision` is `approve` or `deny`.
    pub(crate) async fn decide(&self, person: &str, shown: &Value, decision: &str) -> Answer {
        let id = shown["approvalId"].as_str().unwrap();
        let body = json!({ "decision": decision, "digest": shown["digest"] });
        send(self.approvals_call(Method::POST, id, person).json(&body)).await
    }

    /// Sends a request by its queue, and returns the approval that waits because of it, as Anna sees it.
    pub(crate) async fn waiting_request(&self, request: &Value) -> Value {
        let result = self.result_of(&request.to_string()).await;
        let id = result["approvalId"].as_str().unwrap_or_else(|| panic!("{result}"));
        self.shown_to(ANNA, id).await.success(200)
    }

    /// Runs the timer that finishes approvals, and waits for it.
    pub(crate) async fn finish_approvals(&self) {
        self.run_timer(FINISH).await;
    }
}
