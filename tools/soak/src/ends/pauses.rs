//! The times in which no run of the timer could end anything.

use std::{collections::BTreeMap, time::Instant};

use time::OffsetDateTime;

use super::{evidence::Clock, plan::TICK};
use crate::world::HANDLERS;

/// A time in which nothing could be ended: from one moment to another.
pub(crate) type Pause = (OffsetDateTime, OffsetDateTime);

/// A handler, by its number, and when it was killed.
pub(crate) type Kill = (usize, Instant);

/// All pauses, without overlap: the time without hosts, and the rest of each tick in which every handler was
/// killed. A run that was cut continues with the next tick.
pub(crate) fn pauses(deployment: Pause, killed: &[Kill], clock: Clock) -> Vec<Pause> {
    let tick = i128::try_from(TICK.as_nanos()).unwrap_or(i128::MAX);
    let mut first_kills = BTreeMap::<i128, BTreeMap<usize, OffsetDateTime>>::new();
    for (handler, at) in killed {
        let at = clock.time_of(*at);
        let of_tick = first_kills.entry(at.unix_timestamp_nanos().div_euclid(tick)).or_default();
        let first = of_tick.entry(*handler).or_insert(at);
        *first = at.min(*first);
    }
    let all_killed = first_kills.into_iter().filter(|(_, killed)| killed.len() == HANDLERS);
    let rest = all_killed.filter_map(|(number, killed)| {
        let next = OffsetDateTime::from_unix_timestamp_nanos((number + 1) * tick).ok()?;
        Some((killed.into_values().max()?, next))
    });
    without_overlap(rest.chain([deployment]).collect())
}

fn without_overlap(mut pauses: Vec<Pause>) -> Vec<Pause> {
    pauses.sort();
    let mut joined: Vec<Pause> = Vec::new();
    for (began, ended) in pauses {
        match joined.last_mut() {
            Some((_, last)) if began <= *last => *last = ended.max(*last),
            _ => joined.push((began, ended)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    /// Pauses in seconds after a tick, of kills at these seconds.
    fn of_kills(killed: &[(usize, u64)]) -> Vec<(i64, i64)> {
        let clock = Clock { instant: Instant::now(), time: datetime!(2026-11-26 10:00 UTC) };
        let at = |seconds| clock.time + time::Duration::seconds(seconds);
        let killed: Vec<_> = killed
            .iter()
            .map(|(handler, at)| (*handler, clock.instant + Duration::from_secs(*at)))
            .collect();
        let seconds = |at: OffsetDateTime| (at - clock.time).whole_seconds();
        let pauses = pauses((at(100), at(105)), &killed, clock);
        pauses.into_iter().map(|(began, ended)| (seconds(began), seconds(ended))).collect()
    }

    #[test]
    fn a_tick_counts_until_the_last_handler_is_killed_for_the_first_time() {
        for (killed, pauses) in [
            (vec![], vec![(100, 105)]),
            (vec![(0, 1), (0, 2), (1, 16)], vec![(100, 105)]),
            (vec![(0, 1), (1, 4), (0, 9)], vec![(4, 15), (100, 105)]),
            (vec![(0, 16), (1, 17), (0, 31), (1, 33)], vec![(17, 30), (33, 45), (100, 105)]),
            (vec![(0, 91), (1, 95)], vec![(95, 105)]),
            (vec![(0, 91), (1, 102)], vec![(100, 105)]),
        ] {
            assert_eq!(of_kills(&killed), pauses, "{killed:?}");
        }
    }
}
