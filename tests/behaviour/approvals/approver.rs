//! A world in which a role needs an approval, and callers who may not give it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BROKER_IDENTITY, ORDERS_API_APP_ID, ORDERS_IDENTITY, SUBSCRIPTION_ID,
};

use crate::{
    approvals::approval_world::{ANNA, BEN, setup, token_of},
    http::{
        caller::{Answer, OPERATOR, TEAM, TEAM_KEY, ask, send},
        sign_in::signed_in,
    },
    world::{Setup, World, http_client},
};

/// A user whom no rule names.
pub(crate) const STRANGER: &str = "c0a70500-0000-4000-8000-00000000d0a3";

/// An id that no approval has.
pub(crate) const ABSENT: &str = "c0a70500-0000-4000-8000-0000000000ff";

/// The approvers whom the rule names. It also names identities that may never decide.
const APPROVERS: [&str; 5] = [ANNA, BEN, OPERATOR, ORDERS_IDENTITY, BROKER_IDENTITY];

/// A policy that requires this many approvals for `Orders.Write`, and none for `Orders.Read`.
pub(crate) fn policy(count: usize) -> Value {
    let rule = |name: &str, role: &str| {
        json!({
            "name": name, "requesters": [format!("key:{TEAM}"), format!("http:{OPERATOR}")],
            "principals": [format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-orders-dev")],
            "api": ORDERS_API_APP_ID, "roles": [role],
        })
    };
    let mut writers = rule("orders writers", "Orders.Write");
    let by = APPROVERS.map(|id| format!("http:{id}"));
    writers["approval"] = json!({ "by": by, "count": count });
    json!({ "version": 1, "allow": [rule("orders readers", "Orders.Read"), writers] })
}

/// A setup with the policy, whose callers can sign in.
pub(crate) async fn setup_with_approvers(count: usize) -> Setup {
    let mut setup = setup().await.with_setting("PACE_FACTOR", "0.5");
    setup.policy = Some(policy(count).to_string());
    let principals = &mut setup.easy_auth.as_mut().unwrap().principals;
    principals
        .extend(APPROVERS.into_iter().chain([STRANGER]).map(|id| (token_of(id), signed_in(id))));
    setup
}

/// A world in which one approval is enough.
pub(crate) async fn world() -> World {
    setup_with_approvers(1).await.start().await
}

/// A decision on an approval as it was shown.
pub(crate) fn decision(word: &str, approval: &Value) -> Value {
    json!({ "decision": word, "digest": approval["digest"] })
}

/// The id of an approval, or of the approval that a result names.
pub(crate) fn id_of(answer: &Value) -> &str {
    answer["approvalId"].as_str().unwrap_or_else(|| panic!("no approvalId: {answer}"))
}

impl World {
    /// A call about approvals, without a sign-in. The path is empty, or `/` and an id.
    pub(crate) fn anonymous_call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.host.http_url().join(&format!("api/app-role-approvals{path}")).unwrap();
        http_client().request(method, url)
    }

    /// Sends a decision of a user on the approval with this id.
    pub(crate) async fn decide_as(&self, user: &str, id: &str, decision: &Value) -> Answer {
        send(self.approvals_call(Method::POST, id, user).json(decision)).await
    }

    /// Requests the role that needs an approval, with the team's key. Returns what an approver is shown.
    pub(crate) async fn waiting(&self) -> Value {
        let result = self.post(&ask(&["Orders.Write"])).await.success(202);
        self.shown_to(ANNA, id_of(&result)).await.success(200)
    }

    /// The state of a request, as the team's key can read it.
    pub(crate) async fn became_of(&self, id: &str) -> Answer {
        let call = self.call(Method::GET, &format!("approval={id}"));
        send(call.header("x-functions-key", TEAM_KEY)).await
    }
}
