//! Starts that fail, the texts that explain them, and the command `check`.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use app_roles::text::is_printable;
use loopback::free_port;
use serde_json::{Value, json};
use tenant_emulator::{Tenant, contoso::contoso};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::world::{ROOT, copy_of_app_files};

/// Runs the handler until it exits, with these environment variables only.
async fn run(app_root: &Path, environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .env_clear()
        .env("FUNCTIONS_APP_ROOT_PATH", app_root)
        .envs(environment.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

const GOOD: [(&str, &str); 4] = [
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
    ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token"),
    ("IDENTITY_HEADER", "header"),
    ("AzureWebJobsStorage__accountName", "stbroker"),
];

/// Asserts that the start failed, and that the errors on stderr contain every text.
fn assert_refused(output: &Output, texts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let mut messages = String::new();
    for line in stderr.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["level"], &line["event"]), (&json!("ERROR"), &json!("start.fault")));
        messages.push_str(line["message"].as_str().unwrap());
    }
    for text in texts {
        assert!(messages.contains(text), "{text:?} is not in {stderr}");
    }
}

fn replace_in_file(app_root: &Path, file: &str, from: &str, to: &str) {
    let path = app_root.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn without_a_managed_identity_the_start_fails_at_once_and_says_what_to_do() {
    let output = run(Path::new(ROOT), &[("FUNCTIONS_CUSTOMHANDLER_PORT", "1")]).await;
    assert_refused(&output, &["IDENTITY_ENDPOINT is not set", "Assign one", "cargo run -p demo"]);
}

#[tokio::test]
async fn a_refused_connection_string_is_named_and_never_printed() {
    for (connection, text) in [
        (
            "AccountName=st;AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=contoso.com",
            "does not lead to",
        ),
        ("AccountName=st;AccountKey=c2VjcmV0LWtleQ==!", "invalid AccountKey"),
        ("AccountKey=c2VjcmV0LWtleQ==", "AccountName"),
        ("TableEndpoint=https://st;SharedAccessSignature=sig=c2VjcmV0LWtleQ==", "AccountKey"),
    ] {
        let environment = [GOOD[0], GOOD[1], GOOD[2], ("AzureWebJobsStorage", connection)];
        let output = run(Path::new(ROOT), &environment).await;
        assert_refused(&output, &["AzureWebJobsStorage", text]);
        for stream in [output.stdout, output.stderr] {
            assert!(!String::from_utf8_lossy(&stream).contains("c2VjcmV0"), "{connection}");
        }
    }
}

#[tokio::test]
async fn all_errors_in_settings_and_files_are_reported_together() {
    let root = copy_of_app_files();
    replace_in_file(root.path(), "AssignRole/function.json", "\"binary\"", "\"string\"");
    replace_in_file(root.path(), "host.json", "\"none\"", "\"base64\"");
    let output = run(root.path(), &[("AZURE_CLIENT_ID", "me")]).await;
    assert_refused(
        &output,
        &[
            "FUNCTIONS_CUSTOMHANDLER_PORT",
            "AZURE_CLIENT_ID",
            "AzureWebJobsStorage is not set",
            "IDENTITY_ENDPOINT",
            "host.json",
            "AssignRole/function.json",
        ],
    );
}

#[tokio::test]
async fn an_error_in_a_stock_function_names_the_file_and_says_what_to_do() {
    for (from, to, text) in [
        ("\"queueTrigger\"", "\"blobTrigger\"", "no use case belongs to a blobTrigger"),
        ("\"name\": \"request\"", "\"name\": \"message\"", "no use case belongs to a queueTrigger"),
        ("\"binary\"", "\"string\"", "\"dataType\": \"binary\""),
        ("\"name\": \"result\"", "\"name\": \"output\"", "named \"result\""),
        ("app-role-requests", "%REQUESTS%", "%REQUESTS% names an app setting that is not set"),
        ("\"direction\": \"in\"", "\"direction\": \"out\"", "exactly one binding"),
        ("\"direction\": \"in\",", "", "bindings[0]"),
        ("{", "", "is faulty"),
    ] {
        let root = copy_of_app_files();
        replace_in_file(root.path(), "AssignRole/function.json", from, to);
        let output = run(root.path(), &GOOD).await;
        assert_refused(&output, &["AssignRole/function.json", text]);
    }
    let root = copy_of_app_files();
    replace_in_file(root.path(), "Health/function.json", "\"response\"", "\"res\"");
    let output = run(root.path(), &GOOD).await;
    assert_refused(&output, &["Health/function.json", "named \"response\""]);
}

#[tokio::test]
async fn an_error_in_a_function_for_events_names_the_file_and_says_what_to_do() {
    let queue = "ResourceEventQueue/function.json";
    let pushed = "ResourceEvent/function.json";
    for (file, from, to, text) in [
        (queue, "\"binary\"", "\"string\"", "\"dataType\": \"binary\""),
        (queue, "resource-events", "Events!", "queueName is \"Events!\""),
        (
            queue,
            "\"resourceEvent\"",
            "\"event\"",
            "queueTrigger and eventGridTrigger named \"resourceEvent\"",
        ),
        (
            pushed,
            "\"name\": \"failed\"",
            "\"name\": \"lost\"",
            "of type \"queue\" named \"failed\"",
        ),
        (
            "ReconcileRoles/function.json",
            "\"name\": \"check\"",
            "\"name\": \"event\"",
            "of type \"queue\" named \"check\"",
        ),
        (
            pushed,
            "\"eventGridTrigger\"",
            "\"eventHubTrigger\"",
            "no use case belongs to a eventHub",
        ),
    ] {
        let root = copy_of_app_files();
        replace_in_file(root.path(), file, from, to);
        assert_refused(&run(root.path(), &GOOD).await, &[file, text]);
    }
}

#[tokio::test]
async fn a_folder_without_functions_is_refused_with_the_setting_that_names_it() {
    let root = tempfile::tempdir().unwrap();
    let output = run(root.path(), &GOOD).await;
    assert_refused(&output, &["host.json", "cannot be read"]);
    std::fs::copy(Path::new(ROOT).join("host.json"), root.path().join("host.json")).unwrap();
    assert_refused(&run(root.path(), &GOOD).await, &["no function", "FUNCTIONS_APP_ROOT_PATH"]);
}

#[tokio::test]
async fn a_port_that_is_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut environment = GOOD;
    environment[0].1 = &port;
    assert_refused(
        &run(Path::new(ROOT), &environment).await,
        &["FUNCTIONS_CUSTOMHANDLER_PORT", &port],
    );
}

/// In Azure, Graph uses HTTPS and the identity endpoint HTTP. In all other tests both are emulators.
#[tokio::test]
async fn a_token_for_the_real_graph_comes_from_an_identity_endpoint_over_http() {
    let tenant = Tenant::start(contoso()).await.unwrap();
    let mut handler = Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .env("FUNCTIONS_APP_ROOT_PATH", ROOT)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", free_port().unwrap().to_string())
        .env("AzureWebJobsStorage__accountName", "stbroker")
        .envs(tenant.environment())
        .env_remove("GRAPH_ENDPOINT")
        .env_remove("ARM_ENDPOINT")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = BufReader::new(handler.stdout.take().unwrap()).lines();
    let mut errors = BufReader::new(handler.stderr.take().unwrap()).lines();
    loop {
        let line = tokio::select! {
            line = output.next_line() => line.unwrap().unwrap(),
            line = errors.next_line() => line.unwrap().unwrap(),
        };
        assert!(!line.contains("sign_in.failed"), "{line}");
        if line.contains("sign_in.done") {
            return;
        }
    }
}

/// Runs `app-role-broker check` on a policy.
async fn check(policy: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.json"), policy).unwrap();
    Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .arg("check")
        .current_dir(folder.path())
        .output()
        .await
        .unwrap()
}

const RULE: &str = r#"{ "name": "orders", "requesters": ["queue:app-role-requests"], "api": "graph",
    "principals": ["/subscriptions/11111111-1111-1111-1111-111111111111"], "roles": ["User.*"] }"#;

#[tokio::test]
async fn check_refuses_an_invalid_policy_and_lists_every_error_with_path_and_rule() {
    let faulty = RULE.replace("User.*", "*.Read").replace("queue:", "everybody:");
    let output = check(&format!(r#"{{ "version": 1, "allow": [{faulty}] }}"#)).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    for fault in ["allow[0].requesters[0] (rule \"orders\")", "allow[0].roles[0] (rule \"orders\")"]
    {
        assert!(text.contains(fault), "{text}");
    }
    let missing = Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .args(["check", "/nowhere/policy.json"])
        .output()
        .await
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot be read"));
}

#[tokio::test]
async fn check_accepts_a_valid_policy_and_warns_about_likely_mistakes() {
    let output = check(&format!(r#"{{ "version": 1, "allow": [{RULE}] }}"#)).await;
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "warning: rule \"orders\"",
        "anyone who can create a resource group",
        "can never match",
        "is valid; sha256",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn check_prints_no_control_character_of_a_policy() {
    let hostile = "x\u{1b}[2J\u{9b}2J\u{9d}0;t\u{7}\u{85}\u{2028}\u{202e}\u{2066}\r\ny";
    let quoted = Value::from(hostile).to_string();
    let named = RULE.replace(r#""orders""#, &quoted);
    for policy in [
        format!(r#"{{ "version": 1, "allow": [], {quoted}: 1 }}"#),
        format!(r#"{{ "version": 1, "allow": [{named}] }}"#),
        format!(r#"{{ "version": 1, "allow": [{}] }}"#, RULE.replace(r#""graph""#, &quoted)),
        format!(
            r#"{{ "version": 1, "allow": [{}] }}"#,
            RULE.replace("User.*", "Read\u{202e}\u{9b}")
        ),
        hostile.to_owned(),
    ] {
        let output = check(&policy).await;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(text.chars().all(|one| one == '\n' || is_printable(one)), "{text:?}");
    }
}

#[tokio::test]
async fn a_wrong_command_line_is_answered_with_the_usage() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_app-role-broker")).arg("--help").output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--version"));
}

#[tokio::test]
async fn if_the_configured_authorities_are_missing_no_others_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("authorities.pem");
    let mut environment = GOOD.to_vec();
    environment.push(("SSL_CERT_FILE", missing.to_str().unwrap()));
    let output = run(Path::new(ROOT), &environment).await;
    assert_refused(&output, &["the HTTP client", "name a file of them in SSL_CERT_FILE"]);
}
