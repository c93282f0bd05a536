//! docs/http-api.md: its commands, in their order, give the answers that it shows.

use app_process::{app::App, cargo_build::workspace_root};
use demo::{
    http_call,
    local_azure::{LocalAzure, Setup},
    persons::APPROVER,
    walk::{Example, Walk, examples},
};
use tokio::process::Command;

/// The first version of curl with `--json`.
const CURL: (u32, u32) = (7, 82);

/// The version of curl on this machine.
async fn version_of_curl() -> Option<(u32, u32)> {
    let output = Command::new("curl").arg("--version").output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.strip_prefix("curl ")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Runs a command of the page in a shell with the variables of the demo.
async fn run(azure: &LocalAzure, command: &str) -> String {
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .env("URL", http_call::address(&azure.host).unwrap().as_str())
        .env("KEY", http_call::KEY)
        .env("APP_ROLE_BROKER", azure.host.http_url().as_str())
        .env("BROKER_TOKEN", azure.token(APPROVER))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Compares an answer: the page shows some of its headers.
fn compare(walk: &mut Walk, shown: &str, answer: &str) -> Result<(), String> {
    let (shown_head, shown_body) = shown.split_once("\n\n").unwrap_or((shown.trim_end(), ""));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| answer.to_owned())?;
    let is_shown =
        |walk: &mut Walk, line: &str| head.lines().any(|real| walk.compare(line, real).is_ok());
    if let Some(line) = shown_head.lines().find(|line| !is_shown(walk, line)) {
        return Err(format!("{line} is not in the answer:\n{answer}"));
    }
    walk.compare(shown_body, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_page_gives_the_answer_that_it_shows() {
    if version_of_curl().await.is_none_or(|version| version < CURL) {
        eprintln!("NOT RUN: the walk of docs/http-api.md needs curl 7.82");
        return;
    }
    let page = std::fs::read_to_string(workspace_root().join("docs/http-api.md")).unwrap();
    let examples = examples(&page);
    assert!(examples.len() >= 11, "{examples:#?}");
    let app = App::build().await.unwrap();
    let azure = LocalAzure::start(app, Setup::default()).await.unwrap();
    let mut walk = Walk::default();
    for Example { command, output } in examples {
        let answer = run(&azure, &walk.real(&command).replace("curl -i", "curl -si")).await;
        let compared = compare(&mut walk, &output, &answer);
        compared.unwrap_or_else(|fault| panic!("{command}\n{fault}"));
    }
}
