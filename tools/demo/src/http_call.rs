//! The demo's call over HTTP, and the command line that repeats it.

use std::time::{Duration, Instant};

use anyhow::Result;
use functions_host_emulator::{FunctionsHost, HostKey, KeyLevel};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use crate::{
    report::Step,
    results::has,
    screen::{OutputError, Screen},
};

/// The function that answers over HTTP, and its route.
const FUNCTION: &str = "AssignRoleHttp";
const ROUTE: &str = "api/app-role-assignments";

/// The header that carries a function key.
const KEY_HEADER: &str = "x-functions-key";

/// The function key of the team that the demo's policy calls `key:orders-team`. It need not be secret:
/// the host that accepts it listens on this machine only, and stops with the demo.
const KEY_NAME: &str = "orders-team";
/// The key itself.
pub const KEY: &str = "demo-key";

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
///
/// `None` if the assignment does not end soon, because the reader's own policy allows none, or the principal
/// holds the role without an end.
pub(crate) async fn play(host: &FunctionsHost) -> Result<(Step, Option<TemporaryAssignment>)> {
    let request = reqwest::Client::new().post(address(host)?);
    let end = end()?;
    let request = request.header(KEY_HEADER, KEY).header("Content-Type", "application/json");
    let requested = Instant::now();
    let answer = request.body(ending_at(&end)).send().await?;
    let result: Value = serde_json::from_slice(&answer.bytes().await?)?;
    let step = Step::new(TITLE, EXPECTED, &result, requested.elapsed());
    let mut roles = result.get("roles").and_then(Value::as_array).into_iter().flatten();
    let ends = roles.any(|role| has(role, "endDateTime", &end));
    Ok((step, ends.then_some(TemporaryAssignment { requested })))
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

/// The address of the function that takes requests.
///
/// # Errors
///
/// If the host has no usable address.
pub fn address(host: &FunctionsHost) -> Result<Url> {
    Ok(host.http_url().join(ROUTE)?)
}

/// Prints the commands that repeat the call and list its effect.
pub(crate) fn print_suggestion(screen: &mut Screen, address: &Url) -> Result<(), OutputError> {
    screen.prose("Or over HTTP, with the team's function key (see docs/http-api.md):")?;
    screen.line(format_args!("\n  URL={address}"))?;
    screen.line(format_args!("  KEY={KEY}"))?;
    screen.line(format_args!("  curl -i \"$URL\" -H \"{KEY_HEADER}: $KEY\" \\"))?;
    screen.line(format_args!("    --json '{}'", with_field(SUGGESTED_END)))?;
    screen.line(format_args!("  curl -i \"$URL?{QUERY}\" \\"))?;
    screen.line(format_args!("    -H \"{KEY_HEADER}: $KEY\"\n"))
}
