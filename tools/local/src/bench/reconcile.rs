//! A tenant that is not as its baseline says: what it costs to find that out, and whether it is so in the
//! end.
//!
//! One host runs the timer, and another one carries out the checks, so that what a run reads and how much
//! memory it takes can be told from what the checks read and take. The timer fires again until it finds
//! nothing to do.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod figures;
mod hosts;
mod population;

use clap::Args;
use figures::{Figures, Run, bounds, table};
use hosts::Hosts;
use population::Population;
use storage_emulator::Azurite;

use crate::{Outcome, app::App};

/// How many managed identities there are, unless the command line says otherwise.
const SIZES: [usize; 2] = [1_000, 10_000];

/// More runs than it takes: each asks for 5,000 checks.
const MOST_RUNS: usize = 10;

/// The command line of this bench.
#[derive(Args)]
pub(crate) struct ReconcileArguments {
    /// reconcile: so many managed identities, with fifteen or sixteen app roles each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    identities: Option<u32>,
}

/// Measures every size and prints a table for each.
pub(crate) async fn run(app: &App, arguments: &ReconcileArguments) -> Outcome<Vec<Figures>> {
    let sizes = match arguments.identities {
        Some(count) => vec![usize::try_from(count)?],
        None => SIZES.to_vec(),
    };
    let mut all = Vec::new();
    for size in sizes {
        let population = Population::new(size).await?;
        println!("\n{}", population.description());
        let azurite = Azurite::start().await?;
        let figures = measure(app, &azurite, &population).await?;
        println!("{}", table(&figures));
        println!("{}", figures.verdict());
        all.push(figures);
    }
    println!("{}", bounds());
    Ok(all)
}

async fn measure(app: &App, azurite: &Azurite, population: &Population) -> Outcome<Figures> {
    let hosts = Hosts::start(app, azurite, &population.tenant).await?;
    let mut runs: Vec<Run> = Vec::new();
    loop {
        let expected = population.reads(runs.is_empty());
        let run = hosts.run(population, expected).await?;
        let is_done = run.checks == 0;
        runs.push(run);
        if is_done || runs.len() == MOST_RUNS {
            break;
        }
    }
    let peak = hosts.planner_peak();
    let given_up = hosts.given_up().await?;
    Ok(Figures::new(population, runs, peak, given_up))
}
