//! The report of a large tenant: its time, the size of the page, and the memory of the program.
//!
//! The operator's tool is measured, so no handler is built.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod in_browser;
mod population;
mod program;
mod rows;

use std::path::Path;

use anyhow::{Result, ensure};
use app_process::cargo_build;
use clap::Args;
use population::Population;
use program::{Outcome, run as run_program};

use crate::{
    figure::{Figure, Target, Unit},
    table_service::TableService,
    workload::STORAGE_LATENCY,
};

const MOST_TIME: Target = Target::AtMost(60.0);
/// A page that people send to each other as a file.
const LARGEST_PAGE: Target = Target::AtMost(10.0);

/// The command line of this benchmark.
#[derive(Args)]
pub(crate) struct ReportArguments {
    /// report: number of managed identities, with five app roles each
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    report_identities: u32,
    /// report: keep the files in this folder
    #[arg(long, value_name = "FOLDER")]
    report_folder: Option<std::path::PathBuf>,
}

/// Measures the report with and without the record.
pub(crate) async fn run(arguments: &ReportArguments) -> Result<Vec<Figure>> {
    let program = cargo_build::build("app-role-cli", "app-role").await?;
    let population = Population::new(arguments.report_identities).await?;
    println!("\n{}", population.description());
    let tables = TableService::start().await?;
    tables.set_latency(STORAGE_LATENCY);
    rows::write(&tables, &population.tenant);
    let temporary = tempfile::tempdir()?;
    let folder = arguments.report_folder.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("policy.json"), population.policy())?;
    let mut figures = Vec::new();
    for (name, file, record) in [
        ("without the record", "access.html", None),
        ("with the record", "access-with-record.html", Some(tables.connection_string())),
        ("document with the record", "access.json", Some(tables.connection_string())),
    ] {
        let outcome =
            run_program((&program, folder), file, &population.tenant, record.as_deref()).await?;
        ensure!(
            outcome.assignments == population.assignments && outcome.is_complete,
            "the report is not complete: {outcome:?}"
        );
        figures.extend(of_run(name, &folder.join(file), &outcome)?);
    }
    figures
        .extend(in_browser::figures("with the record", &folder.join("access-with-record.html"))?);
    Ok(figures)
}

fn of_run(name: &str, file: &Path, outcome: &Outcome) -> Result<Vec<Figure>> {
    let megabytes = file.metadata()?.len() as f64 / 1e6;
    let size = Figure::new(format!("size of the file, {name}"), Unit::Megabytes, megabytes);
    let is_page = file.extension().is_some_and(|extension| extension == "html");
    let memory = outcome.peak_kilobytes as f64 / 1024.0;
    Ok(vec![
        Figure::new(format!("time, {name}"), Unit::Seconds, outcome.seconds).held_to(MOST_TIME),
        // The document is for programs.
        if is_page { size.held_to(LARGEST_PAGE) } else { size },
        Figure::new(format!("memory, {name}"), Unit::Mebibytes, memory),
    ])
}
