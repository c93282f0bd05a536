//! Throttling: writes beyond the quota are refused, and answers say what they cost and how much of
//! the quota is used (Microsoft Learn, "Microsoft Graph service-specific throttling limits",
//! identity and access, "Response headers").

use std::time::{Duration, Instant};

use warp::{
    http::{Method, header::RETRY_AFTER},
    reply::Response,
};

use super::{authentication::Caller, error};
use crate::{
    fault::Fault,
    requests::Route,
    server::{Incoming, set_header},
    world::{World, lock},
};

const RESOURCE_UNIT: &str = "x-ms-resource-unit";
const LIMIT_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";
const SCOPE: &str = "x-ms-throttle-scope";
const INFORMATION: &str = "x-ms-throttle-information";

/// The share of the quota from which on the answers tell it, and the largest that they tell.
const LOWEST_SHARE: f64 = 0.8;
const LARGEST_SHARE: f64 = 1.8;

/// Below this `$top`, a request costs a unit less.
const SMALL_PAGE: usize = 20;

/// What the quota says to a request that has just arrived.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// What takes the place of the answer if the quota is used up.
    pub(crate) refusal: Option<Fault>,
    /// How much of the quota is used, if the answer is to tell.
    share: Option<f64>,
}

impl Admission {
    /// Charges the quota if the request is a write. Whose quota it is stands in the token, so that a
    /// request without a valid one is none of it.
    pub(crate) fn of(world: &World, incoming: &Incoming, route: Route) -> Self {
        let caller = match route {
            Route::CreateAssignment | Route::DeleteAssignment => {
                Caller::authenticate(world, incoming)
            }
            _ => return Self::default(),
        };
        let Ok(caller) = caller else {
            return Self::default();
        };
        let mut throttle = lock(&world.write_throttle);
        let Some(charge) = throttle.charge(Instant::now()) else {
            return Self::default();
        };
        let told = throttle.shows_percentage && charge.used >= LOWEST_SHARE;
        Self {
            refusal: charge.refused_for.map(|wait| refusal(&caller, wait)),
            share: told.then_some(charge.used.min(LARGEST_SHARE)),
        }
    }

    /// Adds what the answer to this request has to say of the quota.
    pub(crate) fn mark(&self, response: &mut Response) {
        if let Some(share) = self.share {
            set_header(response, LIMIT_PERCENTAGE, &format!("{share:.2}"));
        }
    }
}

/// Adds what the request cost.
pub(super) fn mark_cost(incoming: &Incoming, route: Route, response: &mut Response) {
    set_header(response, RESOURCE_UNIT, &resource_units(incoming, route).to_string());
}

fn refusal(caller: &Caller, wait: Duration) -> Fault {
    let mut refusal = error::too_many_requests();
    let scope = format!("Tenant_Application/Write/{}/{}", caller.app_id, caller.tenant_id);
    let headers = [
        (RETRY_AFTER.as_str(), whole_seconds(wait).to_string()),
        (SCOPE, scope),
        (INFORMATION, "WriteLimitExceeded".to_owned()),
    ];
    refusal.headers = headers.map(|(name, text)| (name.to_owned(), text)).into();
    Fault::failing(refusal)
}

/// Rounded up; a `Retry-After` of zero would invite to try at once.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// What a request costs in resource units, by the same page's table.
fn resource_units(incoming: &Incoming, route: Route) -> u32 {
    let mut units: u32 = if route == Route::ListAssignments { 2 } else { 1 };
    if incoming.method == Method::GET {
        for (option, value) in incoming.parameters() {
            units = match option.as_str() {
                "$expand" => units + 1,
                "$select" => units.saturating_sub(1),
                "$top" if value.parse().is_ok_and(|top: usize| top < SMALL_PAGE) => {
                    units.saturating_sub(1)
                }
                _ => units,
            };
        }
    }
    units.max(1)
}
