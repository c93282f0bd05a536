//! Timeouts of calls and waits between retries.

use std::time::Duration;

use azure_core::http::Url;

use crate::endpoints::is_loopback;

/// Timeouts of calls and waits between retries.
///
/// Production uses the default. Tests scale the waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTiming {
    /// Timeout of a connection attempt. Graph and the identity endpoint connect in milliseconds; five
    /// seconds leave room for one lost SYN.
    pub connect: Duration,
    /// Timeout of one call, body included. Graph's own gateway gives up after 60 s; after 30 s without
    /// a response, a retry is more likely to succeed.
    pub call: Duration,
    /// Minimum timeout of a write, even if its deadline is earlier. A write whose response is lost
    /// leaves its outcome unknown.
    pub write_answer: Duration,
    /// Timeout of fetching a token. The endpoint is on the same machine.
    pub token: Duration,
    /// How long a token that replaced a refused one is not replaced again. The platform caches tokens,
    /// so it would issue the same one.
    pub token_renewal: Duration,
    /// How long the failure to fetch a token is returned to callers without another attempt.
    pub token_failure: Duration,
    /// First wait before a retry; it doubles each time.
    pub first_wait: Duration,
    /// Longest wait before a retry, unless the service asks for more.
    pub longest_wait: Duration,
    /// How often one call is sent although the service asked to wait longer. The service may have asked
    /// for far more than it needs.
    pub probe: Duration,
}

impl Default for CallTiming {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(30),
            write_answer: Duration::from_secs(5),
            token: Duration::from_secs(10),
            token_renewal: Duration::from_secs(60),
            token_failure: Duration::from_secs(3),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(16),
            probe: Duration::from_secs(60),
        }
    }
}

impl CallTiming {
    /// This timing with its waits multiplied by `factor`.
    ///
    /// Timeouts of single calls stay: real sockets do not get faster.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            token_renewal: self.token_renewal.mul_f64(factor),
            token_failure: self.token_failure.mul_f64(factor),
            first_wait: self.first_wait.mul_f64(factor),
            longest_wait: self.longest_wait.mul_f64(factor),
            probe: self.probe.mul_f64(factor),
            ..self.clone()
        }
    }
}

/// An invalid factor for waits.
///
/// `Display` completes a sentence that begins with the name of the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPaceFactor {
    /// Graph is not an emulator.
    #[error("is for emulators: it is accepted only if GRAPH_ENDPOINT is on 127.0.0.1")]
    NoEmulator,
    /// The text is not a number in the range.
    #[error("must be a number above 0 and up to 1")]
    OutOfRange,
}

/// Parses the factor that tests apply to waits ([`CallTiming::scaled`]). The default is 1.
///
/// It is accepted only if `graph` is an emulator on this machine.
pub fn pace_factor(text: Option<&str>, graph: Option<&Url>) -> Result<f64, InvalidPaceFactor> {
    let Some(text) = text else { return Ok(1.0) };
    if !graph.is_some_and(is_loopback) {
        return Err(InvalidPaceFactor::NoEmulator);
    }
    let factor = text.parse().ok().filter(|factor| *factor > 0.0 && *factor <= 1.0);
    factor.ok_or(InvalidPaceFactor::OutOfRange)
}
