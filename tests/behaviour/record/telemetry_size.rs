//! The bytes that the host sends to Application Insights about one request message.
//!
//! Computed from what the handler writes, and from rows that the real host sent around such lines.

use functions_host_emulator::{LogLevel, LogRecord};
use serde_json::{Map, Value, from_str, json};

use crate::{
    record::telemetry::{request_with_id, setup},
    world::ROOT,
};

/// The most bytes of a request message. docs/operations.md gives the price of a million.
const MOST_BYTES: usize = 7_000;

/// The rows that the real host sent while it ran the broker.
fn captured() -> Vec<Value> {
    let file = format!("{ROOT}/tests/data/application-insights/invocations.ndjson");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| from_str(line).unwrap()).collect()
}

fn category(row: &Value) -> &str {
    row["data"]["baseData"]["properties"]["Category"].as_str().unwrap_or_default()
}

/// The row that the host makes of a line of the handler or of `Logs`. It stores a text twice.
fn with_text(row: &Value, text: &str) -> Value {
    let mut row = row.clone();
    row["data"]["baseData"]["message"] = json!(text);
    row["data"]["baseData"]["properties"]["prop__{OriginalFormat}"] = json!(text);
    row
}

/// Whether `host.json` lets a line through. The longest category that matches decides; `*` matches any
/// text (.NET, `LoggerRuleSelector`). Without a rule, lines from Information on pass.
fn is_stored(rules: &Map<String, Value>, record: &LogRecord) -> bool {
    let matches = |rule: &str| {
        let (start, end) = rule.split_once('*').unwrap_or((rule, ""));
        record.category.starts_with(start) && record.category.ends_with(end)
    };
    let rule = rules.iter().filter(|(name, _)| matches(name)).max_by_key(|(name, _)| name.len());
    let least = match rule.map_or("Information", |(_, level)| level.as_str().unwrap()) {
        "Information" => LogLevel::Information,
        "Warning" => LogLevel::Warning,
        level => panic!("{level} is not known here"),
    };
    record.level >= least
}

/// The bytes for which docs/operations.md states a price.
fn documented_bytes() -> usize {
    let page = std::fs::read_to_string(format!("{ROOT}/docs/operations.md")).unwrap();
    let kilobytes = page.split("| log (Application Insights) | ").nth(1).unwrap();
    let kilobytes = kilobytes.split(" KB for each request").next().unwrap();
    (kilobytes.parse::<f64>().unwrap() * 1000.0) as usize
}

#[tokio::test]
async fn a_request_message_makes_at_most_seven_kilobytes_of_telemetry() {
    let world = setup().await.start().await;
    let result = world.result_of(&request_with_id("INC-1234", "Orders.Read")).await;
    let id = result["invocationId"].as_str().unwrap();
    let host_json = std::fs::read_to_string(format!("{ROOT}/host.json")).unwrap();
    let logging = &from_str::<Value>(&host_json).unwrap()["logging"];
    assert_eq!(logging["applicationInsights"]["enableDependencyTracking"], json!(false));
    let rules = logging["logLevel"].as_object().unwrap();
    let captured = captured();
    let example = |name: &str| captured.iter().find(|row| category(row) == name).unwrap();
    let mut rows = vec![example("Host.Results").clone()];
    let of_request =
        |record: &&LogRecord| record.message.contains(id) || record.category.ends_with(".User");
    for record in world.host.log().iter().filter(of_request) {
        if !is_stored(rules, record) {
            continue;
        }
        let is_line = record.category == "Host.Function.Console";
        // A row of `Logs` belongs to its function, as the host's own rows of an invocation do.
        let like = example(if is_line { "Host.Function.Console" } else { "Function.AssignRole" });
        rows.push(with_text(like, &record.message));
    }
    let sizes: Vec<_> = rows.iter().map(|row| row.to_string().len()).collect();
    assert_eq!(rows.len(), 4, "the invocation, two lines and a sentence: {rows:#?}");
    let bytes = sizes.iter().sum::<usize>();
    assert!(bytes <= MOST_BYTES, "{sizes:?}");
    assert!(bytes.abs_diff(documented_bytes()) < 200, "docs/operations.md does not say {bytes}");
}

#[test]
fn a_failed_invocation_is_stored_whatever_the_filter_drops() {
    let host_json = std::fs::read_to_string(format!("{ROOT}/host.json")).unwrap();
    let host_json: Value = from_str(&host_json).unwrap();
    let rules = host_json["logging"]["logLevel"].as_object().unwrap();
    let record = |level, category: &str| LogRecord {
        level,
        category: category.to_owned(),
        message: String::new(),
    };
    for (level, category, expected) in [
        (LogLevel::Error, "Function.AssignRole", true),
        (LogLevel::Warning, "Function.AssignRole", true),
        (LogLevel::Information, "Function.AssignRole", false),
        (LogLevel::Information, "Function.AssignRole.User", true),
        (LogLevel::Information, "Function.orders-requests.User", true),
        (LogLevel::Information, "Host.Function.Console", true),
        (LogLevel::Information, "Host.Results", true),
    ] {
        assert_eq!(is_stored(rules, &record(level, category)), expected, "{level:?} {category}");
    }
}
