//! `cargo run --release -p local -- bench`: figures that the broker is held to.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod envelope;
mod figure;
mod grants;
mod overhead;
mod policy;
mod posting;
mod process;
mod queue;
pub(crate) mod quota;
pub(crate) mod reconcile;
mod stage;
mod start;
mod statistics;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use figure::Figure;
use serde::Serialize;
use serde_json::{Map, Value, to_value};

use crate::{
    Outcome,
    app::{
        App,
        binary::{self, BARE_HANDLER},
    },
};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// What the broker adds to Microsoft Graph
    Overhead,
    /// 600 grants, posted and from a queue
    Grants,
    /// 600 grants under Microsoft Graph's write quota
    Quota,
    /// A tenant of 1,000 and of 10,000 managed identities, brought up to its baseline
    Reconcile,
    /// How long the handler takes to start, its size, and its memory
    Start,
    /// How a decision's time grows with the rules of the policy
    Policy,
}

/// The command line.
#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Only this one
    name: Option<Bench>,
    /// Fail if a target is missed
    #[arg(long)]
    check: bool,
    /// Only what can be counted, on few grants: says as much in a debug build, in seconds. With
    /// --handler, that handler's size, too
    #[arg(long, conflicts_with = "name")]
    short: bool,
    #[command(flatten)]
    quota: quota::QuotaArguments,
    #[command(flatten)]
    reconcile: reconcile::ReconcileArguments,
    /// Measure this handler instead of building one: for instance one that was built for musl
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// Write the figures to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What a bench found: its figures for programs, and how many targets were missed.
struct Found {
    figures: Value,
    missed: usize,
}

/// Runs benches; an error if something was lost or, if it was asked for, a target was missed.
pub(crate) async fn run(arguments: BenchArguments) -> Outcome {
    if cfg!(debug_assertions) && !arguments.short {
        println!("This is a debug build: its figures say little. Use cargo run --release");
    }
    let app = match &arguments.handler {
        Some(file) => App::with_handler(file.canonicalize()?.to_string_lossy().into_owned()),
        None => {
            println!("Building the handler");
            App::build().await?
        }
    };
    let mut all = Map::new();
    let mut missed = 0;
    for bench in arguments.benches() {
        println!("\n{bench:?}");
        let found = measure(bench, &app, &arguments).await?;
        missed += found.missed;
        all.insert(format!("{bench:?}").to_lowercase(), found.figures);
    }
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&all)?)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    match missed {
        0 => Ok(()),
        count if arguments.check => {
            Err(format!("{count} targets were missed; the tables say which").into())
        }
        count => {
            println!("\n{count} targets were missed");
            Ok(())
        }
    }
}

impl BenchArguments {
    fn benches(&self) -> Vec<Bench> {
        match self.name {
            Some(name) => vec![name],
            None if self.short => vec![Bench::Grants],
            None => Bench::value_variants().to_vec(),
        }
    }
}

async fn measure(bench: Bench, app: &App, arguments: &BenchArguments) -> Outcome<Found> {
    match bench {
        Bench::Overhead => print(&overhead::run(app, &binary::build(BARE_HANDLER).await?).await?),
        Bench::Grants if arguments.short => {
            let mut figures = grants::counted(app).await?;
            if arguments.handler.is_some() {
                figures.push(start::size_of_shipped(app.handler()?)?);
            }
            print(&figures)
        }
        Bench::Grants => print(&grants::run(app, &binary::build(BARE_HANDLER).await?).await?),
        Bench::Quota => {
            found(&quota::run(app, &arguments.quota).await?, |figures| figures.missed.len())
        }
        Bench::Reconcile => {
            found(&reconcile::run(app, &arguments.reconcile).await?, |figures| figures.missed.len())
        }
        Bench::Start => print(&start::run(app, &binary::build(BARE_HANDLER).await?).await?),
        Bench::Policy => print(&policy::run(app).await?),
    }
}

fn print(figures: &[Figure]) -> Outcome<Found> {
    println!("{}", figure::table(figures));
    found(figures, |figure| usize::from(figure.is_missed()))
}

fn found<T: Serialize>(figures: &[T], missed: impl Fn(&T) -> usize) -> Outcome<Found> {
    Ok(Found { missed: figures.iter().map(missed).sum(), figures: to_value(figures)? })
}
