//! Whether the broker may see, in Azure Resource Manager, which identities the resources of the baseline
//! have.

use app_roles::ids::ObjectId;
use azure_core::http::Url;
use azure_rest::{arm::NEEDED_ROLE, client::causes};
use reqwest::{StatusCode, header::AUTHORIZATION};
use serde::Deserialize;

use super::finding::Finding;
use crate::{failure::Failure, session::Session};

const CHECK: &str = "the broker's Azure role";

/// The version of the API ("Role Assignments - List For Scope").
const API_VERSION: &str = "2022-04-01";

/// Ids of roles that may read everything ("Azure built-in roles": Reader, Contributor, Owner).
const READING_ROLES: [&str; 3] = [
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
];

/// A list of role assignments. What is beyond the first page is more of the same.
#[derive(Deserialize)]
struct WirePage {
    value: Vec<WireAssignment>,
}

#[derive(Deserialize)]
struct WireAssignment {
    properties: WireProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    role_definition_id: String,
}

/// A finding for each place of the baseline.
pub(super) async fn examine(session: &Session, broker: Option<&str>) -> Vec<Finding> {
    let Some(broker) = broker.filter(|text| !text.is_empty()) else {
        return vec![Finding::not_checked(CHECK, "--broker-identity")];
    };
    let scopes = session.broker.policy().baseline_scopes();
    if scopes.is_empty() {
        return vec![Finding::ok(CHECK, "none is needed: the baseline is about no Azure scope")];
    }
    let broker = match session.principal(broker).await {
        Ok(broker) => broker.object_id,
        // Said of its app roles already.
        Err(_) => return Vec::new(),
    };
    let mut findings = Vec::new();
    for scope in scopes {
        findings.push(examine_scope(session, broker, &scope).await);
    }
    findings
}

async fn examine_scope(session: &Session, broker: ObjectId, scope: &str) -> Finding {
    let roles = match roles(session, broker, scope).await {
        Ok(roles) => roles,
        Err(Failure { exit, sentence, hint }) => {
            let sentence = format!("{scope}: {sentence}");
            return Finding::failed(CHECK, &Failure { exit, sentence, hint });
        }
    };
    let reads = |role: &String| READING_ROLES.iter().any(|known| role.ends_with(known));
    if roles.iter().any(reads) {
        return Finding::ok(CHECK, format!("{scope}: it may read"));
    }
    if !roles.is_empty() {
        let count = roles.len();
        return Finding::unclear(
            CHECK,
            format!("{scope}: it has {count} of which nothing is known here"),
        )
        .advice("see in the portal whether one of them may read the identities of resources");
    }
    Finding::bad(CHECK, format!("{scope}: it has none, and learns of new identities late")).advice(
        format!(
            "az role assignment create --assignee-object-id {broker} --assignee-principal-type \
             ServicePrincipal --role {NEEDED_ROLE} --scope {scope}"
        ),
    )
}

/// The definitions of the roles that the broker has on a scope, or above it.
async fn roles(session: &Session, broker: ObjectId, scope: &str) -> Result<Vec<String>, Failure> {
    let arm = &session.arm;
    let token = arm.tokens.token().await.map_err(|error| {
        Failure::failed(format!("no token for Azure Resource Manager: {error}"))
            .hint("sign in anew with `az login`")
    })?;
    let call = arm
        .client
        .get(address(&arm.endpoint, broker, scope))
        .header(AUTHORIZATION, token.authorization());
    let unanswered = |error: reqwest::Error| {
        let causes = causes(&error.without_url());
        Failure::failed(format!("Azure Resource Manager does not answer: {causes}"))
    };
    let response = call.send().await.map_err(unanswered)?;
    match response.status() {
        StatusCode::OK => {
            let page: WirePage = response.json().await.map_err(unanswered)?;
            Ok(page.value.into_iter().map(|one| one.properties.role_definition_id).collect())
        }
        StatusCode::FORBIDDEN => Err(Failure::failed("you may not see who has roles there")
            .hint(format!("you need the Azure role {NEEDED_ROLE} on the scope yourself"))),
        StatusCode::NOT_FOUND => Err(Failure::failed("there is no such place in Azure")
            .hint("mend the scope in the policy, or sign in to the tenant that is meant")),
        status => Err(Failure::failed(format!("Azure Resource Manager answered {status}"))),
    }
}

/// Where the role assignments of a principal are listed that count on a scope ("List Azure role
/// assignments using the REST API").
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
