//! `cargo run --release -p local -- soak`: everything goes wrong at the same time, for as long as
//! one likes, and nothing may be lost.
//!
//! The seed decides what is asked, which requests of Microsoft Graph's meet which faults, when
//! handlers are killed and which connections are reset. When things happen, the machine decides
//! too.

#![expect(clippy::print_stdout, reason = "a run says how it goes")]

mod book;
mod checks;
mod plan;
mod run;
mod supervisor;
mod world;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use plan::Plan;
use run::Run;
use storage_emulator::Azurite;
use world::World;

use crate::{Outcome, app::App};

/// The command line.
#[derive(Args)]
pub(crate) struct SoakArguments {
    /// How long; requests are sent in the first two thirds of it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Runs with the same seed ask for the same and meet the same faults
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Write the log of the hosts and of the handlers to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Runs it; an error if a check fails.
pub(crate) async fn run(arguments: SoakArguments) -> Outcome {
    let SoakArguments { minutes, seed, log } = arguments;
    println!("Building the handler");
    let app = App::build().await?;
    let azurite = Azurite::start().await?;
    let plan = Plan::new(minutes, seed);
    println!(
        "{} requests for roles of {} identities, one every {:?}; seed {seed}",
        plan.requests.len(),
        plan.identities,
        plan.interval
    );
    let world = World::start(&app, &azurite, &plan, seed, log.as_deref()).await?;
    let run = Run::new(world, &plan);
    run.run(Duration::from_secs(60 * u64::from(minutes))).await?;
    let evidence = run.end().await?;
    for (request, reason) in &evidence.given_up {
        println!("given up: {request}: {reason:?}");
    }
    let checks = evidence.checks();
    for check in &checks {
        println!("{check}");
    }
    match checks.iter().filter(|check| !check.passed()).count() {
        0 => Ok(()),
        count => Err(format!("{count} checks failed; seed {seed}").into()),
    }
}
