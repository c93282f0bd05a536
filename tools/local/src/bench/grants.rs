//! Many grants with the latency of a real Graph: posted to the handler, and from a queue through the
//! stand-in for the Functions host; and how many requests to Graph each costs.

use std::{path::Path, time::Duration};

use functions_host_emulator::{FunctionsHost, Options};
use serde_json::Value;
use storage_emulator::Azurite;

use super::{
    figure::{Figure, Target, Unit},
    posting::{client, post, post_all},
    process::HandlerProcess,
    queue::{fill, until_empty},
    stage::{POLICY, Requests, Stage, requests},
    statistics::median,
};
use crate::{Outcome, app::App};

const GRANTS: usize = 600;
const LATENCY: Duration = Duration::from_millis(60);
const IN_FLIGHT: usize = 24;
/// In sequence, a read and a write.
const CALLS_OF_A_GRANT: u32 = 2;
/// How many grants are enough to count their requests.
const COUNTED: usize = 60;
/// The broker and the stub by turns: Azurite is not equally fast all the time.
const ROUNDS: usize = 2;
/// Many times what a run takes.
const PATIENCE: Duration = Duration::from_secs(240);

const MOST_TIME_POSTED: Target = Target::TimesBaseline(1.25);
const MOST_TIME_QUEUED: Target = Target::TimesBaseline(1.15);
/// A read and a write; for what exists, the list of what the principal holds, too.
const MOST_REQUESTS_OF_NEW: Target = Target::AtMost(2.0);
const MOST_REQUESTS_OF_EXISTING: Target = Target::AtMost(3.0);

/// All figures.
pub(super) async fn run(app: &App, bare: &str) -> Outcome<Vec<Figure>> {
    let mut figures = vec![posted(app).await?, queued(app, bare).await?];
    figures.extend(counted(app).await?);
    Ok(figures)
}

/// How many requests to Graph a grant costs, once the API is known. Takes no time worth measuring.
pub(super) async fn counted(app: &App) -> Outcome<Vec<Figure>> {
    let mut stage = Stage::set(1 + COUNTED, Duration::ZERO).await?;
    let broker = stage.broker(app, Path::new(POLICY)).await?;
    stage.warm(&broker, 1).await?;
    let identities = stage.next(COUNTED)?;
    let mut figures = Vec::new();
    for (what, most) in
        [("a new grant", MOST_REQUESTS_OF_NEW), ("a grant that exists", MOST_REQUESTS_OF_EXISTING)]
    {
        let before = stage.requests();
        post_all(&client()?, requests(&broker, &identities), IN_FLIGHT).await?;
        figures.extend(requests_of(what, stage.requests().since(before), most));
    }
    stage.check_grants(1 + COUNTED)?;
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

/// Posted to a handler that has its token, its API and no connections to speak of.
async fn posted(app: &App) -> Outcome<Figure> {
    let mut stage = Stage::set(1 + GRANTS, LATENCY).await?;
    let broker = stage.broker(app, Path::new(POLICY)).await?;
    stage.warm(&broker, 1).await?;
    let calls = requests(&broker, &stage.next(GRANTS)?);
    let posted = post_all(&client()?, calls, IN_FLIGHT).await?;
    stage.check_grants(1 + GRANTS)?;
    let name = format!("{GRANTS} grants posted, {IN_FLIGHT} in flight");
    Ok(Figure::new(name, Unit::Seconds, posted.took.as_secs_f64())
        .beside("nothing but Graph's latency", least_time().as_secs_f64())
        .held_to(MOST_TIME_POSTED))
}

/// The time in which Graph answers all calls, if so many grants are always under way.
fn least_time() -> Duration {
    let rounds = u32::try_from(GRANTS.div_ceil(IN_FLIGHT)).unwrap_or(u32::MAX);
    rounds * CALLS_OF_A_GRANT * LATENCY
}

/// From Azurite through the stand-in, against a stub that sleeps as long as Graph takes and answers what
/// the broker would.
async fn queued(app: &App, bare: &str) -> Outcome<Figure> {
    let reply = tempfile::NamedTempFile::new()?;
    std::fs::write(reply.path(), recorded_reply(app).await?)?;
    let stub = App::with_handler(bare.to_owned());
    let (mut broker_took, mut stub_took) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let sleep = (LATENCY * CALLS_OF_A_GRANT).as_millis().to_string();
        let settings = [
            ("BARE_HANDLER_SLEEP", sleep),
            ("BARE_HANDLER_REPLY", reply.path().to_string_lossy().into_owned()),
        ];
        stub_took.push(empty_a_queue(&stub, &settings, 0).await?.as_secs_f64());
        broker_took.push(empty_a_queue(app, &[], GRANTS).await?.as_secs_f64());
    }
    let name = format!("{GRANTS} grants from Azurite, through the stand-in for the host");
    Ok(Figure::new(name, Unit::Seconds, median(&broker_took))
        .beside("a stub that sleeps", median(&stub_took))
        .held_to(MOST_TIME_QUEUED))
}

/// From the start of the host until the queue is empty.
async fn empty_a_queue(
    app: &App,
    settings: &[(&str, String)],
    expected: usize,
) -> Outcome<Duration> {
    let mut stage = Stage::set(GRANTS, LATENCY).await?;
    // Azurite gets slower with every message that it keeps.
    let azurite = Azurite::start().await?;
    let account = azurite.account()?;
    let queue = fill(&account, &stage.next(GRANTS)?).await?;
    let mut options: Options = app.options(&stage.tenant, &account, Path::new(POLICY));
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    options.environment.extend(settings);
    let began = std::time::Instant::now();
    let host = FunctionsHost::start(options).await?;
    let ended = until_empty(&queue, std::slice::from_ref(&host), GRANTS, PATIENCE).await?;
    host.stop().await;
    stage.check_grants(expected)?;
    Ok(ended - began)
}

/// What the broker answers to a new grant, with the markers of the stub in the place of ids.
async fn recorded_reply(app: &App) -> Outcome<String> {
    let mut stage = Stage::set(1, Duration::ZERO).await?;
    let broker: HandlerProcess = stage.broker(app, Path::new(POLICY)).await?;
    let call = requests(&broker, &stage.next(1)?).pop().ok_or("there is no call")?;
    let reply = post(&client()?, call).await?;
    stage.check_grants(1)?;
    with_markers(&reply).ok_or_else(|| format!("the broker's answer has no row: {reply}").into())
}

fn with_markers(reply: &str) -> Option<String> {
    let json: Value = serde_json::from_str(reply).ok()?;
    let row = json.pointer("/Outputs/audit/0")?;
    let text = |name: &str| row.get(name)?.as_str().map(str::to_owned);
    let (invocation, principal) = (text("invocationId")?, text("PartitionKey")?);
    Some(reply.replace(&invocation, "INVOCATION_ID").replace(&principal, "PRINCIPAL_ID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_is_that_of_the_calls_in_sequence() {
        assert_eq!(least_time(), Duration::from_secs(3));
    }

    #[test]
    fn requests_are_counted_for_each_grant() {
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
    fn ids_of_a_recorded_answer_become_markers_wherever_they_stand() {
        let reply = r#"{"Outputs":{"audit":[{"PartitionKey":"p1","RowKey":"9-i1-0","invocationId":"i1"}],"result":["{\"invocationId\":\"i1\",\"objectId\":\"p1\"}"]}}"#;
        let marked = with_markers(reply).unwrap();
        assert!(marked.contains(r#""RowKey":"9-INVOCATION_ID-0""#), "{marked}");
        assert!(marked.contains(r#"\"objectId\":\"PRINCIPAL_ID\""#), "{marked}");
        assert_eq!(with_markers(r#"{"Outputs":{}}"#), None);
    }
}
