//! When a handler that ended is started again (Azure Functions host, `HttpFunctionInvocationDispatcher`).

use std::time::{Duration, Instant};

/// The host gives up at the third error.
const MOST_ERRORS: usize = 3;
/// An error longer ago than this, counted from the one after it, is forgotten with all before it.
const ERROR_WINDOW: Duration = Duration::from_secs(30 * 60);
/// The exit code by which a handler asks for a restart.
const RESTART_CODE: i32 = 200;

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerEnd {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal, which .NET gives this exit code.
    Killed(i32),
    /// It never answered within `initializationTimeout`.
    NotInitialized,
    /// The host ended it because a function ran out of time.
    FunctionTimeout,
}

/// What the host does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing: later invocations find nobody.
    Ignore,
    /// Start it again, at once.
    Restart,
    /// Stop the host.
    ShutDown,
}

/// The errors that count.
#[derive(Debug, Default)]
pub(super) struct RestartRules {
    errors: Vec<Instant>,
}

impl RestartRules {
    pub(super) fn react(&mut self, end: WorkerEnd, now: Instant) -> Reaction {
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
    fn an_hour_without_errors_forgets_them() {
        let (mut rules, now) = (RestartRules::default(), Instant::now());
        let later = now + 2 * ERROR_WINDOW;
        rules.react(KILLED, now);
        rules.react(KILLED, now);
        assert_eq!(rules.react(KILLED, later), Reaction::Restart);
        assert_eq!(rules.react(KILLED, later), Reaction::Restart);
        assert_eq!(rules.react(KILLED, later), Reaction::ShutDown);
    }

    #[test]
    fn some_ends_do_not_count() {
        let (mut rules, now) = (RestartRules::default(), Instant::now());
        for _ in 0..MOST_ERRORS {
            assert_eq!(rules.react(WorkerEnd::Exited(0), now), Reaction::Ignore);
            assert_eq!(rules.react(WorkerEnd::Exited(RESTART_CODE), now), Reaction::Restart);
            assert_eq!(rules.react(WorkerEnd::FunctionTimeout, now), Reaction::Restart);
        }
    }
}
