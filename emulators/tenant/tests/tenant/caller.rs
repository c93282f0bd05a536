//! A caller of the emulated tenant: the broker's identity, with a token of its own.

use std::time::Duration;

use loopback::http_client_builder;
use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tenant_emulator::{
    Directory, Tenant,
    contoso::{BROKER_IDENTITY_CLIENT_ID, MICROSOFT_GRAPH_URI, contoso},
};

use crate::payload;

/// The longest wait of a failing test.
const FAR_TOO_LONG: Duration = Duration::from_secs(20);

/// An object id that no service principal has.
pub(crate) const NOBODY: &str = "c0a70500-0000-4000-8000-0000000000ff";

/// The broker's identity, calling the tenant.
pub(crate) struct Caller {
    pub(crate) tenant: Tenant,
    pub(crate) http: Client,
    pub(crate) token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Caller {
    /// Calls Contoso's tenant.
    pub(crate) async fn in_contoso() -> Self {
        Self::of(contoso()).await
    }

    /// Calls a tenant with this directory.
    pub(crate) async fn of(directory: Directory) -> Self {
        let tenant = Tenant::start(directory).await.unwrap();
        let mut caller =
            Self { tenant, http: http_client_builder().build().unwrap(), token: String::new() };
        caller.renew_token().await;
        caller
    }

    /// Asks for a new token, with the roles that the broker holds now.
    pub(crate) async fn renew_token(&mut self) {
        let answer = self.ask_for_token(MICROSOFT_GRAPH_URI).await;
        self.token = answer.json()["access_token"].as_str().unwrap().to_owned();
    }

    /// Asks the identity endpoint for a token of the broker's identity.
    pub(crate) async fn ask_for_token(&self, resource: &str) -> Answer {
        let identity = ("client_id", BROKER_IDENTITY_CLIENT_ID);
        let version = ("api-version", "2019-08-01");
        self.ask_identity_endpoint(&[version, ("resource", resource), identity]).await
    }

    /// Asks the identity endpoint with these parameters.
    pub(crate) async fn ask_identity_endpoint(&self, parameters: &[(&str, &str)]) -> Answer {
        let url = url::Url::parse_with_params(&self.tenant.identity_endpoint(), parameters);
        let header = self.tenant.identity_header();
        let request = self.http.get(url.unwrap()).header("x-identity-header", header);
        Answer::to(request).await
    }

    /// Asks Microsoft Graph; `path` starts behind the version.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.http.get(self.url(path)).bearer_auth(&self.token)).await
    }

    /// Asks Microsoft Graph as an advanced query needs it, but for `$count=true`.
    pub(crate) async fn get_eventually(&self, path: &str) -> Answer {
        let request = self.http.get(self.url(path)).bearer_auth(&self.token);
        Answer::to(request.header("ConsistencyLevel", "eventual")).await
    }

    /// Posts a body to Microsoft Graph; `path` starts behind the version.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.post_request(path, body)).await
    }

    /// A request yet to be sent, which posts a body to Microsoft Graph.
    pub(crate) fn post_request(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http.post(self.url(path)).bearer_auth(&self.token).json(body)
    }

    /// Creates an assignment, with the principal in the URL and in the body.
    pub(crate) async fn assign(&self, principal: &str, api: &str, role: &str) -> Answer {
        self.post(&assignments_path(principal), &assignment(principal, api, role)).await
    }

    /// Deletes an assignment of the principal in the URL.
    pub(crate) async fn unassign(&self, principal: &str, assignment_id: &str) -> Answer {
        self.delete(&format!("{}/{assignment_id}", assignments_path(principal))).await
    }

    /// Deletes something from Microsoft Graph; `path` starts behind the version.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.http.delete(self.url(path)).bearer_auth(&self.token)).await
    }

    /// The full URL of a path that starts behind the version.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/v1.0{path}", self.tenant.graph_endpoint())
    }
}

/// A text as part of a URL's query, with everything percent-encoded that could mean something there.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// The path of the list of those service principals that a filter lets through.
pub(crate) fn filtered_path(filter: &str) -> String {
    format!("/servicePrincipals?$filter={}", percent_encoded(filter))
}

impl Answer {
    /// Sends a request and reads the answer.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Asserts on status and body.
    #[track_caller]
    pub(crate) fn assert_is(&self, status: u16, payload_file: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        payload::assert_same_shape(&self.text, payload_file);
    }
}

/// The path of the assignments that a principal holds.
pub(crate) fn assignments_path(principal: &str) -> String {
    format!("/servicePrincipals/{principal}/appRoleAssignments")
}

/// The body that creates an assignment.
pub(crate) fn assignment(principal: &str, api: &str, role: &str) -> Value {
    json!({ "principalId": principal, "resourceId": api, "appRoleId": role })
}

/// Waits for a condition.
pub(crate) async fn until(condition: impl AsyncFn() -> bool) {
    loopback::until(FAR_TOO_LONG, condition).await.expect("the condition is met in time");
}
