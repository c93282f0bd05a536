//! Many grants under a write quota: how close the broker comes to the ideal time, and how many writes
//! are throttled.
//!
//! Microsoft Graph documents 3,000 writes per 150 s for an app in a tenant, which would take minutes
//! to exhaust. The tenant has the same rate in a smaller quota, in three models of accounting.
//!
//! Then a process starts beside another one, and is killed.

mod changing_processes;
mod figures;
mod ideal;
mod measurement;
mod scenario;
mod throttling_episodes;

use anyhow::Result;
use app_process::app::App;
use clap::Args;
use measurement::measure;
use scenario::{DEFAULT, MODELS, PERIOD, Scenario, WRITES};
use storage_emulator::Azurite;
use tenant_emulator::WriteQuota;

use crate::figure::Figure;

/// The command line of this benchmark.
#[derive(Args)]
pub(crate) struct QuotaArguments {
    /// quota: number of hosts and handlers on the same queues
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    processes: Option<u8>,
    /// quota: do not configure the handlers with the quota
    #[arg(long)]
    unconfigured: bool,
    /// quota: only start a handler beside another one, and kill it
    #[arg(long, conflicts_with_all = ["processes", "unconfigured"])]
    changing: bool,
}

impl QuotaArguments {
    fn scenarios(&self) -> Vec<Scenario> {
        if self.changing {
            return Vec::new();
        }
        if self.is_default() {
            return DEFAULT.to_vec();
        }
        let processes = self.processes.unwrap_or(1);
        vec![Scenario { processes, configured: !self.unconfigured }]
    }

    fn is_default(&self) -> bool {
        self.processes.is_none() && !self.unconfigured
    }
}

/// Measures every scenario in every model, and processes that come and go.
pub(crate) async fn run(app: &App, arguments: &QuotaArguments) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for model in MODELS {
        for scenario in arguments.scenarios() {
            let quota = WriteQuota { writes: WRITES, period: PERIOD, model };
            // Azurite slows down with every message that it keeps.
            let azurite = Azurite::start().await?;
            figures.extend(measure(app, &azurite, scenario, quota).await?);
        }
    }
    if arguments.is_default() {
        figures.extend(changing_processes::measure(app).await?);
    }
    Ok(figures)
}
