//! The demo's call over HTTP, and the command line that repeats it.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::time::Instant;

use anyhow::Result;
use functions_host_emulator::{FunctionsHost, HostKey, KeyLevel};
use serde_json::Value;
use url::Url;

use crate::report::Step;

/// The function that answers over HTTP, and its route.
const FUNCTION: &str = "AssignRoleHttp";
const ROUTE: &str = "api/app-role-assignments";

/// The header that carries a function key.
const KEY_HEADER: &str = "x-functions-key";

/// The function key of the team that the demo's policy calls `key:orders-team`. It need not be secret:
/// the host that accepts it listens on this machine only, and stops with the demo.
const KEY_NAME: &str = "orders-team";
const KEY: &str = "demo-key";

const TITLE: &str = "Orders.Write on Orders API for id-reports, with the key orders-team";
const REQUEST: &str = r#"{"principal":"id-reports","api":"api://orders","roles":["Orders.Write"]}"#;
const EXPECTED: &[&str] = &["assigned"];

/// The query that lists the roles of id-reports.
const QUERY: &str = "principal=id-reports&api=api://orders";

/// The function key with which the host is started.
pub(crate) fn key() -> HostKey {
    let level = KeyLevel::Function { function: FUNCTION.to_owned() };
    HostKey { name: KEY_NAME.to_owned(), value: KEY.to_owned(), level }
}

/// Makes the call and waits for its answer.
pub(crate) async fn play(host: &FunctionsHost) -> Result<Step> {
    let request = reqwest::Client::new().post(address(host)?);
    let request = request.header(KEY_HEADER, KEY).header("Content-Type", "application/json");
    let began = Instant::now();
    let answer = request.body(REQUEST).send().await?;
    let result: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(Step::new(TITLE, EXPECTED, &result, began.elapsed()))
}

fn address(host: &FunctionsHost) -> Result<Url> {
    Ok(host.http_url().join(ROUTE)?)
}

/// Prints the commands that repeat the call and list its effect.
pub(crate) fn print_suggestion(host: &FunctionsHost) -> Result<()> {
    println!("Or over HTTP, with the team's function key (see docs/http-api.md):\n");
    println!("  URL={} KEY={KEY}", address(host)?);
    println!("  curl -i \"$URL\" -H \"{KEY_HEADER}: $KEY\" \\");
    println!("    --json '{REQUEST}'");
    println!("  curl -i \"$URL?{QUERY}\" -H \"{KEY_HEADER}: $KEY\"\n");
    Ok(())
}
