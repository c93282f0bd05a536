#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a run prints its progress and its checks")]

mod check;
mod checks;
mod ends;
mod handler_memory;
mod leftovers;
mod plan;
mod queues;
mod record;
mod record_checks;
mod results;
mod run;
mod step;
mod supervisor;
mod table_trouble;
mod world;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use app_process::app::App;
use check::Check;
use clap::Parser;
use ends::EndsPlan;
use plan::Plan;
use run::Run;
use storage_emulator::Azurite;
use world::{Surroundings, World};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// Runs App Role Broker while everything around it fails, and checks that nothing is lost.
///
/// The seed decides the requests, the faults of Microsoft Graph, the kills and the faults of storage.
/// Their timing also depends on the machine. Run it in release.
#[derive(Parser)]
#[command(name = "soak")]
struct Arguments {
    /// Length of the run; requests are sent during the first two thirds
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Seed of the run; equal seeds give equal requests and faults
    #[arg(long, value_name = "S", default_value_t = 7)]
    seed: u64,
    /// Check assignments with an end; requests are sent during the first half
    #[arg(long)]
    ends: bool,
    /// Write the logs of the hosts and of the handlers to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    println!("Building the handler");
    let app = App::build().await?;
    let azurite = Azurite::start().await?;
    let checks = if arguments.ends {
        let plan = EndsPlan::new(arguments.minutes, arguments.seed);
        ends::run(&app, &azurite, &plan, arguments.log.as_deref()).await?
    } else {
        run_requests(&app, &azurite, &arguments).await?
    };
    for check in &checks {
        println!("{check}");
    }
    match checks.iter().filter(|check| !check.passed()).count() {
        0 => Ok(()),
        count => bail!("{count} checks failed; seed {}", arguments.seed),
    }
}

async fn run_requests(app: &App, azurite: &Azurite, arguments: &Arguments) -> Result<Vec<Check>> {
    let plan = Plan::new(arguments.minutes, arguments.seed);
    println!(
        "Seed {}: {} requests for roles of {} identities, one every {:?}",
        arguments.seed,
        plan.requests.len(),
        plan.identities,
        plan.interval
    );
    let surroundings = Surroundings {
        seed: plan.seed,
        arrivals: plan.arrivals(),
        write_quota: plan.write_quota(),
        policy: Path::new(POLICY),
        log: arguments.log.as_deref(),
    };
    let world = World::start(app, azurite, &surroundings).await?;
    let run = Run::new(world, &plan);
    run.run(Duration::from_secs(60 * u64::from(arguments.minutes))).await?;
    let evidence = run.end().await?;
    for (request, reason) in &evidence.given_up {
        println!("gave up {request}: {reason:?}");
    }
    Ok(evidence.checks())
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
