#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod envelope;
mod fairness;
mod figure;
mod flood;
mod given_up;
mod grants;
mod handler_calls;
mod handler_process;
mod overhead;
mod policy;
mod quota;
mod reconcile;
mod record;
mod repeats;
mod report;
mod request_queue;
mod start;
mod statistics;
mod table_service;
mod workload;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use app_process::{app::App, cargo_build};
use clap::{Parser, ValueEnum};
use figure::Figure;
use serde_json::{Map, to_value};

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    /// The time that the broker adds to that of Microsoft Graph and of storage
    Overhead,
    /// The time of 600 grants, posted and from a queue, and their requests to Microsoft Graph
    Grants,
    /// The time that the record in storage adds to a grant, with and without an end
    Record,
    /// 1,000 repeats of a request for one identity, and a request for another one meanwhile
    Repeats,
    /// 20 requests of one queue beside a flood of 2,000 of another
    Fairness,
    /// 600 grants under Microsoft Graph's write quota
    Quota,
    /// Bringing 1,000 and 10,000 managed identities up to their baseline
    Reconcile,
    /// The handler's start time, file size and memory
    Start,
    /// The time of a decision with more and more rules in the policy
    Policy,
    /// The report of a tenant with 10,000 managed identities and 50,000 assignments
    Report,
}

/// Measures App Role Broker and compares the figures with their targets. Run it in release.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// The benchmark to run; all if absent
    name: Option<Benchmark>,
    /// Fail if a target is missed
    #[arg(long)]
    check: bool,
    /// Only count requests, on few grants; valid in a debug build. With --handler, also check that
    /// handler's file size
    #[arg(long, conflicts_with = "name")]
    short: bool,
    #[command(flatten)]
    quota: quota::QuotaArguments,
    #[command(flatten)]
    reconcile: reconcile::ReconcileArguments,
    #[command(flatten)]
    report: report::ReportArguments,
    /// Measure this handler instead of building one
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if cfg!(debug_assertions) && !arguments.short {
        println!("This is a debug build; run with `cargo run --release` for meaningful figures");
    }
    let mut app = MeasuredApp { handler: arguments.handler.clone(), app: None };
    let mut all = Map::new();
    let mut missed = 0;
    for benchmark in arguments.benchmarks() {
        println!("\n{benchmark:?}");
        let figures = measure(benchmark, &mut app, &arguments).await?;
        println!("{}", figure::table(&figures));
        missed += figures.iter().filter(|figure| figure.is_missed()).count();
        all.insert(format!("{benchmark:?}").to_lowercase(), to_value(figures)?);
    }
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    match missed {
        0 => Ok(()),
        count if arguments.check => bail!("{count} targets were missed; see the tables above"),
        count => {
            println!("\n{count} targets were missed");
            Ok(())
        }
    }
}

impl Arguments {
    fn benchmarks(&self) -> Vec<Benchmark> {
        match self.name {
            Some(name) => vec![name],
            None if self.short => vec![Benchmark::Grants, Benchmark::Repeats],
            None => Benchmark::value_variants().to_vec(),
        }
    }
}

/// The app to measure. The first benchmark that needs the handler builds it.
struct MeasuredApp {
    handler: Option<PathBuf>,
    app: Option<App>,
}

impl MeasuredApp {
    async fn get(&mut self) -> Result<&App> {
        let app = match (self.app.take(), &self.handler) {
            (Some(app), _) => app,
            (None, Some(file)) => {
                App::with_handler(file.canonicalize()?.to_string_lossy().into_owned())
            }
            (None, None) => {
                println!("Building the handler");
                App::build().await?
            }
        };
        Ok(self.app.insert(app))
    }
}

async fn measure(
    benchmark: Benchmark,
    app: &mut MeasuredApp,
    arguments: &Arguments,
) -> Result<Vec<Figure>> {
    match benchmark {
        Benchmark::Overhead => overhead::run(app.get().await?, &bare_handler().await?).await,
        Benchmark::Grants if arguments.short => {
            let mut figures = grants::requests_to_graph(app.get().await?).await?;
            if arguments.handler.is_some() {
                figures.push(start::file_size(app.get().await?.handler()?)?);
            }
            Ok(figures)
        }
        Benchmark::Grants => grants::run(app.get().await?, &bare_handler().await?).await,
        Benchmark::Record => record::run(app.get().await?, &bare_handler().await?).await,
        Benchmark::Repeats if arguments.short => repeats::counted(app.get().await?).await,
        Benchmark::Repeats => repeats::run(app.get().await?).await,
        Benchmark::Fairness => fairness::run(app.get().await?).await,
        Benchmark::Quota => quota::run(app.get().await?, &arguments.quota).await,
        Benchmark::Reconcile => reconcile::run(app.get().await?, &arguments.reconcile).await,
        Benchmark::Start => start::run(app.get().await?, &bare_handler().await?).await,
        Benchmark::Policy => policy::run(app.get().await?).await,
        Benchmark::Report => report::run(&arguments.report).await,
    }
}

async fn bare_handler() -> Result<String> {
    cargo_build::build("bench", "bare-handler").await
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
