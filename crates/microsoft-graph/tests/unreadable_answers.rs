//! Answers that cannot be used, or only after another read.

use std::sync::atomic::Ordering::SeqCst;

use app_roles::{held::HeldAssignments, names::PrincipalName, outcome::Code, request::Action};
use microsoft_graph::{Lookup, assignments::Written, error::ErrorKind};
use serde_json::{Value, json};
use warp::http::Method;

use crate::{
    payloads::{GRAPH_API, id},
    server::{Answer, PRINCIPAL, Request, body, fast, graph, soon, status},
    writes::{USER_READ_ALL, intent_to, options},
};

fn assignment() -> Value {
    json!({ "id": "a", "resourceId": GRAPH_API, "appRoleId": USER_READ_ALL })
}

fn created_at(created: &str) -> Value {
    json!({
        "id": "a", "resourceId": GRAPH_API, "appRoleId": USER_READ_ALL, "createdDateTime": created,
    })
}

#[tokio::test]
async fn a_created_assignment_whose_answer_cannot_be_read_is_found_in_the_list() {
    for answer in ["", "{}", "null", "[]", "not JSON", "{\"id\":", "{\"id\":null}", "{\"id\":5}"] {
        let now = time::OffsetDateTime::now_utc();
        let created = now.format(&time::format_description::well_known::Rfc3339).unwrap();
        let list = json!({ "value": [created_at(&created)] });
        let respond = move |request: &Request| match request.method {
            Method::POST => status(201, answer),
            _ => body(&list),
        };
        let (graph, requests) = graph(fast(), respond).await;
        let intent = intent_to(Action::Assign, USER_READ_ALL);
        let held = HeldAssignments::default();
        let written = graph.assignments().write(&intent, &held, options()).await.unwrap();
        let Written::Assigned(response) = written else { panic!("{answer:?}: {written:?}") };
        assert_eq!(response.body.id, "a");
        assert_eq!(requests.load(SeqCst), 2, "{answer:?}");
    }
}

/// Complete answers that are no list.
const NO_LISTS: [&str; 9] = [
    "{}",
    "[]",
    "null",
    "5",
    "<html>gateway</html>",
    r#"{"value":null}"#,
    r#"{"value":{}}"#,
    r#"{"value":[],"@odata.nextLink":5}"#,
    r#"{"value":[]} more"#,
];

#[tokio::test]
async fn an_answer_that_is_no_list_is_read_once_more_and_is_an_error_of_its_own() {
    for answer in NO_LISTS {
        let (graph, requests) = graph(fast(), move |_| status(200, answer)).await;
        let listed = graph.assignments().list_by_object_id(id(PRINCIPAL), soon()).await;
        let error = listed.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{answer}");
        assert!(!error.is_worth_another_delivery(), "{answer}");
        assert_eq!(requests.load(SeqCst), 2, "{answer}");
        let text = error.to_string();
        for word in ["missing field", "expected", "invalid type", " line ", "column"] {
            assert!(!text.contains(word), "{answer}: {text}");
        }
        assert_eq!(error.into_failure().code, Code::GraphUnreadable);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_wrong_once_is_read_again() {
    let list = json!({ "value": [assignment()] }).to_string();
    let cut: Vec<String> = (0..list.len()).step_by(7).map(|end| list[..end].to_owned()).collect();
    for first in cut.into_iter().chain(NO_LISTS.map(str::to_owned)) {
        let (first_text, list) = (first.clone(), list.clone());
        let respond = move |request: &Request| match request.number {
            0 => status(200, first_text.clone()),
            _ => status(200, list.clone()),
        };
        let (graph, requests) = graph(fast(), respond).await;
        let listed = graph.assignments().list_by_object_id(id(PRINCIPAL), soon()).await;
        assert_eq!(listed.unwrap().len(), 1, "{first:?}");
        assert_eq!(requests.load(SeqCst), 2, "{first:?}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_an_invalid_character_spoil_no_answer() {
    let mut text = b"\xEF\xBB\xBF".to_vec();
    text.extend(json!({ "id": PRINCIPAL, "displayName": "NAME" }).to_string().into_bytes());
    let start = text.windows(4).position(|part| part == b"NAME").unwrap();
    text[start] = 0xFF;
    let answer = move |_: &Request| -> Answer { status(200, text.clone()) };
    let (graph, _) = graph(fast(), answer).await;
    let name = PrincipalName::ObjectId(id(PRINCIPAL));
    let found = graph.service_principals().find(&name, soon()).await.unwrap();
    let Lookup::Found(principal) = found else { panic!("{found:?}") };
    assert_eq!(principal.display_name, "\u{FFFD}AME");
}
