//! The check of this machine's clock. Servers refuse tokens and signatures of a machine whose clock is wrong.

use reqwest::{Response, header::DATE};
use time::{Duration, OffsetDateTime};

use super::finding::Finding;
use crate::{cloud::Cloud, failure::Failure, http, options::GlobalOptions};

const CHECK: &str = "clock";

/// The largest clock skew: Microsoft's servers accept five minutes ("Microsoft identity platform access
/// tokens", nbf and exp), and half of that leaves room for the broker's own clock.
const MAX_SKEW: Duration = Duration::seconds(150);

/// Compares the clock with Microsoft Graph's. Even its error response states the time.
pub(super) async fn check(global: &GlobalOptions) -> Finding {
    match skew(global).await {
        Err(failure) => Finding::not_seen(CHECK, &failure)
            .advice("check --graph-endpoint and the connection to the internet"),
        Ok(skew) if skew.abs() > MAX_SKEW => {
            let seconds = skew.whole_seconds();
            Finding::bad(CHECK, format!("{seconds} seconds ahead of Microsoft Graph"))
                .advice("synchronize the clock with NTP")
        }
        Ok(_) => Finding::ok(CHECK, "in sync with Microsoft Graph"),
    }
}

async fn skew(global: &GlobalOptions) -> Result<Duration, Failure> {
    let Cloud { graph, timing, .. } = Cloud::read(global)?;
    let client = http::client(&graph, &timing.calls)?;
    let response = http::send(client.get(graph)).await?;
    let theirs = date(&response)
        .ok_or_else(|| Failure::failed("the response of Microsoft Graph has no Date header"))?;
    Ok(OffsetDateTime::now_utc() - theirs)
}

fn date(response: &Response) -> Option<OffsetDateTime> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(OffsetDateTime::from)
}
