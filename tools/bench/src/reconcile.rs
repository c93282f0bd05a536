//! A tenant that differs from its baseline: the cost of finding the differences, and whether they are
//! gone in the end.
//!
//! One host runs the timer and another one carries out its checks, so that the reads and the memory of
//! each can be told apart. The timer fires again until it finds no difference.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod figures;
mod hosts;
mod population;

use anyhow::Result;
use app_process::app::App;
use clap::Args;
use figures::{End, Run, figures};
use hosts::Hosts;
use population::Population;
use storage_emulator::Azurite;

use crate::figure::Figure;

/// The default numbers of managed identities.
const SIZES: [usize; 2] = [1_000, 10_000];

/// More runs than necessary: each requests up to 5,000 checks.
const MOST_RUNS: usize = 10;

/// The command line of this benchmark.
#[derive(Args)]
pub(crate) struct ReconcileArguments {
    /// reconcile: number of managed identities, with about 15 app roles each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    identities: Option<u32>,
}

/// Measures every size.
pub(crate) async fn run(app: &App, arguments: &ReconcileArguments) -> Result<Vec<Figure>> {
    let sizes = match arguments.identities {
        Some(count) => vec![usize::try_from(count)?],
        None => SIZES.to_vec(),
    };
    let mut all = Vec::new();
    for size in sizes {
        let population = Population::new(size).await?;
        println!("\n{}", population.description());
        let azurite = Azurite::start().await?;
        all.extend(measure(app, &azurite, &population).await?);
    }
    Ok(all)
}

async fn measure(app: &App, azurite: &Azurite, population: &Population) -> Result<Vec<Figure>> {
    let hosts = Hosts::start(app, azurite, &population.tenant).await?;
    let mut runs: Vec<Run> = Vec::new();
    loop {
        let run = hosts.run(population).await?;
        let is_done = run.checks == 0;
        runs.push(run);
        if is_done || runs.len() == MOST_RUNS {
            break;
        }
    }
    let end = End {
        wrong_identities: population.wrong_identities(),
        wrong_writes: population.writes().abs_diff(population.lacking),
        messages_given_up: hosts.given_up().await?,
        peak_kilobytes: hosts.planner_peak(),
    };
    Ok(figures(population.identities.len(), population.stray, &runs, &end))
}
