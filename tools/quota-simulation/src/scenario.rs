//! What happens in a simulation.

use std::time::Duration;

use shared_quota::{priority::Priority, write_quota::WriteQuota};

use crate::graph::Model;

/// A simulation.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The quota that each instance is told, and that the service has.
    pub quota: WriteQuota,
    /// How the service counts.
    pub model: Model,
    /// The instances.
    pub instances: Vec<Life>,
    /// The messages that wait in one queue at first. Each is one write.
    pub messages: u32,
    /// Writes that are asked of one instance directly.
    pub calls: Vec<Call>,
    /// Times in which storage does not answer.
    pub outages: Vec<Outage>,
    /// The time of a call to the service.
    pub latency: Duration,
    /// The time of a transaction with storage.
    pub storage_latency: Duration,
    /// How much longer calls and transactions take.
    pub jitter: Jitter,
    /// When the simulation ends at the latest.
    pub end: Duration,
}

/// The life of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// When it starts.
    pub start: Duration,
    /// When it is killed.
    pub killed: Option<Duration>,
    /// How much its clock is ahead.
    pub clock: Duration,
}

/// Writes that are asked of one instance directly.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// When.
    pub at: Duration,
    /// The index of the instance. Without one, nothing happens.
    pub instance: usize,
    /// How many.
    pub writes: u32,
    /// With which priority.
    pub priority: Priority,
}

/// How much longer calls and transactions take: a random time for each way.
#[derive(Debug, Clone, Copy)]
pub struct Jitter {
    /// The longest such time.
    pub most: Duration,
    /// The same seed gives the same times.
    pub seed: u64,
}

/// A time in which storage does not answer.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Its start.
    pub from: Duration,
    /// Its end.
    pub until: Duration,
    /// Whether calls hang, and are carried out at the end of their timeout. Otherwise they are refused at once.
    pub hangs: bool,
}

impl Life {
    /// An instance that starts then and is not killed.
    #[must_use]
    pub fn from(start: Duration) -> Self {
        Self { start, killed: None, clock: Duration::ZERO }
    }
}

impl Jitter {
    /// Calls and transactions take their latency.
    pub const NONE: Self = Self { most: Duration::ZERO, seed: 0 };
}

impl Scenario {
    /// 200 writes in 10 s, 600 messages, and instances that start 150 ms after each other.
    #[must_use]
    pub fn burst(instances: u32, model: Model) -> Self {
        let start = |index| Life::from(Duration::from_millis(150) * index);
        Self {
            quota: WriteQuota { writes: 200, period: Duration::from_secs(10) },
            model,
            instances: (0..instances).map(start).collect(),
            messages: 600,
            calls: Vec::new(),
            outages: Vec::new(),
            latency: Duration::from_millis(60),
            storage_latency: Duration::from_millis(5),
            jitter: Jitter::NONE,
            end: Duration::from_secs(240),
        }
    }
}
