//! Requests as Microsoft's SDKs send them: with headers of their own, compressed bodies, and query options
//! for every list and object.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tenant_emulator::contoso::{
    MICROSOFT_GRAPH, ORDERS_ADMIN, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ,
    ORDERS_WRITE,
};

use crate::caller::{Answer, Caller, assignment, assignments_path, filtered_path};

/// More than Microsoft Graph shows of an expanded relation.
const MANY: usize = 25;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Posts a body with this content encoding and content type.
async fn post_encoded(caller: &Caller, encoding: &str, media_type: &str, body: Vec<u8>) -> Answer {
    let request = caller
        .http
        .post(caller.url(&assignments_path(ORDERS_IDENTITY)))
        .bearer_auth(&caller.token)
        .header("content-encoding", encoding)
        .header("content-type", media_type)
        .body(body);
    Answer::to(request).await
}

#[tokio::test]
async fn a_body_in_another_encoding_than_it_says_is_unreadable() {
    let caller = Caller::in_contoso().await;
    let plain = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).to_string().into_bytes();
    let cut = gzip(&plain).split_at(30).0.to_vec();
    for (encoding, body) in [
        ("gzip", plain.clone()),
        ("gzip", cut),
        ("gzip", gzip(b"{")),
        ("gzip", gzip(&vec![b' '; 1 << 24])),
        ("identity", gzip(&plain)),
        ("br", plain.clone()),
        ("gzip, gzip", gzip(&plain)),
    ] {
        let answer = post_encoded(&caller, encoding, "application/json", body).await;
        answer.assert_is(400, "error-unreadable-payload.json");
    }
    let answer = post_encoded(&caller, "identity", "application/jsonp", plain).await;
    answer.assert_is(400, "error-unreadable-payload.json");
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn a_compressed_body_creates_the_same_assignment() {
    let plain = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).to_string().into_bytes();
    for (encoding, media_type, body) in [
        ("gzip", "application/json", gzip(&plain)),
        ("GZip", "Application/JSON; charset=utf-8", gzip(&plain)),
        ("identity", "application/json;odata.metadata=minimal", plain),
    ] {
        let caller = Caller::in_contoso().await;
        let answer = post_encoded(&caller, encoding, media_type, body).await;
        answer.assert_is(201, "create-assignment-of-own-api-response.json");
        assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    }
}

#[tokio::test]
async fn headers_that_the_sdks_add_change_nothing_and_the_request_id_comes_back() {
    let caller = Caller::in_contoso().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let request = caller
        .post_request(&assignments_path(ORDERS_IDENTITY), &body)
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, deflate")
        .header("client-request-id", "8d7a0a1c-5c0f-4f0e-9d55-0c3c1f3f1a11")
        .header("ConsistencyLevel", "eventual")
        .header("FeatureFlag", "00000043")
        .header("Host-Os", "Linux")
        .header("Prefer", "return=representation, odata.maxpagesize=1")
        .header("Runtime-Environment", "CPython/3.12")
        .header(
            "SdkVersion",
            "graph-dotnet/6.10.0, graph-dotnet-core/4.0.1 (featureUsage=00000043)",
        )
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let answer = Answer::to(request).await;
    answer.assert_is(201, "create-assignment-of-own-api-response.json");
    assert_eq!(answer.header("client-request-id"), "8d7a0a1c-5c0f-4f0e-9d55-0c3c1f3f1a11");
}

#[tokio::test]
async fn selected_properties_of_assignments_are_the_only_ones_and_the_context_names_them() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let path = assignments_path(ORDERS_IDENTITY);
    let list = caller.get(&format!("{path}?%24select=id%2CappRoleId")).await.json();
    let expected = json!({ "id": id, "appRoleId": ORDERS_READ });
    assert_eq!(list["value"], json!([expected]));
    let context = list["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("/appRoleAssignments(id,appRoleId)"), "{context}");
    let one = caller.get(&format!("{path}/{id}?$select=appRoleId")).await.json();
    let context = one["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("/appRoleAssignments(appRoleId)/$entity"), "{context}");
    assert_eq!(one["appRoleId"], ORDERS_READ);
    assert_eq!(one["id"], Value::Null);
    for path in [path.clone(), format!("{path}/{id}")] {
        let answer = caller.get(&format!("{path}?$select=role")).await;
        let error = answer.json()["error"].clone();
        let end = "named 'role' on type 'microsoft.graph.appRoleAssignment'.";
        assert!(error["message"].as_str().unwrap().ends_with(end), "{error}");
    }
}

#[tokio::test]
async fn assignments_are_counted_on_the_first_page_of_an_advanced_query_only() {
    let caller = Caller::in_contoso().await;
    for role in [ORDERS_READ, ORDERS_WRITE, ORDERS_ADMIN] {
        caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, role).unwrap();
    }
    let path = format!("{}?%24count=true&%24top=2", assignments_path(ORDERS_IDENTITY));
    let first = caller.get_eventually(&path).await.json();
    assert_eq!(first["@odata.count"], 3);
    let link = first["@odata.nextLink"].as_str().unwrap().replace(&caller.url(""), "");
    let second = caller.get_eventually(&link).await.json();
    assert_eq!(second["@odata.count"], Value::Null);
    assert_eq!(second["value"].as_array().unwrap().len(), 1);
    assert_eq!(caller.get(&path).await.json()["@odata.count"], Value::Null);
}

#[tokio::test]
async fn an_expanded_relation_has_twenty_assignments_at_most_and_no_link_to_more() {
    let caller = Caller::in_contoso().await;
    for number in 1..=MANY {
        let role = format!("Generated.{number:03}.Read.All");
        caller.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, &role).unwrap();
    }
    let path =
        format!("/servicePrincipals/{ORDERS_IDENTITY}?$select=id&$expand=appRoleAssignments");
    let answer = caller.get(&path).await.json();
    assert_eq!(answer["appRoleAssignments"].as_array().unwrap().len(), 20);
    assert_eq!(answer["appRoleAssignments@odata.nextLink"], Value::Null);
    let context = answer["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("#servicePrincipals(id,appRoleAssignments())/$entity"), "{context}");
}

#[tokio::test]
async fn relations_are_expanded_in_lists_but_not_in_an_advanced_query_or_by_another_name() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let path = filtered_path(&format!("appId eq '{ORDERS_API_APP_ID}'"));
    let list = caller.get(&format!("{path}&$expand=appRoleAssignedTo,appRoleAssignments")).await;
    let api = list.json()["value"][0].clone();
    assert_eq!(api["id"], ORDERS_API);
    assert_eq!(api["appRoleAssignedTo"][0]["id"], id);
    assert_eq!(api["appRoleAssignments"], json!([]));
    let advanced = format!("{path}&$expand=appRoleAssignedTo&$count=true");
    for answer in [
        caller.get_eventually(&advanced).await,
        caller.get(&format!("{path}&$expand=owners")).await,
        caller.get(&format!("{path}&$expand=appRoleAssignedTo($top=1)")).await,
    ] {
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
}

#[tokio::test]
async fn filters_are_read_with_the_white_space_and_variables_that_clients_choose() {
    let caller = Caller::in_contoso().await;
    for filter in [
        format!("appId eq '{}'", ORDERS_API_APP_ID.to_uppercase()),
        "startswith(displayName, 'Orders A')".to_owned(),
        "servicePrincipalNames/any(n: n eq 'api://orders')".to_owned(),
        " displayName  eq 'orders api' ".to_owned(),
    ] {
        let list = caller.get(&filtered_path(&filter)).await.json();
        assert_eq!(list["value"][0]["id"], ORDERS_API, "{filter}: {list}");
    }
}
