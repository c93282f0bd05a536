//! How long the handler takes to start, how large it is, and how much memory it holds.

use std::{path::Path, time::Duration};

use tenant_emulator::Route;

use super::{
    figure::{Figure, Target, Unit},
    posting::{client, post, post_all},
    process::HandlerProcess,
    stage::{POLICY, Stage, requests},
    statistics::median,
};
use crate::{Outcome, app::App, resident_memory::Memory};

const STARTS: usize = 20;
const GRANTS: usize = 10_000;
/// As many as memory is looked at once for. There must be enough of them for quarters to be compared.
const GRANTS_BETWEEN_SAMPLES: usize = 200;
const IN_FLIGHT: usize = 24;
/// How long the broker gets to sign in, which it does beside the server; and the interval of looking.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(20);

const MOST_START_TIME: Target = Target::TimesBaseline(3.0);
/// Of the handler without symbols and with everything in it that is not the system's.
const LARGEST_FILE: Target = Target::AtMost(7.0);
const MOST_MEMORY_IDLE: Target = Target::AtMost(10.0);
const MOST_MEMORY_USED: Target = Target::AtMost(25.0);

/// All figures.
pub(super) async fn run(app: &App, bare: &str) -> Outcome<Vec<Figure>> {
    let mut figures = starts(app, bare).await?;
    let size = size(app.handler()?)?.beside("bare warp", megabytes(bare)?);
    // A debug build is large, and nobody ships it.
    figures.push(if cfg!(debug_assertions) { size } else { size.held_to(LARGEST_FILE) });
    figures.extend(memory(app, bare).await?);
    Ok(figures)
}

/// The size of the handler that ships.
pub(super) fn size_of_shipped(handler: &str) -> Outcome<Figure> {
    Ok(size(handler)?.held_to(LARGEST_FILE))
}

fn size(handler: &str) -> Outcome<Figure> {
    Ok(Figure::new("size of the file", Unit::Megabytes, megabytes(handler)?))
}

fn megabytes(file: &str) -> Outcome<f64> {
    Ok(std::fs::metadata(file)?.len() as f64 / 1e6)
}

/// From the start of the process to its first answer, and to the end of its first invocation.
async fn starts(app: &App, bare: &str) -> Outcome<Vec<Figure>> {
    let mut stage = Stage::set(STARTS, Duration::ZERO).await?;
    let (mut answered, mut bare_answered, mut invoked) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let bare = HandlerProcess::start(bare, &[]).await?;
        bare_answered.push(milliseconds(bare.until_listening));
        drop(bare);
        let broker = stage.broker(app, Path::new(POLICY)).await?;
        answered.push(milliseconds(broker.until_listening));
        let call = requests(&broker, &stage.next(1)?).pop().ok_or("there is no call")?;
        post(&client()?, call).await?;
        invoked.push(milliseconds(broker.began.elapsed()));
    }
    stage.check_grants(STARTS)?;
    Ok(vec![
        Figure::new("start to first answer", Unit::Milliseconds, median(&answered))
            .beside("bare warp", median(&bare_answered))
            .held_to(MOST_START_TIME),
        Figure::new("start to the end of the first grant", Unit::Milliseconds, median(&invoked)),
    ])
}

async fn memory(app: &App, bare: &str) -> Outcome<Vec<Figure>> {
    let mut stage = Stage::set(GRANTS, Duration::ZERO).await?;
    let bare = HandlerProcess::start(bare, &[]).await?;
    let broker = stage.broker(app, Path::new(POLICY)).await?;
    until_signed_in(&stage).await?;
    let mebibytes = |kilobytes: u64| kilobytes as f64 / 1024.0;
    let idle = mebibytes(broker.resident_kilobytes()?);
    let client = client()?;
    let mut memory = Memory::default();
    for _ in 0..GRANTS / GRANTS_BETWEEN_SAMPLES {
        let calls = requests(&broker, &stage.next(GRANTS_BETWEEN_SAMPLES)?);
        post_all(&client, calls, IN_FLIGHT).await?;
        memory.sample(broker.id()?);
    }
    stage.check_grants(GRANTS)?;
    let medians = memory.medians().ok_or("there are too few samples of memory")?;
    let used = mebibytes(broker.resident_kilobytes()?);
    let after = format!("after {GRANTS} grants");
    Ok(vec![
        Figure::new("memory, idle", Unit::Mebibytes, idle)
            .beside("bare warp", mebibytes(bare.resident_kilobytes()?))
            .held_to(MOST_MEMORY_IDLE),
        Figure::new(format!("memory, {after}"), Unit::Mebibytes, used).held_to(MOST_MEMORY_USED),
        Figure::new(
            format!("memory, last quarter of {GRANTS} grants"),
            Unit::Mebibytes,
            mebibytes(medians.last_quarter),
        )
        .beside("second quarter", mebibytes(medians.second_quarter))
        .held_to(Target::AtMost(mebibytes(medians.most_if_flat()))),
    ])
}

/// Idle is who has done what it does without being asked: the broker signs in.
async fn until_signed_in(stage: &Stage) -> Outcome {
    let signed_in = async {
        while stage.tenant.count(Route::IssueToken) == 0 {
            tokio::time::sleep(INTERVAL).await;
        }
        // What it does with the answer takes less.
        tokio::time::sleep(INTERVAL).await;
    };
    let in_time = tokio::time::timeout(PATIENCE, signed_in).await;
    in_time.map_err(|_| "the broker did not sign in; see what the handler logs".into())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
