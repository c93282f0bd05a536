//! Reading from the broker over HTTP, as a requester of the policy. No permissions in the tenant are needed.

use std::time::Duration;

use clap::Args;
use reqwest::StatusCode;

use crate::{
    broker_api::{BrokerApi, BrokerOptions},
    broker_call::{self, Answer},
    broker_result::text,
    cloud::Cloud,
    failure::Failure,
    numbers,
    options::GlobalOptions,
};

/// The broker, and how to reach its function for requests.
#[derive(Debug, Args)]
pub(crate) struct ReadingOptions {
    /// Keep retrying for this long while the broker is unavailable
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = numbers::whole)]
    wait: u32,
    /// Path of the broker's function; copies of the function have other routes
    #[arg(long, value_name = "PATH", default_value = "api/app-role-assignments")]
    route: String,
    #[command(flatten)]
    broker: BrokerOptions,
}

/// Sends a GET request with this query. `about` names what is read, and what this requires.
pub(crate) async fn read(
    global: &GlobalOptions,
    options: &ReadingOptions,
    query: &[(&str, &str)],
    needed: &str,
) -> Result<Answer, Failure> {
    let cloud = Cloud::read(global)?;
    let api = BrokerApi::authenticated(global, &cloud, &options.broker)?;
    let mut url = api.url(&options.route)?;
    url.query_pairs_mut().extend_pairs(query);
    let wait = Duration::from_secs(u64::from(options.wait));
    let answer = broker_call::send(&api, &url, None, wait).await?;
    if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer, needed)) }
}

/// Reports that the answer does not come from a broker.
pub(crate) fn no_broker() -> Failure {
    Failure::failed("the answer did not come from the broker").hint("check the URL of --broker")
}

fn refusal(answer: &Answer, needed: &str) -> Failure {
    let sentence = format!("the broker refused: {}", answer.detail());
    let is_brokers = text(&answer.body, "invocationId").is_some();
    match answer.status {
        StatusCode::UNAUTHORIZED => {
            Failure::denied(sentence).hint("check the function key, or --audience and your sign-in")
        }
        StatusCode::FORBIDDEN => Failure::denied(sentence).hint(needed),
        StatusCode::NOT_FOUND if !is_brokers => {
            Failure::failed(sentence).hint("check the URL of --broker, and --route")
        }
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => {
            Failure::not_found(sentence).hint("check the names, or use IDs")
        }
        _ => match text(&answer.body, "invocationId") {
            Some(id) => Failure::failed(sentence)
                .hint(format!("the broker's log has more under invocation {id}")),
            None => Failure::failed(sentence).hint("check the URL of --broker"),
        },
    }
}
