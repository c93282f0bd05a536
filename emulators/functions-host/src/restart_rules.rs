//! The rules by which the host restarts a handler (Azure Functions host,
//! `HttpFunctionInvocationDispatcher`).

use std::time::{Duration, Instant};

/// The number of errors at which the host gives up.
const MOST_ERRORS: usize = 3;
/// After this time without an error, the earlier errors are forgotten.
const ERROR_WINDOW: Duration = Duration::from_secs(30 * 60);
/// The exit code that requests a restart.
const RESTART_CODE: i32 = 200;

/// The end of a handler process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerEnd {
    /// The process exited with this code.
    Exited(i32),
    /// A signal ended the process. .NET reports it as this exit code.
    Killed(i32),
    /// The process did not answer within `initializationTimeout`.
    NotInitialized,
    /// The host killed the process because of `functionTimeout`.
    FunctionTimeout,
}

/// The host's reaction to the end of a handler process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Nothing. Later invocations fail to connect.
    Ignore,
    /// Restarts the handler at once.
    Restart,
    /// Stops the host.
    ShutDown,
}

/// The recent errors.
#[derive(Debug, Default)]
pub(crate) struct RestartRules {
    errors: Vec<Instant>,
}

impl RestartRules {
    pub(crate) fn react(&mut self, end: WorkerEnd, now: Instant) -> Reaction {
        match end {
            WorkerEnd::Exited(0) => Reaction::Ignore,
            WorkerEnd::Exited(RESTART_CODE) | WorkerEnd::FunctionTimeout => Reaction::Restart,
            WorkerEnd::Exited(_) | WorkerEnd::Killed(_) | WorkerEnd::NotInitialized => {
                self.count(now)
            }
        }
    }

    fn count(&mut self, now: Instant) -> Reaction {
        if self.errors.last().is_some_and(|last| now.duration_since(*last) > ERROR_WINDOW) {
            self.errors.clear();
        }
        self.errors.push(now);
        if self.errors.len() < MOST_ERRORS { Reaction::Restart } else { Reaction::ShutDown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLED: WorkerEnd = WorkerEnd::Killed(137);

    #[test]
    fn the_third_error_shuts_the_host_down() {
        let (mut rules, now) = (RestartRules::default(), Instant::now());
        assert_eq!(rules.react(WorkerEnd::Exited(1), now), Reaction::Restart);
        assert_eq!(rules.react(KILLED, now), Reaction::Restart);
        assert_eq!(rules.react(WorkerEnd::NotInitialized, now), Reaction::ShutDown);
    }

    #[test]
    fn an_hour_without_an_error_clears_the_count() {
        let (mut rules, now) = (RestartRules::default(), Instant::now());
        let later = now + 2 * ERROR_WINDOW;
        rules.react(KILLED, now);
        rules.react(KILLED, now);
        assert_eq!(rules.react(KILLED, later), Reaction::Restart);
        assert_eq!(rules.react(KILLED, later), Reaction::Restart);
        assert_eq!(rules.react(KILLED, later), Reaction::ShutDown);
    }

    #[test]
    fn exit_codes_0_and_200_and_function_timeouts_are_not_counted() {
        let (mut rules, now) = (RestartRules::default(), Instant::now());
        for _ in 0..MOST_ERRORS {
            assert_eq!(rules.react(WorkerEnd::Exited(0), now), Reaction::Ignore);
            assert_eq!(rules.react(WorkerEnd::Exited(RESTART_CODE), now), Reaction::Restart);
            assert_eq!(rules.react(WorkerEnd::FunctionTimeout, now), Reaction::Restart);
        }
    }
}
