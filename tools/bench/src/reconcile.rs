//! A tenant that differs from its baseline: the cost of finding the differences, and whether they are
//! gone in the end.
//!
//! One host runs the timer and another one carries out its checks, so that the reads and the memory of
//! each can be told apart. The timer fires again until it finds no difference. In a large tenant it fires only
//! once, and nothing carries out its checks.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod figures;
mod hosts;
mod population;

use anyhow::Result;
use app_process::app::App;
use clap::Args;
use figures::{End, Expected, Peaks, Run, figures, figures_of_plan};
use hosts::Hosts;
use population::Population;
use storage_emulator::Azurite;

use crate::figure::Figure;

/// The default numbers of managed identities.
const SIZES: [usize; 3] = [1_000, TEN_THOUSAND, 100_000];
const TEN_THOUSAND: usize = 10_000;

/// From this size on, the timer fires once and its checks stay in the queue: on one machine, Azurite needs
/// minutes for thousands of them, and hours for those of the largest tenant.
const LARGE: usize = 5_000;

/// The fewest assignments that a pass compares if not all fit: seven eighths of those that fit.
const LEAST_OF_A_PASS: usize = (1 << 20) / 8 * 7;

/// More runs than necessary, because each requests up to 5,000 checks.
const MOST_RUNS: usize = 10;

/// The command line of this benchmark.
#[derive(Args)]
pub(crate) struct ReconcileArguments {
    /// reconcile: number of managed identities, with about 15 app roles each; from 5000 on, the timer
    /// fires once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    identities: Option<u32>,
}

/// Measures every size.
pub(crate) async fn run(app: &App, arguments: &ReconcileArguments) -> Result<Vec<Figure>> {
    let sizes = match arguments.identities {
        Some(count) => vec![usize::try_from(count)?],
        None => SIZES.to_vec(),
    };
    let (mut all, mut ten_thousand) = (Vec::new(), None);
    for size in sizes {
        let population = Population::new(size).await?;
        println!("\n{}", population.description());
        let azurite = Azurite::start().await?;
        let hosts = Hosts::start(app, &azurite, &population.tenant).await?;
        let figures = match size {
            ..LARGE => measure(&hosts, &population).await?,
            LARGE.. => plan(&hosts, &population, ten_thousand).await?,
        };
        all.extend(figures);
        if size == TEN_THOUSAND {
            ten_thousand = hosts.planner_peak();
        }
    }
    Ok(all)
}

/// Fires the timer once.
async fn plan(
    hosts: &Hosts,
    population: &Population,
    ten_thousand: Option<u64>,
) -> Result<Vec<Figure>> {
    let most_passes = population.rows.div_ceil(LEAST_OF_A_PASS);
    let expected = Expected {
        most_passes,
        most_reads: population.most_reads(most_passes),
        identities: population.size(),
        lacking: population.lacking,
    };
    let planned = hosts.plan(population).await?;
    let peaks = Peaks { this: hosts.planner_peak(), ten_thousand };
    Ok(figures_of_plan(&planned, &expected, peaks))
}

/// Fires the timer until it finds no difference, and carries out its checks.
async fn measure(hosts: &Hosts, population: &Population) -> Result<Vec<Figure>> {
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
