//! The plan of a run of assignments with an end, which the seed decides before the run begins. Times are
//! offsets from the start of the run.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;
use tenant_emulator::contoso::managed_identities;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::plan::{ADMIN, APIS, Role};

/// The largest number of requests with an end.
const MOST_REQUESTS: usize = 1_000;
/// The rate of requests that two handlers sustain while a fifth of all calls fail.
const REQUESTS_PER_SECOND: f64 = 5.0;
/// The number of requests with an end for each identity. They overlap.
const REQUESTS_PER_IDENTITY: usize = 5;
/// The share of the time in which requests are sent. The rest is for ends.
const SENDING: f64 = 0.45;
/// The share of the time in which the last end is due.
const LAST_END: f64 = 0.8;
/// The shortest time from a request to its end: longer than most requests take.
const SHORTEST: Duration = Duration::from_secs(15);
/// One in this many requests has a partner that extends it at the moment at which it is ended.
const REQUESTS_PER_EXTENSION: usize = 10;
/// The interval at which the timer of ends fires, in seconds of the clock.
pub(crate) const TICK: Duration = Duration::from_secs(15);
/// How long after the timer has fired an extension may be sent.
const AFTER_TICK: Duration = Duration::from_millis(600);
/// The time between what is made by hand and each request for the same role. The broker cannot tell what is
/// made by hand while a write of its own is under way, which may be some deliveries after it was sent.
const APART: Duration = Duration::from_secs(60);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndsRequest {
    pub(crate) id: String,
    /// When it is sent.
    pub(crate) sent: Duration,
    /// When its assignments are to end; `None` if never.
    pub(crate) end: Option<Duration>,
    /// The object id of the principal.
    pub(crate) principal: String,
    /// The object id of the API.
    pub(crate) api: &'static str,
    pub(crate) roles: Vec<Role>,
}

/// An assignment that is made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByHand {
    /// When; zero is before the first request. What the broker has assigned by then is removed.
    pub(crate) made: Duration,
    pub(crate) principal: String,
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub(crate) struct EndsPlan {
    /// In the order in which they are sent.
    pub(crate) requests: Vec<EndsRequest>,
    /// Assignments of [`ADMIN`], in the order in which they are made.
    pub(crate) by_hand: Vec<ByHand>,
    pub(crate) identities: usize,
    /// When the last request has been sent.
    pub(crate) sending: Duration,
    /// When the last end is due.
    pub(crate) last_end: Duration,
    pub(crate) seed: u64,
}

impl EndsPlan {
    /// Plans a run of this length. Half of the identities get one role for good on request, and the other
    /// half get it by hand; all are requested with an end, too.
    pub(crate) fn new(minutes: u32, seed: u64) -> Self {
        let whole = Duration::from_secs(60 * u64::from(minutes));
        let (sending, last_end) = (whole.mul_f64(SENDING), whole.mul_f64(LAST_END));
        let count = (sending.as_secs_f64() * REQUESTS_PER_SECOND) as usize;
        let count = count.clamp(REQUESTS_PER_IDENTITY * 2, MOST_REQUESTS);
        let identities = count / REQUESTS_PER_IDENTITY;
        let principals: Vec<_> =
            managed_identities(identities).into_iter().map(|identity| identity.id).collect();
        let (permanent, others) = principals.split_at(identities / 2);
        let mut draft = Draft { random: StdRng::seed_from_u64(seed), sending, last_end };
        let by_hand = draft.by_hand(others);
        let extensions = count / REQUESTS_PER_EXTENSION;
        let mut requests = draft.overlapping(count - 2 * extensions, &principals);
        requests.extend(draft.extensions(extensions, &principals));
        requests.extend(permanent.iter().map(|principal| draft.permanent(principal)));
        keep_apart(&mut requests, &by_hand);
        requests.sort_by_key(|request| request.sent);
        for (number, request) in requests.iter_mut().enumerate() {
            request.id = format!("ends-{number:05}");
        }
        Self { requests, by_hand, identities, sending, last_end, seed }
    }
}

/// A plan that is being made.
struct Draft {
    random: StdRng,
    sending: Duration,
    last_end: Duration,
}

impl Draft {
    fn between(&mut self, from: Duration, to: Duration) -> Duration {
        from + to.saturating_sub(from).mul_f64(self.random.random())
    }

    /// A third was there before, a third is made in the beginning, and a third later, in place of what the
    /// broker has assigned.
    fn by_hand(&mut self, principals: &[String]) -> Vec<ByHand> {
        let sending = self.sending;
        let mut by_hand: Vec<_> = principals
            .iter()
            .enumerate()
            .map(|(index, principal)| {
                let made = match index % 3 {
                    0 => Duration::ZERO,
                    1 => self.between(Duration::ZERO, sending.mul_f64(0.2)),
                    _ => self.between(sending.mul_f64(0.4), sending),
                };
                ByHand { made, principal: principal.clone() }
            })
            .collect();
        by_hand.sort_by_key(|one| one.made);
        by_hand
    }

    /// Requests with ends that overlap, for one to three roles of an API.
    fn overlapping(&mut self, count: usize, principals: &[String]) -> Vec<EndsRequest> {
        let (sending, last_end) = (self.sending, self.last_end);
        let [(api, roles), _] = APIS;
        let mut requests = Vec::new();
        for _ in 0..count {
            let Some(principal) = principals.choose(&mut self.random) else { continue };
            let sent = self.between(Duration::ZERO, sending);
            let end = Some(self.between(sent + SHORTEST, last_end));
            let several = self.random.random_range(1..=roles.len());
            let mut roles: Vec<_> = roles.sample(&mut self.random, several).copied().collect();
            roles.sort_unstable();
            let principal = principal.clone();
            requests.push(EndsRequest { id: String::new(), sent, end, principal, api, roles });
        }
        requests
    }

    /// Pairs of requests: the first ends when the timer fires next, and the second one extends it at that
    /// moment. No other request is for this role.
    fn extensions(&mut self, count: usize, principals: &[String]) -> Vec<EndsRequest> {
        let [_, (api, roles)] = APIS;
        let mut pairs = Vec::new();
        let first_tick = (SHORTEST.as_secs() / TICK.as_secs()) + 1;
        let last_tick = (self.sending.as_secs() / TICK.as_secs()).max(first_tick);
        for principal in principals.sample(&mut self.random, count) {
            let tick = u32::try_from(self.random.random_range(first_tick..=last_tick));
            let tick = TICK * tick.unwrap_or(1);
            let sent = self.between(Duration::ZERO, tick - SHORTEST);
            let again = self.between(tick, tick + AFTER_TICK);
            let end = tick - Duration::from_secs(1);
            let later = self.between(again + SHORTEST, self.last_end.max(again + 2 * SHORTEST));
            for (sent, end) in [(sent, end), (again, later)] {
                let (principal, roles) = (principal.clone(), roles.to_vec());
                let end = Some(end);
                pairs.push(EndsRequest { id: String::new(), sent, end, principal, api, roles });
            }
        }
        pairs
    }

    fn permanent(&mut self, principal: &str) -> EndsRequest {
        let (sent, principal) = (self.between(Duration::ZERO, self.sending), principal.to_owned());
        let [(api, _), _] = APIS;
        EndsRequest { id: String::new(), sent, end: None, principal, api, roles: vec![ADMIN] }
    }
}

/// Removes a role from requests that are sent shortly before or after it is assigned by hand.
fn keep_apart(requests: &mut Vec<EndsRequest>, by_hand: &[ByHand]) {
    for one in by_hand.iter().filter(|one| !one.made.is_zero()) {
        let near = one.made.saturating_sub(APART)..one.made + APART;
        for request in requests.iter_mut() {
            if request.principal == one.principal && near.contains(&request.sent) {
                request.roles.retain(|role| *role != ADMIN);
            }
        }
    }
    requests.retain(|request| !request.roles.is_empty());
}

impl EndsRequest {
    /// The request as JSON, in a run that began at this time. Ends are whole seconds.
    pub(crate) fn text(&self, began: OffsetDateTime) -> String {
        let roles: Vec<_> = self.roles.iter().map(|role| role.value).collect();
        let end = self.end.map(|end| (began + end).truncate_to_second());
        json!({
            "requestId": self.id,
            "principal": { "objectId": self.principal },
            "api": { "objectId": self.api },
            "roles": roles,
            "endDateTime": end.and_then(|end| end.format(&Rfc3339).ok()),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn equal_seeds_give_equal_plans_and_other_seeds_other_plans() {
        let plan = |seed| {
            let plan = EndsPlan::new(2, seed);
            (plan.requests, plan.by_hand)
        };
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn a_long_run_has_a_thousand_overlapping_ends_on_two_hundred_identities() {
        let plan = EndsPlan::new(8, 7);
        let ends = plan.requests.iter().filter(|request| request.end.is_some());
        assert!(ends.clone().count() > 980, "{}", ends.count());
        assert_eq!((plan.identities, plan.by_hand.len()), (200, 100));
        assert_eq!(plan.requests.iter().filter(|request| request.end.is_none()).count(), 100);
        let targets: Vec<_> = ends
            .flat_map(|request| request.roles.iter().map(|role| (&request.principal, role.id)))
            .collect();
        let distinct: BTreeSet<_> = targets.iter().collect();
        assert!(targets.len() > 2 * distinct.len(), "{} of {}", targets.len(), distinct.len());
        let before = plan.by_hand.iter().filter(|one| one.made.is_zero()).count();
        assert!((30..40).contains(&before), "{before}");
    }

    #[test]
    fn every_end_is_later_than_its_request_and_some_are_due_after_all_requests() {
        for minutes in 1..=8 {
            let plan = EndsPlan::new(minutes, 7);
            assert!(plan.requests.is_sorted_by_key(|request| request.sent));
            let mut ends = plan.requests.iter().filter_map(|one| Some((one.sent, one.end?)));
            assert!(ends.clone().all(|(sent, end)| sent + SHORTEST <= end + TICK), "{minutes}");
            assert!(ends.any(|(_, end)| end > plan.sending), "{minutes}");
        }
    }

    #[test]
    fn nothing_is_requested_shortly_before_or_after_it_is_made_by_hand() {
        let plan = EndsPlan::new(8, 7);
        for one in plan.by_hand.iter().filter(|one| !one.made.is_zero()) {
            let near = |request: &&EndsRequest| {
                request.principal == one.principal
                    && request.roles.contains(&ADMIN)
                    && request.sent.abs_diff(one.made) < APART
            };
            assert_eq!(plan.requests.iter().find(near), None);
        }
    }

    #[test]
    fn a_request_says_when_it_ends_in_whole_seconds() {
        let plan = EndsPlan::new(1, 7);
        let (mut with, mut without) = (0, 0);
        for request in &plan.requests {
            let text = request.text(OffsetDateTime::UNIX_EPOCH);
            match request.end {
                Some(_) if text.contains(r#""endDateTime":"1970-01-01T00:0"#) => with += 1,
                None if text.contains(r#""endDateTime":null"#) => without += 1,
                _ => panic!("{text}"),
            }
        }
        assert!(with > 10 && without > 2, "{with}, {without}");
    }
}
