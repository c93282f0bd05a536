//! Throttling: refusals of writes beyond the quota, and the header about the quota (Microsoft Learn, "Microsoft Graph service-specific throttling limits",
//! identity and access, "Response headers").

use std::time::{Duration, Instant};

use warp::{http::header::RETRY_AFTER, reply::Response};

use super::authentication::Caller;
use crate::{
    fault::Fault,
    graph_error as error,
    incoming_request::IncomingRequest,
    request_log::Route,
    response_header::set_header,
    world::{World, lock},
};

const LIMIT_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";
const SCOPE: &str = "x-ms-throttle-scope";
const INFORMATION: &str = "x-ms-throttle-information";

/// The smallest and the largest share of the quota that responses tell.
const LOWEST_SHARE: f64 = 0.8;
const LARGEST_SHARE: f64 = 1.8;

/// The quota's decision about a request.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// The refusal, if the quota is used up.
    pub(crate) refusal: Option<Fault>,
    /// The used share of the quota, if the response tells it.
    share: Option<f64>,
}

impl Admission {
    /// Charges the quota for a write. A request without a valid token is not charged.
    pub(crate) fn of(world: &World, incoming: &IncomingRequest, route: Route) -> Self {
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

    /// Adds the header about the quota to a response.
    pub(crate) fn mark(&self, response: &mut Response) {
        if let Some(share) = self.share {
            set_header(response, LIMIT_PERCENTAGE, &format!("{share:.2}"));
        }
    }
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

/// Rounds up, because a `Retry-After` of zero would cause an immediate retry.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}
