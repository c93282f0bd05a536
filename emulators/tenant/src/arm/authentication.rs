//! The caller of Azure Resource Manager.

use warp::http::header::AUTHORIZATION;

use super::error;
use crate::{failure::Failure, incoming_request::IncomingRequest, token::Claims, world::World};

/// The audiences of Azure Resource Manager. A trailing slash is ignored.
const AUDIENCES: [&str; 2] =
    ["https://management.azure.com", "https://management.core.windows.net"];

/// Whether this resource is Azure Resource Manager.
pub(crate) fn is_audience(resource: &str) -> bool {
    AUDIENCES.contains(&resource.trim_end_matches('/'))
}

/// Checks the request's bearer token and returns its claims.
pub(crate) fn authenticate(world: &World, incoming: &IncomingRequest) -> Result<Claims, Failure> {
    let token = incoming
        .header(AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .filter(|token| !token.is_empty())
        .ok_or_else(error::authorization_header_missing)?;
    let claims = world.signer.verify(token).map_err(|_| error::invalid_token())?;
    if !is_audience(&claims.aud) {
        return Err(error::wrong_audience(&claims.aud));
    }
    Ok(claims)
}
