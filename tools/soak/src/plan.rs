//! The plan of a run, which the seed decides before the run begins.

use std::{fmt, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;
use tenant_emulator::{
    QuotaModel, WriteQuota,
    contoso::{
        ORDERS_ADMIN, ORDERS_API, ORDERS_READ, ORDERS_WRITE, PAYMENTS_API, PAYMENTS_READ,
        managed_identities,
    },
};

/// The number of identities: so small that requests for one role of one identity are in flight at once.
const IDENTITIES: usize = 60;
/// One in this many identities is created during the run.
const LATE_IDENTITIES: usize = 5;
/// The latest creation. The host redelivers a request for a missing identity for about 30 seconds.
const LATEST: Duration = Duration::from_secs(15);
/// The largest number of requests, for long runs.
const MOST_REQUESTS: usize = 2_000;
/// The rate of requests that two handlers sustain. With faults in a fifth of all requests to Microsoft
/// Graph, a 429 arrives every other second, and each stops a handler's writes for up to a second.
const REQUESTS_PER_SECOND: f64 = 5.0;
/// The tenant's write quota for each request: more than the run needs on average, which is 1.8 with the
/// writes that fail, and less than it needs when handlers catch up after trouble.
const WRITES_PER_REQUEST: f64 = 2.0;
const QUOTA_PERIOD: Duration = Duration::from_secs(2);
/// The smallest quota, so that a request's roles fit into one period.
const FEWEST_WRITES: u32 = 3;
/// The share of the time in which requests are sent; the rest is for finishing.
const SENDING: f64 = 2.0 / 3.0;
/// The share of requests that assign. It exceeds one half, so that revocations find assignments.
const SHARE_OF_ASSIGN: f64 = 0.6;
/// The number of finished requests between kills of a handler.
const REQUESTS_PER_KILL: std::ops::RangeInclusive<usize> = 20..=40;

/// A role of the first of [`APIS`].
pub(crate) const ADMIN: Role = Role { id: ORDERS_ADMIN, value: "Orders.Admin" };

/// The requested roles, by API.
pub(crate) const APIS: [(&str, &[Role]); 2] = [
    (
        ORDERS_API,
        &[
            Role { id: ORDERS_READ, value: "Orders.Read" },
            Role { id: ORDERS_WRITE, value: "Orders.Write" },
            ADMIN,
        ],
    ),
    (PAYMENTS_API, &[Role { id: PAYMENTS_READ, value: "Payments.Read" }]),
];

/// An app role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role {
    /// The role's id.
    pub(crate) id: &'static str,
    /// The role's value, which requests contain.
    pub(crate) value: &'static str,
}

/// The action of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Assign,
    Revoke,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The `requestId`.
    pub(crate) id: String,
    pub(crate) action: Action,
    /// The object id of the principal.
    pub(crate) principal: String,
    /// The object id of the API.
    pub(crate) api: &'static str,
    pub(crate) roles: Vec<Role>,
}

/// The target of a write: a principal, an API and a role, by their ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    principal: String,
    api: String,
    role: String,
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) requests: Vec<Request>,
    /// The interval between requests.
    pub(crate) interval: Duration,
    /// The number of identities; [`Plan::arrivals`] tells which are created during the run.
    pub(crate) identities: usize,
    /// The seed that decided the plan.
    pub(crate) seed: u64,
}

impl Plan {
    /// Plans a run of this length.
    pub(crate) fn new(minutes: u32, seed: u64) -> Self {
        let sending = Duration::from_secs(60 * u64::from(minutes)).mul_f64(SENDING);
        let most = (sending.as_secs_f64() * REQUESTS_PER_SECOND) as usize;
        let count = most.clamp(1, MOST_REQUESTS);
        let mut random = StdRng::seed_from_u64(seed);
        let principals: Vec<_> =
            managed_identities(IDENTITIES).into_iter().map(|identity| identity.id).collect();
        let requests = (0..count).filter_map(|number| request(number, &principals, &mut random));
        Self {
            requests: requests.collect(),
            interval: sending.div_f64(count as f64),
            identities: IDENTITIES,
            seed,
        }
    }

    /// The tenant's write quota.
    pub(crate) fn write_quota(&self) -> WriteQuota {
        let requests = QUOTA_PERIOD.div_duration_f64(self.interval);
        let writes = (WRITES_PER_REQUEST * requests).ceil() as u32;
        WriteQuota {
            writes: writes.max(FEWEST_WRITES),
            period: QUOTA_PERIOD,
            model: QuotaModel::TokenBucket,
        }
    }

    /// The delay after which each identity is created; `None` if it exists from the start.
    pub(crate) fn arrivals(&self) -> Vec<Option<Duration>> {
        (0..self.identities).map(|identity| self.arrival(identity)).collect()
    }

    fn arrival(&self, identity: usize) -> Option<Duration> {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_add(identity as u64));
        identity.is_multiple_of(LATE_IDENTITIES).then(|| LATEST.mul_f64(random.random()))
    }

    /// The kills: the number of finished requests before each, and the index of the handler.
    ///
    /// Each handler is killed in its own part of the run and left alone in the others, so that it meets
    /// kills and also grows old.
    pub(crate) fn kills(&self, handlers: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let (first, part) = (random.random_range(0..handlers), self.requests.len() / handlers);
        let mut finished = 0;
        std::iter::repeat_with(move || {
            finished += random.random_range(REQUESTS_PER_KILL);
            (finished, (first + finished / part.max(1)) % handlers)
        })
        .take_while(|(finished, _)| *finished < self.requests.len())
    }
}

fn request(number: usize, principals: &[String], random: &mut StdRng) -> Option<Request> {
    let principal = principals.choose(random)?.clone();
    let (api, roles) = APIS.choose(random)?;
    let count = random.random_range(1..=roles.len());
    let mut roles: Vec<_> = roles.sample(random, count).copied().collect();
    roles.sort_unstable();
    let assign = random.random::<f64>() < SHARE_OF_ASSIGN;
    let action = if assign { Action::Assign } else { Action::Revoke };
    Some(Request { id: format!("soak-{number:05}"), action, principal, api, roles })
}

impl Target {
    /// A target by its object ids and the role's id.
    pub(crate) fn new(principal: &str, api: &str, role: &str) -> Self {
        Self { principal: principal.to_owned(), api: api.to_owned(), role: role.to_owned() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { principal, api, role } = self;
        write!(formatter, "principal {principal}, API {api}, role {role}")
    }
}

impl Request {
    /// The request's targets, each with its role.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (Target, Role)> {
        self.roles.iter().map(|role| (Target::new(&self.principal, self.api, role.id), *role))
    }

    /// The request as JSON.
    pub(crate) fn text(&self) -> String {
        let roles: Vec<_> = self.roles.iter().map(|role| role.value).collect();
        let action = match self.action {
            Action::Assign => "assign",
            Action::Revoke => "revoke",
        };
        json!({
            "requestId": self.id,
            "action": action,
            "principal": { "objectId": self.principal },
            "api": { "objectId": self.api },
            "roles": roles,
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
        assert_eq!(Plan::new(1, 7).requests, Plan::new(1, 7).requests);
        assert_ne!(Plan::new(1, 7).requests, Plan::new(1, 8).requests);
        let kills = |seed| Plan::new(1, seed).kills(2).take(9).collect::<Vec<_>>();
        assert_eq!(kills(7), kills(7));
        assert_ne!(kills(7), kills(8));
    }

    #[test]
    fn each_handler_is_killed_in_its_own_half_of_the_requests() {
        let mut first = BTreeSet::new();
        for seed in 0..20 {
            let kills: Vec<_> = Plan::new(10, seed).kills(2).collect();
            assert!(kills.len() > 40, "{} kills", kills.len());
            assert!(kills.iter().all(|(finished, _)| *finished < MOST_REQUESTS));
            let changes = kills.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
            assert_eq!(changes, 1, "{kills:?}");
            first.insert(kills[0].1);
        }
        assert_eq!(first.len(), 2, "the seed decides which handler is killed first");
    }

    #[test]
    fn requests_take_two_thirds_of_the_time_and_their_number_is_bounded() {
        for (minutes, count) in [(1, 200), (10, MOST_REQUESTS), (30, MOST_REQUESTS)] {
            let plan = Plan::new(minutes, 7);
            assert_eq!(plan.requests.len(), count);
            let sending = plan.interval.as_secs_f64() * count as f64;
            assert!((sending - f64::from(minutes) * 40.0).abs() < 0.01, "{sending}");
        }
    }

    #[test]
    fn requests_collide_and_cover_almost_every_role() {
        let requests = Plan::new(10, 7).requests;
        let targets = requests.iter().flat_map(|request| {
            request.roles.iter().map(|role| (request.principal.clone(), role.id))
        });
        let (count, distinct) = (targets.clone().count(), targets.collect::<BTreeSet<_>>().len());
        assert!(count > 2 * distinct, "{count} of {distinct}");
        assert!(distinct > 200, "{distinct} of 240");
    }

    #[test]
    fn some_identities_are_created_during_the_run_and_none_too_late() {
        let plan = Plan::new(1, 7);
        let arrivals: Vec<_> = plan.arrivals().into_iter().flatten().collect();
        assert_eq!(arrivals.len(), IDENTITIES / LATE_IDENTITIES);
        assert!(arrivals.iter().all(|arrival| *arrival < LATEST));
    }
}
