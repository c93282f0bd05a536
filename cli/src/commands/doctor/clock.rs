//! Whether this machine's clock is right. Tokens and signatures are refused by a wrong one.

use azure_rest::client;
use reqwest::{Response, header::DATE};
use time::{Duration, OffsetDateTime};

use super::finding::Finding;
use crate::{arguments::GlobalOptions, failure::Failure, session};

const CHECK: &str = "clock";

/// How far clocks may be apart: Microsoft's servers take five minutes ("Microsoft identity platform
/// access tokens", nbf and exp), half of which leaves room for the broker's own machine.
const LARGEST_SKEW: Duration = Duration::seconds(150);

/// Compares with Microsoft Graph's clock. Its answer is a refusal, and has the time all the same.
pub(super) async fn examine(global: &GlobalOptions) -> Finding {
    match difference(global).await {
        Err(failure) => Finding::failed(CHECK, &failure),
        Ok(difference) if difference.abs() > LARGEST_SKEW => {
            let seconds = difference.whole_seconds();
            Finding::bad(CHECK, format!("it is {seconds} seconds ahead of Microsoft Graph's"))
                .advice("let the machine set its clock by itself (NTP)")
        }
        Ok(_) => Finding::ok(CHECK, "in step with Microsoft Graph's"),
    }
}

async fn difference(global: &GlobalOptions) -> Result<Duration, Failure> {
    let (endpoint, timing) = session::graph(global)?;
    let failed = |error: reqwest::Error| {
        Failure::failed(format!(
            "{endpoint} does not answer: {}",
            client::causes(&error.without_url())
        ))
    };
    let client = client::build(&endpoint, &timing.calls).map_err(failed)?;
    let response = client.get(endpoint.clone()).send().await.map_err(failed)?;
    let theirs = date(&response).ok_or_else(|| Failure::failed("the answer has no date"))?;
    Ok(OffsetDateTime::now_utc() - theirs)
}

fn date(response: &Response) -> Option<OffsetDateTime> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(OffsetDateTime::from)
}
