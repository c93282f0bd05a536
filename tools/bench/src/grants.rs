//! Many grants at the latency of a real Graph: posted to the handler, and from a queue through the
//! emulated Functions host. Also the number of requests to Graph for each grant.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use app_process::app::App;
use functions_host_emulator::{FunctionsHost, Options};
use serde_json::Value;
use storage_emulator::Azurite;

use crate::{
    figure::{Figure, Target, Unit},
    handler_calls::{client, post, post_all},
    handler_process::HandlerProcess,
    request_queue::{fill, wait_until_empty},
    statistics::median,
    workload::{POLICY, Requests, STORAGE_LATENCY, Workload, requests},
};

const GRANTS: usize = 600;
const LATENCY: Duration = Duration::from_millis(60);
const IN_FLIGHT: usize = 24;
/// The calls of a grant to Graph, in sequence: a read and a write.
const CALLS_OF_A_GRANT: u32 = 2;
/// The calls of a grant to tables, in sequence: one before the write and two after it.
const TABLE_CALLS_OF_A_GRANT: u32 = 3;
/// The number of grants whose requests are counted.
const COUNTED: usize = 60;
/// The broker and the stub take turns, because Azurite's speed varies.
const ROUNDS: usize = 2;
/// The longest wait for a run, many times its usual duration.
const PATIENCE: Duration = Duration::from_secs(240);

const MOST_TIME_POSTED: Target = Target::TimesBaseline(1.25);
const MOST_TIME_QUEUED: Target = Target::TimesBaseline(1.15);
/// A new grant takes a read and a write. One that the broker has made takes two reads.
const MOST_REQUESTS_OF_NEW: Target = Target::AtMost(2.0);
const MOST_REQUESTS_OF_EXISTING: Target = Target::AtMost(2.0);
/// Twice this and the host's rows around it are less than the 7 KB that a request message may cost.
const MOST_BYTES_OF_LINES: Target = Target::AtMost(1500.0);

/// All figures.
pub(crate) async fn run(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut figures = vec![posted(app).await?, queued(app, bare).await?];
    figures.extend(requests_to_graph(app).await?);
    Ok(figures)
}

/// Counts the requests to Graph and the bytes of console lines for each grant, once the API is cached.
pub(crate) async fn requests_to_graph(app: &App) -> Result<Vec<Figure>> {
    let mut workload = Workload::start(1 + COUNTED, Duration::ZERO).await?;
    let broker = workload.broker(app, Path::new(POLICY)).await?;
    workload.warm(&broker, 1).await?;
    let identities = workload.next(COUNTED)?;
    let mut figures = Vec::new();
    for (what, most) in
        [("a new grant", MOST_REQUESTS_OF_NEW), ("a grant that exists", MOST_REQUESTS_OF_EXISTING)]
    {
        let (before, printed) = (workload.requests(), broker.printed());
        post_all(&client()?, requests(&broker, &identities), IN_FLIGHT).await?;
        figures.extend(requests_of(what, workload.requests().since(before), most));
        figures.push(lines_of(what, broker.printed() - printed));
    }
    workload.check_grants(1 + COUNTED)?;
    Ok(figures)
}

fn requests_of(what: &str, Requests { reads, writes }: Requests, most: Target) -> [Figure; 3] {
    let each = |count: usize| count as f64 / COUNTED as f64;
    let figure = |kind: &str, count: usize| {
        Figure::new(format!("{kind} to Graph for {what}"), Unit::Number, each(count))
    };
    [
        figure("reads", reads),
        figure("writes", writes),
        figure("requests", reads + writes).held_to(most),
    ]
}

/// The host stores each line twice, so lines are most of a request's telemetry.
fn lines_of(what: &str, bytes: u64) -> Figure {
    let name = format!("console lines of {what}");
    Figure::new(name, Unit::Bytes, bytes as f64 / COUNTED as f64).held_to(MOST_BYTES_OF_LINES)
}

/// The time of grants that are posted to a handler with its token and its API cached.
async fn posted(app: &App) -> Result<Figure> {
    let mut workload = Workload::start(1 + GRANTS, LATENCY).await?;
    let broker = workload.broker(app, Path::new(POLICY)).await?;
    workload.warm(&broker, 1).await?;
    let calls = requests(&broker, &workload.next(GRANTS)?);
    let posted = post_all(&client()?, calls, IN_FLIGHT).await?;
    workload.check_grants(1 + GRANTS)?;
    let name = format!("{GRANTS} grants posted, {IN_FLIGHT} in flight");
    Ok(Figure::new(name, Unit::Seconds, posted.took.as_secs_f64())
        .beside("latency alone", least_time().as_secs_f64())
        .held_to(MOST_TIME_POSTED))
}

/// The time in which Graph and tables answer all calls if [`IN_FLIGHT`] grants are always in flight.
fn least_time() -> Duration {
    let rounds = u32::try_from(GRANTS.div_ceil(IN_FLIGHT)).unwrap_or(u32::MAX);
    rounds * latency_of_a_grant()
}

fn latency_of_a_grant() -> Duration {
    CALLS_OF_A_GRANT * LATENCY + TABLE_CALLS_OF_A_GRANT * STORAGE_LATENCY
}

/// The time of grants from a queue. The baseline is a stub that sleeps for the latency of Graph and of
/// tables, and returns a recorded response of the broker.
async fn queued(app: &App, bare: &str) -> Result<Figure> {
    let reply = tempfile::NamedTempFile::new()?;
    std::fs::write(reply.path(), recorded_reply(app).await?)?;
    let stub = App::with_handler(bare.to_owned());
    let (mut broker_took, mut stub_took) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let sleep = latency_of_a_grant().as_millis().to_string();
        let settings = [
            ("BARE_HANDLER_SLEEP", sleep),
            ("BARE_HANDLER_REPLY", reply.path().to_string_lossy().into_owned()),
        ];
        stub_took.push(empty_a_queue(&stub, &settings, 0).await?.as_secs_f64());
        broker_took.push(empty_a_queue(app, &[], GRANTS).await?.as_secs_f64());
    }
    let name = format!("{GRANTS} grants from a queue, through the emulated host");
    Ok(Figure::new(name, Unit::Seconds, median(&broker_took))
        .beside("a stub that sleeps", median(&stub_took))
        .held_to(MOST_TIME_QUEUED))
}

/// The time from the start of the host until the queue is empty.
async fn empty_a_queue(
    app: &App,
    settings: &[(&str, String)],
    expected: usize,
) -> Result<Duration> {
    let mut workload = Workload::start(GRANTS, LATENCY).await?;
    // Azurite slows down with every message that it keeps.
    let azurite = Azurite::start().await?;
    let account = azurite.account()?.with_table_port(workload.tables.port())?;
    let queue = fill(&account, &workload.next(GRANTS)?).await?;
    let mut options: Options = app.options(&workload.tenant, &account, Path::new(POLICY));
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    options.environment.extend(settings);
    // Azurite would take longer for an event of each grant than for everything else.
    let storage = ("AzureWebJobsStorage".to_owned(), workload.tables.connection_string());
    options.environment.push(storage);
    let began = std::time::Instant::now();
    let host = FunctionsHost::start(options).await?;
    let ended = wait_until_empty(&queue, std::slice::from_ref(&host), GRANTS, PATIENCE).await?;
    host.stop().await;
    workload.check_grants(expected)?;
    Ok(ended - began)
}

/// The broker's response to a new grant, with ids replaced by the stub's markers.
async fn recorded_reply(app: &App) -> Result<String> {
    let mut workload = Workload::start(1, Duration::ZERO).await?;
    let broker: HandlerProcess = workload.broker(app, Path::new(POLICY)).await?;
    let call = requests(&broker, &workload.next(1)?).pop().context("there is no call")?;
    let reply = post(&client()?, call).await?;
    workload.check_grants(1)?;
    with_markers(&reply).with_context(|| format!("the broker's response has no result: {reply}"))
}

/// Replaces the ids of the result by markers. The result is a text in the array of an output.
fn with_markers(reply: &str) -> Option<String> {
    let json: Value = serde_json::from_str(reply).ok()?;
    let result = json.pointer("/Outputs/result/0")?.as_str()?;
    let result: Value = serde_json::from_str(result).ok()?;
    let text = |pointer: &str| result.pointer(pointer)?.as_str().map(str::to_owned);
    let (invocation, principal) = (text("/invocationId")?, text("/principal/objectId")?);
    Some(reply.replace(&invocation, "INVOCATION_ID").replace(&principal, "PRINCIPAL_ID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_is_the_sum_of_the_calls_in_sequence() {
        assert_eq!(least_time(), Duration::from_millis(3_375));
    }

    #[test]
    fn requests_are_divided_by_the_number_of_grants() {
        let [reads, writes, all] =
            requests_of("it", Requests { reads: 120, writes: 60 }, Target::AtMost(3.0));
        let figure = |name: &str, value| Figure::new(name, Unit::Number, value);
        assert_eq!(reads, figure("reads to Graph for it", 2.0));
        assert_eq!(writes, figure("writes to Graph for it", 1.0));
        assert!(!all.is_missed());
        let one_more = Requests { reads: 121, writes: 60 };
        assert!(requests_of("it", one_more, Target::AtMost(3.0))[2].is_missed());
    }

    #[test]
    fn every_occurrence_of_an_id_in_a_recorded_response_becomes_a_marker() {
        let reply = r#"{"Outputs":{"result":["{\"invocationId\":\"i1\",\"principal\":{\"objectId\":\"p1\"}}"]},"Logs":["i1 p1"]}"#;
        let marked = with_markers(reply).unwrap();
        assert!(marked.contains(r#"\"objectId\":\"PRINCIPAL_ID\""#), "{marked}");
        assert!(marked.contains(r#""Logs":["INVOCATION_ID PRINCIPAL_ID"]"#), "{marked}");
        assert_eq!(with_markers(r#"{"Outputs":{}}"#), None);
    }
}
