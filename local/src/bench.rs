//! `cargo run --release -p local -- bench`: figures that the broker is held to.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

pub(crate) mod quota;
pub(crate) mod reconcile;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, json};

use crate::{Outcome, app::App};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// 600 grants under Microsoft Graph's write quota
    Quota,
    /// A tenant of 1,000 and of 10,000 managed identities, brought up to its baseline
    Reconcile,
}

/// The command line.
#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Only this one
    name: Option<Bench>,
    #[command(flatten)]
    quota: quota::QuotaArguments,
    #[command(flatten)]
    reconcile: reconcile::ReconcileArguments,
    /// Write the figures to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs benches; an error if something was lost or a bound was missed.
pub(crate) async fn run(arguments: BenchArguments) -> Outcome {
    if cfg!(debug_assertions) {
        println!("This is a debug build: its figures say little. Use cargo run --release");
    }
    println!("Building the handler");
    let app = App::build().await?;
    let mut figures = Map::new();
    let mut missed = Vec::new();
    for bench in Bench::value_variants() {
        if arguments.name.is_some_and(|name| name != *bench) {
            continue;
        }
        match bench {
            Bench::Quota => {
                let measured = quota::run(&app, &arguments.quota).await?;
                missed.extend(measured.iter().flat_map(|figures| figures.missed.clone()));
                figures.insert("quota".to_owned(), json!(measured));
            }
            Bench::Reconcile => {
                let measured = reconcile::run(&app, &arguments.reconcile).await?;
                missed.extend(measured.iter().flat_map(|figures| figures.missed.clone()));
                figures.insert("reconcile".to_owned(), json!(measured));
            }
        }
    }
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    match missed.len() {
        0 => Ok(()),
        count => Err(format!("{count} bounds were missed; the tables say which").into()),
    }
}
