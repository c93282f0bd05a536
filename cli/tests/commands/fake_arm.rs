//! A server that lists role assignments like Azure Resource Manager.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use warp::{Filter, http::StatusCode};

use crate::world::POLICY;

/// The ID of the role Reader ("Azure built-in roles").
pub(crate) const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

/// Starts a server that answers with this status and with assignments of these roles. Returns its address.
pub(crate) async fn start(status: u16, roles: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (status, body) = (StatusCode::from_u16(status).unwrap(), assignments(roles));
    let path = format!("{}/providers/Microsoft.Authorization/roleAssignments", scope());
    let route = warp::get()
        .and(warp::path::full())
        .and(warp::query::raw())
        .and(warp::header::<String>("authorization"))
        .map(move |asked: warp::path::FullPath, query: String, token: String| {
            assert!(asked.as_str().eq_ignore_ascii_case(&path), "{asked:?}");
            assert!(query.contains("api-version=2022-04-01"), "{query}");
            assert!(query.contains("atScope"), "{query}");
            assert!(token.starts_with("Bearer "));
            warp::reply::with_status(warp::reply::json(&body), status)
        });
    tokio::spawn(warp::serve(route).incoming(listener).run());
    format!("http://{address}")
}

/// The resource group of the policy.
fn scope() -> String {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
    policy["allow"][0]["principals"][0].as_str().unwrap().to_owned()
}

fn assignments(roles: &[&str]) -> Value {
    let assignment = |role: &&str| {
        let definition = format!("/providers/Microsoft.Authorization/roleDefinitions/{role}");
        json!({ "properties": { "roleDefinitionId": definition, "scope": scope() } })
    };
    json!({ "value": roles.iter().map(assignment).collect::<Vec<_>>() })
}
