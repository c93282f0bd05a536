//! What the host stores about an invocation: log lines with a severity, and sentences for the portal.

use std::collections::BTreeSet;

use app_roles::text::is_printable;
use functions_host_emulator::{LogLevel, LogRecord};
use serde_json::{Value, from_str};
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::world::{Setup, World, new_identity, request_by_names, role};

const CONSOLE: &str = "Host.Function.Console";
const SENTENCES: &str = "Function.AssignRole.User";

/// The app in Azure, where Application Insights is connected.
pub(crate) async fn setup() -> Setup {
    Setup::new().await.with_setting("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=1")
}

/// The messages of a category.
fn messages(world: &World, category: &str) -> Vec<String> {
    let records = world.host.log().into_iter().filter(|record| record.category == category);
    records.map(|record| record.message).collect()
}

pub(crate) fn request_with_id(id: &str, role: &str) -> String {
    let request = request_by_names("assign", ORDERS_IDENTITY, &[role]);
    let mut request: Value = from_str(&request).unwrap();
    request["requestId"] = id.into();
    request.to_string()
}

#[tokio::test]
async fn one_id_joins_every_line_of_an_invocation_its_row_and_its_call_to_graph() {
    let world = setup().await.start().await;
    world.result_of(&request_with_id("INC-1", "Orders.Read")).await;
    let row = world.audit_rows(1).await.remove(0);
    let property = |name: &str| row.properties[name].as_str().unwrap().to_owned();
    let lines = messages(&world, CONSOLE).into_iter().map(|line| from_str::<Value>(&line).unwrap());
    let lines: Vec<_> =
        lines.filter(|line| line["invocation_id"] == property("invocationId").as_str()).collect();
    let traces: BTreeSet<_> = lines.iter().map(|line| line["trace_id"].as_str().unwrap()).collect();
    assert_eq!(traces, BTreeSet::from([property("traceId").as_str()]));
    let intent = lines.iter().find(|line| line["event"] == "grant.intent").unwrap();
    let requests = world.tenant.requests();
    let ids: Vec<_> =
        requests.iter().filter_map(|sent| sent.client_request_id.as_deref()).collect();
    assert!(ids.contains(&intent["client_request_id"].as_str().unwrap()));
    assert!(lines.iter().any(|line| line["event"] == "audit"));
}

#[tokio::test]
async fn a_call_without_an_operation_has_a_row_and_lines_without_one() {
    let world = World::start().await;
    world.result_of(&request_with_id("INC-1", "Orders.Read")).await;
    assert!(!world.audit_rows(1).await[0].properties.contains_key("traceId"));
    let audit: Value = from_str(&world.log_line("\"audit\"").await).unwrap();
    assert_eq!((&audit["trace_id"], audit["invocation_id"].is_string()), (&Value::Null, true));
}

#[tokio::test]
async fn the_portal_shows_one_sentence_for_each_decision() {
    let world = setup().await.start().await;
    for (id, name) in
        [("INC-1", "Orders.Read"), ("INC-2", "Orders.Read"), ("INC-3", "Orders.Admin")]
    {
        role(&world.result_of(&request_with_id(id, name)).await);
    }
    let sentences = messages(&world, SENTENCES);
    assert_eq!(
        sentences[..2],
        [
            "assigned Orders.Read on Orders API to id-orders (requestId INC-1, rule \"orders workloads\")",
            "changed nothing: id-orders has Orders.Read on Orders API (requestId INC-2, rule \"orders workloads\")",
        ]
    );
    let denied = "did not assign Orders.Admin on Orders API to id-orders (requestId INC-3, ";
    assert!(sentences[2].starts_with(denied), "{}", sentences[2]);
    assert!(sentences[2].contains("): "), "it says why: {}", sentences[2]);
}

#[tokio::test]
async fn no_sentence_contains_what_a_terminal_would_obey() {
    let setup = setup().await;
    let mut identity = new_identity("c0a70500-0000-4000-8000-00000000ee01");
    identity.display_name = "id\u{1b}[31m\u{202e}\u{9b}new\nline".to_owned();
    setup.tenant.add_service_principal(identity.clone());
    let world = setup.start().await;
    let request = request_by_names("assign", &identity.id, &["Orders.Read"]);
    world.result_of(&request).await;
    let [sentence] = messages(&world, SENTENCES).try_into().unwrap();
    assert!(sentence.chars().all(is_printable) && sentence.contains("[31m"), "{sentence}");
}

/// The severity that the host stores is that of the line.
fn assert_severity(record: &LogRecord) {
    let line: Value = from_str(&record.message).unwrap();
    let expected = match line["level"].as_str().unwrap() {
        "ERROR" => LogLevel::Error,
        "WARN" => LogLevel::Warning,
        _ => LogLevel::Information,
    };
    assert_eq!(record.level, expected, "{}", record.message);
}

#[tokio::test]
async fn the_host_stores_the_severity_of_every_line() {
    let policy = "{\"warning\": \"a policy that warns of nothing\"}".to_owned();
    let world = Setup { policy: Some(policy), ..setup().await }.start().await;
    world.result_of(&request_with_id("INC-1", "Orders.Read")).await;
    world.log_line("policy.closed").await;
    world.log_line("request.denied").await;
    let lines = world.host.log();
    let lines: Vec<_> = lines.iter().filter(|record| record.category == CONSOLE).collect();
    lines.iter().for_each(|line| assert_severity(line));
    let has = |level| lines.iter().any(|line| line.level == level);
    assert!(has(LogLevel::Error) && has(LogLevel::Warning) && has(LogLevel::Information));
}

#[tokio::test]
async fn a_policy_with_hundreds_of_faults_is_one_whole_line() {
    let rule = r#"{ "name": "x", "requesters": ["everybody"], "api": "y", "principals": ["z"], "roles": ["*"] }"#;
    let policy = format!("{{ \"version\": 1, \"allow\": [{}] }}", vec![rule; 300].join(","));
    let world = Setup { policy: Some(policy), ..setup().await }.start().await;
    let line = world.log_line("policy.closed").await;
    assert!((1_000..32 * 1024).contains(&line.len()), "{}", line.len());
    let line: Value = from_str(&line).unwrap();
    assert_eq!((&line["level"], &line["event"]), (&"ERROR".into(), &"policy.closed".into()));
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("allow[0]") && message.contains("more"), "{message}");
}
