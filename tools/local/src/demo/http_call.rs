//! The demo's call over HTTP, and how to repeat it.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::time::Instant;

use functions_host_emulator::{FunctionsHost, HostKey, KeyLevel};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use super::report::Row;
use crate::Outcome;

/// The function that answers over HTTP, and its route.
const FUNCTION: &str = "AssignRoleHttp";
const ROUTE: &str = "api/app-role-assignments";

/// The header that carries a function key.
const KEY_HEADER: &str = "x-functions-key";

/// The key of the team that the demo's policy knows as `key:orders-team`. A secret only by its place:
/// the host that takes it listens on this machine and ends with the demo.
const KEY_NAME: &str = "orders-team";
const KEY: &str = "demo-key";

/// What the demo asks for over HTTP.
const ASKED: &str = "over HTTP: Orders.Write on Orders API for id-reports";
const REQUEST: &str = r#"{"principal":"id-reports","api":"api://orders","roles":["Orders.Write"]}"#;
const EXPECTED: &str = "assigned";

/// What the demo looks at over HTTP.
const QUERY: &str = "principal=id-reports&api=api://orders";

/// The key that the host must know.
pub(super) fn key() -> HostKey {
    let level = KeyLevel::Function { function: FUNCTION.to_owned() };
    HostKey { name: KEY_NAME.to_owned(), value: KEY.to_owned(), level }
}

/// Makes the call and waits for its answer.
pub(super) async fn play(host: &FunctionsHost) -> Outcome<Row> {
    let request = reqwest::Client::new().request(Method::POST, address(host)?);
    let began = Instant::now();
    let answer = with_key(request).body(REQUEST).send().await?;
    let result: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(Row::new(ASKED, EXPECTED, &result, began.elapsed()))
}

fn with_key(request: RequestBuilder) -> RequestBuilder {
    request.header(KEY_HEADER, KEY).header("Content-Type", "application/json")
}

fn address(host: &FunctionsHost) -> Outcome<Url> {
    Ok(host.http_url().join(ROUTE)?)
}

/// Says how to repeat the call, and how to see what came of it.
pub(super) fn invite(host: &FunctionsHost) -> Outcome {
    let address = address(host)?;
    println!("Or over HTTP, as the team whose key this is (docs/http-api.md has more):\n");
    println!("  URL={address} KEY={KEY}");
    println!("  curl -i \"$URL\" -H \"{KEY_HEADER}: $KEY\" --json '{REQUEST}'");
    println!("  curl -i \"$URL?{QUERY}\" -H \"{KEY_HEADER}: $KEY\"\n");
    Ok(())
}
