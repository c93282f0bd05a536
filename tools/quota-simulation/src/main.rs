//! `cargo run --release -p quota-simulation`: prints what instances do that share one quota.

#![expect(clippy::print_stdout, reason = "the program prints its figures")]

use std::time::Duration;

use clap::Parser;
use comfy_table::Table;
use quota_simulation::{Jitter, MODELS, Outcome, Scenario, run};
use shared_quota::write_quota::WriteQuota;

/// The numbers of instances that are simulated by default.
const INSTANCES: [u32; 4] = [1, 2, 8, 40];

/// The time of a read or a write of the simulated Microsoft Graph, twice.
const READ_AND_WRITE: f64 = 0.12;

/// Simulates instances that share one quota of writes and work off one queue.
#[derive(Parser)]
struct Arguments {
    /// The number of instances [default: 1, 2, 8 and 40]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    instances: Option<u32>,
    /// The quota, as writes/seconds
    #[arg(long, value_name = "QUOTA", default_value = "3000/150", value_parser = quota)]
    quota: WriteQuota,
    /// The number of messages [default: three times the writes of the quota]
    #[arg(long, value_name = "N")]
    messages: Option<u32>,
    /// Delay each call and each answer by a random time of up to N milliseconds
    #[arg(long, value_name = "N", default_value = "0")]
    jitter: u64,
}

fn quota(text: &str) -> Result<WriteQuota, String> {
    WriteQuota::parse(text).ok_or_else(|| "must be writes and seconds, such as 3000/150".to_owned())
}

fn main() {
    let arguments = Arguments::parse();
    let mut table = Table::new();
    table.set_header([
        "Graph counts by",
        "instances",
        "last write",
        "times the ideal",
        "refused",
        "most in a period",
        "transactions of an instance, a second",
    ]);
    let given = arguments.instances.map(|instances| vec![instances]);
    for model in MODELS {
        for instances in given.clone().unwrap_or_else(|| INSTANCES.to_vec()) {
            let scenario = arguments.scenario(Scenario::burst(instances, model));
            let outcome = run(&scenario);
            let last = outcome.last().as_secs_f64();
            table.add_row([
                format!("{model:?}"),
                instances.to_string(),
                format!("{last:.2} s"),
                format!("{:.3}", last / ideal(&scenario)),
                format!("{:.2} %", outcome.refused_share() * 100.0),
                outcome.most_in_a_period.to_string(),
                format!("{:.2}", transactions(&outcome)),
            ]);
        }
    }
    println!("{table}");
}

impl Arguments {
    fn scenario(&self, scenario: Scenario) -> Scenario {
        let messages = self.messages.unwrap_or(self.quota.writes.saturating_mul(3));
        let periods = messages / self.quota.writes + 2;
        let end = self.quota.period * periods * 3 + Duration::from_secs(60);
        let jitter = Jitter { most: Duration::from_millis(self.jitter), ..Jitter::NONE };
        Scenario { quota: self.quota, messages, end, jitter, ..scenario }
    }
}

/// The least time in seconds: all periods but the last one pass, and the last one is used up at once. For a
/// multiple of the quota, a bucket needs at least as long.
fn ideal(scenario: &Scenario) -> f64 {
    let WriteQuota { writes, period } = scenario.quota;
    let periods = scenario.messages.saturating_sub(1) / writes.max(1);
    READ_AND_WRITE + period.as_secs_f64() * f64::from(periods)
}

/// The transactions with storage of the busiest instance, in a second.
fn transactions(outcome: &Outcome) -> f64 {
    let most = outcome.transactions.iter().map(Vec::len).max().unwrap_or(0);
    most as f64 / outcome.last().as_secs_f64().max(1.0)
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
