//! Throttling: refusals of writes beyond the quota (Microsoft Learn, "Microsoft Graph service-specific
//! throttling limits", identity and access, "Response headers").

use std::time::{Duration, Instant};

use warp::http::header::RETRY_AFTER;

use super::authentication::Caller;
use crate::{
    fault::Fault,
    graph_error as error,
    incoming_request::IncomingRequest,
    request_log::Route,
    world::{World, lock},
};

const SCOPE: &str = "x-ms-throttle-scope";
const INFORMATION: &str = "x-ms-throttle-information";

/// Charges the quota for a write. Returns the refusal if the quota is used up. A request without a valid
/// token is not charged.
pub(crate) fn refused_write(
    world: &World,
    incoming: &IncomingRequest,
    route: Route,
) -> Option<Fault> {
    if !matches!(route, Route::CreateAssignment | Route::DeleteAssignment) {
        return None;
    }
    let caller = Caller::authenticate(world, incoming).ok()?;
    let wait = lock(&world.write_throttle).charge(Instant::now())?;
    Some(refusal(&caller, wait))
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
