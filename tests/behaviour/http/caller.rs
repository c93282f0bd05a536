//! Calls the function over HTTP, as callers that the policy knows.

use functions_host_emulator::{HostKey, KeyLevel};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API_APP_ID, ORDERS_IDENTITY, SUBSCRIPTION_ID};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{Setup, World, http_client};

pub(crate) const FUNCTION: &str = "AssignRoleHttp";

/// The name of the team's function key.
pub(crate) const TEAM: &str = "orders-team";
pub(crate) const TEAM_KEY: &str = "the-secret-key-of-the-orders-team";

/// A user of the tenant with the team's rights.
pub(crate) const OPERATOR: &str = "c0a70500-0000-4000-8000-00000000d001";

/// A policy that lets a team and an operator assign, revoke and read some roles.
pub(crate) fn policy() -> String {
    let scope = |group: &str| format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}");
    json!({ "version": 1, "allow": [
        { "name": "orders", "requesters": [format!("key:{TEAM}"), format!("http:{OPERATOR}")],
          "principals": [scope("rg-orders-dev"), scope("rg-batch-*"), scope("rg-load")], "api": ORDERS_API_APP_ID,
          "roles": ["Orders.Read", "Orders.Write", "Orders.Archive", "Orders.Approve"],
          "actions": ["assign", "revoke", "read"] },
    ]})
    .to_string()
}

/// A setup with the policy, a key for the team, and deadlines that are long enough on a busy machine.
pub(crate) async fn setup() -> Setup {
    let mut setup = Setup::new().await.with_setting("PACE_FACTOR", "0.5");
    setup.policy = Some(policy());
    setup.keys = vec![function_key(TEAM, TEAM_KEY)];
    setup
}

pub(crate) fn function_key(name: &str, value: &str) -> HostKey {
    let level = KeyLevel::Function { function: FUNCTION.to_owned() };
    HostKey { name: name.to_owned(), value: value.to_owned(), level }
}

/// The answer to a call.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that the answer is a problem of this type, and returns the problem.
    pub(crate) fn problem(&self, status: u16, name: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:app-role-broker:problem:{name}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{problem}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
        assert!(problem["instance"].as_str().unwrap().starts_with("urn:uuid:"), "{problem}");
        problem
    }

    /// Asserts that the answer is a success, and returns its body.
    pub(crate) fn success(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        self.json()
    }
}

impl World {
    /// A call of the HTTP function, without a key.
    pub(crate) fn call(&self, method: Method, query: &str) -> RequestBuilder {
        let mut url = self.host.http_url().join("api/app-role-assignments").unwrap();
        url.set_query((!query.is_empty()).then_some(query));
        http_client().request(method, url)
    }

    /// Posts a request with the team's key.
    pub(crate) async fn post(&self, request: &Value) -> Answer {
        send(self.call(Method::POST, "").header("x-functions-key", TEAM_KEY).json(request)).await
    }

    /// Lists the roles that a principal holds, with the team's key.
    pub(crate) async fn look(&self, principal: &str, api: &str) -> Answer {
        let mut url = self.host.http_url().join("api/app-role-assignments").unwrap();
        url.query_pairs_mut().append_pair("principal", principal).append_pair("api", api);
        send(http_client().get(url).header("x-functions-key", TEAM_KEY)).await
    }
}

pub(crate) async fn send(call: RequestBuilder) -> Answer {
    let response = call.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// Sends bytes over a new connection and reads the answer to its end.
pub(crate) async fn exchange(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A request for the identity that the team may assign roles to.
pub(crate) fn ask(roles: &[&str]) -> Value {
    ask_for(ORDERS_IDENTITY, roles)
}

pub(crate) fn ask_for(principal: &str, roles: &[&str]) -> Value {
    json!({ "principal": principal, "api": "api://orders", "roles": roles })
}
