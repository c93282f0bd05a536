//! `app-role policy test`: tests of the policy, without a network.

#[cfg(test)]
mod agreement_tests;
mod case;
mod coverage;
mod evaluation;
mod files;
mod junit;
#[cfg(test)]
mod mutants;
mod reader;
mod report;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod schema;
mod words;

use std::path::PathBuf;

use clap::Args;
use coverage::Coverage;
use evaluation::Evaluated;
use report::Report;
use time::OffsetDateTime;

use crate::{exit::Exit, failure::Failure, options::GlobalOptions, output::Screen, policy_file};

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Test files, or folders with files *.policytest.json; default: those beside the policy file
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Fail unless each rule has a test that it allows and one that it denies
    #[arg(long)]
    require_coverage: bool,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Runs `app-role policy test`.
pub(super) fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &TestArguments,
) -> Result<Exit, Failure> {
    let policy = policy_file::read(&global.policy)?;
    let files = files::select(&arguments.files, &global.policy)?;
    if let Some(file) = &arguments.junit {
        junit::check_is_no_input(file, files.iter().chain([&global.policy]))?;
    }
    let files = reader::read_all(screen, &files)?;
    let now = OffsetDateTime::now_utc();
    let files: Vec<_> = files
        .iter()
        .map(|file| {
            let tests = file.tests.iter();
            (file.name.as_str(), tests.map(|test| Evaluated::of(&policy, test, now)).collect())
        })
        .collect();
    let coverage = Coverage::of(&policy, files.iter().flat_map(|(_, tests)| tests));
    let report = Report {
        policy: &policy,
        policy_file: &global.policy,
        files,
        coverage,
        requires_coverage: arguments.require_coverage,
    };
    if let Some(file) = &arguments.junit {
        junit::write(file, &report)?;
    }
    report.print(screen)?;
    Ok(if report.is_good() { Exit::Done } else { Exit::Findings })
}
