#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a run prints its progress and its checks")]

mod checks;
mod handler_memory;
mod leftovers;
mod plan;
mod results;
mod run;
mod supervisor;
mod world;

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use app_process::app::App;
use clap::Parser;
use plan::Plan;
use run::Run;
use storage_emulator::Azurite;
use world::World;

/// Runs App Role Broker while everything around it fails, and checks that no request is lost.
///
/// The seed decides the requests, the faults of Microsoft Graph, the kills and the resets of
/// connections. Their timing also depends on the machine. Run it in release.
#[derive(Parser)]
#[command(name = "soak")]
struct Arguments {
    /// Length of the run; requests are sent during the first two thirds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Seed of the run; equal seeds give equal requests and faults
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Write the logs of the hosts and of the handlers to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { minutes, seed, log } = Arguments::parse();
    println!("Building the handler");
    let app = App::build().await?;
    let azurite = Azurite::start().await?;
    let plan = Plan::new(minutes, seed);
    println!(
        "Seed {seed}: {} requests for roles of {} identities, one every {:?}",
        plan.requests.len(),
        plan.identities,
        plan.interval
    );
    let world = World::start(&app, &azurite, &plan, log.as_deref()).await?;
    let run = Run::new(world, &plan);
    run.run(Duration::from_secs(60 * u64::from(minutes))).await?;
    let evidence = run.end().await?;
    for (request, reason) in &evidence.given_up {
        println!("gave up {request}: {reason:?}");
    }
    let checks = evidence.checks();
    for check in &checks {
        println!("{check}");
    }
    match checks.iter().filter(|check| !check.passed()).count() {
        0 => Ok(()),
        count => bail!("{count} checks failed; seed {seed}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
