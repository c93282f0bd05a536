//! The cloud of the tenant: its endpoints, and the timing of calls to them.

use std::time::Duration;

use azure_core::http::Url;
use azure_rest::{
    endpoints,
    timing::{self, CallTiming},
};
use broker::timing::Timing;

use crate::{environment, failure::Failure, options::GlobalOptions};

/// The time limit for fetching a token. Signing in limits the Azure CLI and the Azure Developer CLI to a
/// minute each, and says which one is slow.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(130);

/// The cloud of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Cloud {
    /// The Microsoft Graph endpoint.
    pub(crate) graph: Url,
    /// The broker's own waits and limits.
    pub(crate) timing: Timing,
    /// The factor of waits, below 1 in tests.
    pace: f64,
}

impl Cloud {
    /// Reads the endpoint of Graph and the timing from options and environment.
    pub(crate) fn read(global: &GlobalOptions) -> Result<Self, Failure> {
        let graph = endpoints::graph(global.graph_endpoint.as_deref()).map_err(|error| {
            Failure::usage(format!("--graph-endpoint (GRAPH_ENDPOINT) {error}"))
        })?;
        let factor = environment::variable("PACE_FACTOR");
        let factor = timing::pace_factor(factor.as_deref(), Some(&graph))
            .map_err(|error| Failure::usage(format!("PACE_FACTOR {error}")))?;
        let timing = Timing::default().scaled(factor);
        let calls = CallTiming { token: TOKEN_TIMEOUT, ..timing.calls.clone() };
        Ok(Self { graph, timing: Timing { calls, ..timing }, pace: factor })
    }

    /// Scales a wait for tests.
    pub(crate) fn paced(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.pace)
    }

    /// Reads the endpoint of Azure Resource Manager from `ARM_ENDPOINT`. Default: the one of the cloud
    /// of Graph.
    pub(crate) fn arm(&self) -> Result<Url, Failure> {
        let text = environment::variable("ARM_ENDPOINT");
        endpoints::arm(text.as_deref(), Some(&self.graph))
            .map_err(|error| Failure::usage(format!("ARM_ENDPOINT {error}")))
    }
}
