//! The handler's start time, file size and memory.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use app_process::{app::App, memory_samples::MemorySamples};
use tenant_emulator::Route;

use crate::{
    figure::{Figure, Target, Unit},
    handler_calls::{client, post, post_all},
    handler_process::HandlerProcess,
    statistics::median,
    workload::{POLICY, Workload, requests},
};

const STARTS: usize = 20;
const GRANTS: usize = 10_000;
/// The grants between samples of memory: few enough that quarters of the samples can be compared.
const GRANTS_BETWEEN_SAMPLES: usize = 200;
const IN_FLIGHT: usize = 24;
/// The longest wait until the broker has signed in, and the interval between checks.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(20);

const MOST_START_TIME: Target = Target::TimesBaseline(3.0);
/// The file size is that of a static binary without symbols.
const LARGEST_FILE: Target = Target::AtMost(7.0);
const MOST_MEMORY_IDLE: Target = Target::AtMost(10.0);
const MOST_MEMORY_USED: Target = Target::AtMost(25.0);

/// All figures.
pub(crate) async fn run(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut figures = starts(app, bare).await?;
    let size = size(app.handler()?)?.beside("bare warp", megabytes(bare)?);
    // A debug build is large and never ships.
    figures.push(if cfg!(debug_assertions) { size } else { size.held_to(LARGEST_FILE) });
    figures.extend(memory(app, bare).await?);
    Ok(figures)
}

/// The file size of the handler that ships, with its target.
pub(crate) fn file_size(handler: &str) -> Result<Figure> {
    Ok(size(handler)?.held_to(LARGEST_FILE))
}

fn size(handler: &str) -> Result<Figure> {
    Ok(Figure::new("file size", Unit::Megabytes, megabytes(handler)?))
}

fn megabytes(file: &str) -> Result<f64> {
    Ok(std::fs::metadata(file)?.len() as f64 / 1e6)
}

/// The time from the start of the process to its first response, and to the end of its first grant.
async fn starts(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut workload = Workload::start(STARTS, Duration::ZERO).await?;
    let (mut answered, mut bare_answered, mut invoked) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let bare = HandlerProcess::start(bare, &[]).await?;
        bare_answered.push(milliseconds(bare.until_listening));
        drop(bare);
        let broker = workload.broker(app, Path::new(POLICY)).await?;
        answered.push(milliseconds(broker.until_listening));
        let call = requests(&broker, &workload.next(1)?).pop().context("there is no call")?;
        post(&client()?, call).await?;
        invoked.push(milliseconds(broker.began.elapsed()));
    }
    workload.check_grants(STARTS)?;
    Ok(vec![
        Figure::new("start to first response", Unit::Milliseconds, median(&answered))
            .beside("bare warp", median(&bare_answered))
            .held_to(MOST_START_TIME),
        Figure::new("start to end of first grant", Unit::Milliseconds, median(&invoked)),
    ])
}

async fn memory(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut workload = Workload::start(GRANTS, Duration::ZERO).await?;
    let bare = HandlerProcess::start(bare, &[]).await?;
    let broker = workload.broker(app, Path::new(POLICY)).await?;
    wait_until_signed_in(&workload).await?;
    let mebibytes = |kilobytes: u64| kilobytes as f64 / 1024.0;
    let idle = mebibytes(broker.resident_kilobytes()?);
    let client = client()?;
    let mut samples = MemorySamples::default();
    for _ in 0..GRANTS / GRANTS_BETWEEN_SAMPLES {
        let calls = requests(&broker, &workload.next(GRANTS_BETWEEN_SAMPLES)?);
        post_all(&client, calls, IN_FLIGHT).await?;
        samples.sample(broker.id()?);
    }
    workload.check_grants(GRANTS)?;
    let medians = samples.medians().context("there are too few samples of memory")?;
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
            mebibytes(medians.last),
        )
        .beside("second quarter", mebibytes(medians.second))
        .held_to(Target::AtMost(mebibytes(medians.most_if_flat()))),
    ])
}

/// The broker signs in after its start, and is idle from then on.
async fn wait_until_signed_in(workload: &Workload) -> Result<()> {
    let signed_in = async {
        while workload.tenant.count(Route::IssueToken) == 0 {
            tokio::time::sleep(INTERVAL).await;
        }
        // Handling the token takes less than another interval.
        tokio::time::sleep(INTERVAL).await;
    };
    let in_time = tokio::time::timeout(PATIENCE, signed_in).await;
    in_time.context("the broker did not sign in; see the handler's log")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
