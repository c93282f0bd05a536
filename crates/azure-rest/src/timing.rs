//! Timeouts of calls, and the waits between tries.

use std::time::Duration;

use azure_core::http::Url;

use crate::endpoints::is_loopback;

/// Timeouts of calls, and the waits between tries.
///
/// The default is what runs in production. Tests scale the waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTiming {
    /// Limit of making a connection. Graph and the identity endpoint connect in milliseconds; five
    /// seconds leave room for one lost SYN.
    pub connect: Duration,
    /// Limit of one call to Graph, body included. Graph's own gateway gives up after 60 s; a call
    /// that has not answered after 30 s is better asked again.
    pub call: Duration,
    /// What a write has for its answer at least, even if its deadline is nearer: an answer that nobody
    /// waits for is a doubt that somebody has to settle.
    pub write_answer: Duration,
    /// Limit of fetching a token. The endpoint is on the same machine.
    pub token: Duration,
    /// How long a token that replaced a refused one is not replaced again: the platform hands out what
    /// it has cached, so the next one would be the same.
    pub token_renewal: Duration,
    /// After a failed fetch of a token, how long callers are told so without another try.
    pub token_failure: Duration,
    /// First wait between two tries of a call; doubled each time.
    pub first_wait: Duration,
    /// Longest wait between two tries, unless the remote side asks for more.
    pub longest_wait: Duration,
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
        }
    }
}

impl CallTiming {
    /// The same timing with the waits, and the time that work has, multiplied by `factor`.
    ///
    /// Limits of single calls stay: they are about real sockets, which do not get faster.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            token_renewal: self.token_renewal.mul_f64(factor),
            token_failure: self.token_failure.mul_f64(factor),
            first_wait: self.first_wait.mul_f64(factor),
            longest_wait: self.longest_wait.mul_f64(factor),
            ..self.clone()
        }
    }
}

/// A factor for waits that is not accepted.
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

/// Parses the factor by which tests scale waits, see [`CallTiming::scaled`]. Default: 1.
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
