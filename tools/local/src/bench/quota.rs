//! Many grants under a write quota: how close the broker comes to what the quota allows, and how
//! often it asks in vain.
//!
//! Microsoft Graph documents 3,000 writes per 150 s for an app in a tenant, which would take
//! minutes to exhaust. The tenant has the same rate in a smaller quota, and does the accounting in
//! three ways, since the documentation leaves it open.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod closings;
mod figures;
mod ideal;
mod measurement;

use std::time::Duration;

use clap::Args;
use figures::{Figures, bounds, table};
use measurement::measure;
use storage_emulator::Azurite;
use tenant_emulator::{QuotaModel, WriteQuota};

use crate::{Outcome, app::App};

/// How many identities are granted a role.
const GRANTS: usize = 600;
/// How long the emulated Microsoft Graph takes to answer.
const LATENCY: Duration = Duration::from_millis(60);
/// The documented rate of 20 writes a second.
const WRITES: u32 = 200;
const PERIOD: Duration = Duration::from_secs(10);
const MODELS: [QuotaModel; 3] =
    [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals];

/// What is measured unless the command line names something else. Several processes that each know
/// the whole quota are what an operator has who lets the app scale out.
const DEFAULT: [Scenario; 4] = [
    Scenario { processes: 1, configured: true },
    Scenario { processes: 1, configured: false },
    Scenario { processes: 2, configured: true },
    Scenario { processes: 8, configured: true },
];

/// The command line of this bench.
#[derive(Args)]
pub(crate) struct QuotaArguments {
    /// quota: so many hosts and handlers on the same queues
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    processes: Option<u8>,
    /// quota: without the setting that tells the handler the quota
    #[arg(long)]
    unconfigured: bool,
}

/// How the broker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scenario {
    /// Hosts, each with its handler, on the same queues.
    processes: u8,
    /// Whether each handler is told the quota, all of it.
    configured: bool,
}

impl Scenario {
    /// Whether what the handlers know adds up to the quota.
    pub(super) fn knows_the_quota(self) -> bool {
        self.configured && self.processes == 1
    }
}

impl QuotaArguments {
    fn scenarios(&self) -> Vec<Scenario> {
        if self.processes.is_none() && !self.unconfigured {
            return DEFAULT.to_vec();
        }
        let processes = self.processes.unwrap_or(1);
        vec![Scenario { processes, configured: !self.unconfigured }]
    }
}

/// Measures every scenario under every model and prints a table for each model.
pub(crate) async fn run(app: &App, arguments: &QuotaArguments) -> Outcome<Vec<Figures>> {
    let mut all = Vec::new();
    for model in MODELS {
        println!(
            "\n{GRANTS} grants, {LATENCY:?} latency, {WRITES} writes per {PERIOD:?}: {model:?}"
        );
        let mut rows = Vec::new();
        for scenario in arguments.scenarios() {
            let quota = WriteQuota { writes: WRITES, period: PERIOD, model };
            // Azurite gets slower with every message that it keeps.
            let azurite = Azurite::start().await?;
            rows.push(measure(app, &azurite, scenario, quota).await?);
        }
        println!("{}", table(&rows));
        all.extend(rows);
    }
    println!("{}", bounds());
    Ok(all)
}
