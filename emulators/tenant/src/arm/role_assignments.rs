//! Azure roles: the list of a principal's role assignments on a scope ("Role Assignments - List For Scope").

use serde_json::json;
use uuid::Uuid;
use warp::{Reply, reply::Response};

use super::{error, target::percent_decoded};
use crate::{directory::Directory, failure::Failure, incoming_request::IncomingRequest};

/// The path below a scope, in lower case.
const LIST: &str = "/providers/microsoft.authorization/roleassignments";

/// The versions of the list.
pub(super) const API_VERSIONS: [&str; 1] = ["2022-04-01"];

/// The id of the role Reader, which is equal everywhere ("Azure built-in roles").
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

/// The scope of a request for this list, in lower case; `None` for other requests.
pub(super) fn scope(path: &str) -> Option<String> {
    percent_decoded(path).to_lowercase().strip_suffix(LIST).map(str::to_owned)
}

/// Lists the assignments of a principal on a scope, including those on enclosing scopes.
pub(super) fn list(
    directory: &Directory,
    incoming: &IncomingRequest,
    asked: &str,
) -> Result<Response, Failure> {
    let filter = incoming.parameters().find(|(name, _)| name == "$filter");
    let filter = filter.map(|(_, filter)| filter).unwrap_or_default();
    let principal = filter
        .strip_prefix("atScope() and assignedTo('")
        .and_then(|rest| rest.strip_suffix("')"))
        .ok_or_else(|| error::filter_not_emulated(&filter))?;
    let applies = |scope: &&String| {
        asked
            .strip_prefix(scope.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let readable = directory.readable_scopes(principal).iter().filter(applies);
    let assignments: Vec<_> = readable.map(|scope| assignment(scope, principal)).collect();
    Ok(warp::reply::json(&json!({ "value": assignments })).into_response())
}

fn assignment(scope: &str, principal: &str) -> serde_json::Value {
    let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{scope}|{principal}").as_bytes());
    let subscription = scope.split('/').take(3).collect::<Vec<_>>().join("/");
    json!({
        "properties": {
            "roleDefinitionId": format!(
                "{subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
            ),
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "scope": scope,
        },
        "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    })
}
