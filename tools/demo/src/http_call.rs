//! The demo's call over HTTP, and the command line that repeats it.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::time::{Duration, Instant};

use anyhow::Result;
use functions_host_emulator::{FunctionsHost, HostKey, KeyLevel};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
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

const TITLE: &str = "Orders.Write for id-reports for ten seconds, with the key orders-team";
const REQUEST: &str = r#"{"principal":"id-reports","api":"api://orders","roles":["Orders.Write"]}"#;
const EXPECTED: &[&str] = &["assigned"];

/// How long the assignment lasts, from the next whole second on: an end is a whole second.
const DURATION: Duration = Duration::from_secs(10);

/// The end of the request that the demo suggests: the shortest duration that a request can state.
const SUGGESTED_END: &str = r#","duration":"PT5M"}"#;

/// An assignment that ends soon.
pub(crate) struct TemporaryAssignment {
    /// When it was requested.
    pub(crate) requested: Instant,
}

/// The query that lists the roles of id-reports.
const QUERY: &str = "principal=id-reports&api=api://orders";

/// The function key with which the host is started.
pub(crate) fn key() -> HostKey {
    let level = KeyLevel::Function { function: FUNCTION.to_owned() };
    HostKey { name: KEY_NAME.to_owned(), value: KEY.to_owned(), level }
}

/// Makes the call and waits for its answer.
pub(crate) async fn play(host: &FunctionsHost) -> Result<(Step, TemporaryAssignment)> {
    let request = reqwest::Client::new().post(address(host)?);
    let request = request.header(KEY_HEADER, KEY).header("Content-Type", "application/json");
    let requested = Instant::now();
    let answer = request.body(ending_at(&end()?)).send().await?;
    let result: Value = serde_json::from_slice(&answer.bytes().await?)?;
    let step = Step::new(TITLE, EXPECTED, &result, requested.elapsed());
    Ok((step, TemporaryAssignment { requested }))
}

/// The end of an assignment that is requested now.
fn end() -> Result<String> {
    let whole_second = OffsetDateTime::now_utc().replace_nanosecond(0)? + Duration::from_secs(1);
    Ok((whole_second + DURATION).format(&Rfc3339)?)
}

fn ending_at(end: &str) -> String {
    with_field(&format!(r#","endDateTime":"{end}"}}"#))
}

/// The request with one more field.
fn with_field(field: &str) -> String {
    REQUEST.replace('}', field)
}

fn address(host: &FunctionsHost) -> Result<Url> {
    Ok(host.http_url().join(ROUTE)?)
}

/// Prints the commands that repeat the call and list its effect.
pub(crate) fn print_suggestion(host: &FunctionsHost) -> Result<()> {
    println!("Or over HTTP, with the team's function key (see docs/http-api.md):\n");
    println!("  URL={} KEY={KEY}", address(host)?);
    println!("  curl -i \"$URL\" -H \"{KEY_HEADER}: $KEY\" \\");
    println!("    --json '{}'", with_field(SUGGESTED_END));
    println!("  curl -i \"$URL?{QUERY}\" -H \"{KEY_HEADER}: $KEY\"\n");
    Ok(())
}
