//! The check of the broker's Azure roles. The broker must be able to read the identities of the resources
//! that the policy's rules cover.

use app_roles::ids::ObjectId;
use azure_core::http::Url;
use azure_rest::{arm::NEEDED_ROLE, body::BodyLimit, rest::RequestError, retry::Deadline};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::finding::Finding;
use crate::{
    failure::Failure,
    session::{ArmAccess, Session},
};

const CHECK: &str = "the broker's Azure role";

/// What to do about a service that does not answer.
const AGAIN: &str = "run the command again in a few minutes";

/// The version of the API ("Role Assignments - List For Scope").
const API_VERSION: &str = "2022-04-01";

/// IDs of roles that can read all resources ("Azure built-in roles": Reader, Contributor, Owner).
const READER_ROLES: [&str; 3] = [
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
];

/// Checks the broker's roles on each Azure scope of the policy.
pub(super) async fn check(session: &Session, broker: Option<&str>) -> Vec<Finding> {
    let Some(broker) = broker else {
        return vec![Finding::not_checked(CHECK, "--broker-identity")];
    };
    let scopes = session.policy().scopes_of_changes();
    if scopes.is_empty() {
        return vec![Finding::ok(CHECK, "not needed: the policy has no Azure scope")];
    }
    // The check of the app roles reports an unknown broker.
    let Ok(broker) = session.directory().principal(broker).await else { return Vec::new() };
    let mut findings = Vec::new();
    for scope in scopes {
        findings.push(check_scope(session.arm(), broker.object_id, &scope).await);
    }
    findings
}

async fn check_scope(arm: &ArmAccess, broker: ObjectId, scope: &str) -> Finding {
    let roles = match roles(arm, broker, scope).await {
        Ok(roles) => roles,
        Err(failure) => {
            let sentence = format!("{scope}: {}", failure.sentence);
            return Finding::not_seen(CHECK, &Failure { sentence, ..failure });
        }
    };
    let can_read = |role: &String| READER_ROLES.iter().any(|known| role.ends_with(known));
    if roles.iter().any(can_read) {
        return Finding::ok(CHECK, format!("{scope}: can read"));
    }
    if !roles.is_empty() {
        let count = roles.len();
        return Finding::unclear(
            CHECK,
            format!("{scope}: has {count} roles that this program does not know"),
        )
        .advice("check in the portal that one of them can read the identities of resources");
    }
    Finding::bad(
        CHECK,
        format!("{scope}: has no role, so its identities get nothing by a rule for this scope"),
    )
    .advice(format!(
        "az role assignment create --assignee-object-id {broker} --assignee-principal-type \
             ServicePrincipal --role {NEEDED_ROLE} --scope {scope}"
    ))
}

/// Lists the IDs of the broker's roles on a scope, including inherited ones.
async fn roles(arm: &ArmAccess, broker: ObjectId, scope: &str) -> Result<Vec<String>, Failure> {
    let request = arm.rest.request(Method::GET, address(&arm.endpoint, broker, scope));
    let deadline = Deadline::after(arm.rest.timing().call);
    let response = arm.rest.send(request, BodyLimit::LARGE, deadline).await.map_err(no_answer)?;
    match response.status {
        StatusCode::OK => {
            let body = response.body().map_err(no_answer)?;
            role_ids(body).ok_or_else(|| {
                Failure::failed("Azure Resource Manager's answer is no list of role assignments")
                    .hint(AGAIN)
            })
        }
        StatusCode::FORBIDDEN => Err(Failure::failed("you cannot list its role assignments")
            .hint(format!("you need the Azure role {NEEDED_ROLE} on this scope"))),
        StatusCode::NOT_FOUND => Err(Failure::not_found("the scope does not exist")
            .hint("correct the scope in the policy, or sign in to the right tenant")),
        status => {
            Err(Failure::failed(format!("Azure Resource Manager answered {status}")).hint(AGAIN))
        }
    }
}

/// The roles of a page of assignments; `None` if it is no such page. An assignment without a role is
/// ignored. Only the first page is read, because a broker has few Azure roles.
fn role_ids(body: &[u8]) -> Option<Vec<String>> {
    let page: Value = serde_json::from_slice(body).ok()?;
    let assignments = page.get("value")?.as_array()?.iter();
    let role =
        |one: &Value| one.pointer("/properties/roleDefinitionId")?.as_str().map(str::to_owned);
    Some(assignments.filter_map(role).collect())
}

fn no_answer(error: RequestError) -> Failure {
    match error {
        RequestError::NotSignedIn(error) => {
            Failure::failed(format!("no token for Azure Resource Manager: {error}"))
                .hint("sign in again with `az login`")
        }
        RequestError::Unreachable(_) => {
            Failure::failed("Azure Resource Manager does not answer").hint(AGAIN)
        }
    }
}

/// Returns the URL that lists the broker's role assignments on a scope ("List Azure role assignments using
/// the REST API").
fn address(endpoint: &Url, broker: ObjectId, scope: &str) -> Url {
    let mut url = endpoint.clone();
    // Only a URL that cannot have a path refuses segments, and an endpoint is http or https.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(scope.split('/').skip(1));
        path.extend(["providers", "Microsoft.Authorization", "roleAssignments"]);
    }
    url.query_pairs_mut()
        .append_pair("api-version", API_VERSION)
        .append_pair("$filter", &format!("atScope() and assignedTo('{broker}')"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_assignment_that_cannot_be_read_does_not_hide_the_others() {
        let page = r#"{"value":[null,7,{"properties":null},{"properties":{"roleDefinitionId":null}},
            {"properties":{"roleDefinitionId":"reader","principalId":null},"id":7}],"nextLink":null}"#;
        assert_eq!(role_ids(page.as_bytes()), Some(vec!["reader".to_owned()]));
        for other in ["", "<html>", "null", "[]", "{}", r#"{"value":null}"#, r#"{"value":{}}"#] {
            assert_eq!(role_ids(other.as_bytes()), None, "{other}");
        }
    }
}
