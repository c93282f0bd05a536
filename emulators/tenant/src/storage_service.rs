//! The queue service of a storage account: one read, with which a client checks its access ("Get Queue
//! Metadata").
//!
//! Every queue exists and is empty; faults can hide it. Requests must meet "Authorize with
//! Microsoft Entra ID" and "Versioning for Azure Storage". A request without a version is refused, because
//! its treatment is not documented.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use uuid::Uuid;
use warp::{
    Reply,
    http::{
        Method, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, DATE, WWW_AUTHENTICATE},
    },
    reply::Response,
};

use crate::{
    contoso::AZURE_STORAGE_URI, failure::Failure, incoming_request::IncomingRequest,
    request_log::Route, response_header::set_header, token::Claims, world::World,
};

/// The path of the service.
pub(crate) const QUEUES: &str = "/storage/queues";

/// The first version in which the queue service accepts tokens.
const OLDEST_VERSION: &str = "2017-11-09";

/// The largest deviation of a request's date ("Authorize requests to Azure Storage").
const CLOCK_SKEW: Duration = Duration::minutes(15);

const ERROR_CODE: &str = "x-ms-error-code";
const REQUEST_ID: &str = "x-ms-request-id";

/// The operation of a request; `None` if it is for another service.
pub(crate) fn route(incoming: &IncomingRequest) -> Option<Route> {
    let below = |prefix| incoming.path.strip_prefix(prefix)?.strip_prefix('/');
    let is_get = incoming.method == Method::GET;
    let is_metadata = incoming.parameters().any(|one| one == ("comp".into(), "metadata".into()));
    let is_queue = below(QUEUES).is_some_and(|queue| !queue.is_empty() && !queue.contains('/'));
    (is_get && is_metadata && is_queue).then_some(Route::ReadQueueMetadata)
}

/// Answers a request.
pub(crate) fn answer(world: &World, incoming: &IncomingRequest) -> Response {
    match check(world, incoming) {
        Ok(()) => with_headers(metadata()),
        Err(refused) => failure(&refused),
    }
}

/// An error in the format of the service.
pub(crate) fn failure(failure: &Failure) -> Response {
    let (code, message) = (&failure.code, &failure.message);
    let declaration = r#"<?xml version="1.0" encoding="utf-8"?>"#;
    let body =
        format!("{declaration}<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = with_headers(warp::reply::with_status(body, failure.status).into_response());
    set_header(&mut response, CONTENT_TYPE.as_str(), "application/xml");
    set_header(&mut response, ERROR_CODE, code);
    if failure.status == StatusCode::UNAUTHORIZED {
        let challenge = format!("Bearer resource_id={AZURE_STORAGE_URI}");
        set_header(&mut response, WWW_AUTHENTICATE.as_str(), &challenge);
    }
    for (name, text) in &failure.headers {
        set_header(&mut response, name, text);
    }
    response
}

fn metadata() -> Response {
    let mut response = StatusCode::OK.into_response();
    set_header(&mut response, "x-ms-approximate-messages-count", "0");
    response
}

fn with_headers(mut response: Response) -> Response {
    set_header(&mut response, REQUEST_ID, &Uuid::new_v4().to_string());
    response
}

fn check(world: &World, incoming: &IncomingRequest) -> Result<(), Failure> {
    let token =
        incoming.header(AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| unauthorized("NoAuthenticationInformation"))?;
    let claims = world.signer.verify(token);
    check_token(&claims.map_err(|_| unauthorized("InvalidAuthenticationInfo"))?)?;
    if incoming.header("x-ms-version").is_none_or(|version| version < OLDEST_VERSION) {
        return Err(forbidden("The x-ms-version header is missing or older than 2017-11-09."));
    }
    let date = incoming.header("x-ms-date").or_else(|| incoming.header(DATE.as_str()));
    let date = date.and_then(|text| OffsetDateTime::parse(text, &Rfc2822).ok());
    if date.is_none_or(|date| (OffsetDateTime::now_utc() - date).abs() > CLOCK_SKEW) {
        return Err(forbidden("The date header in the request is missing or incorrect."));
    }
    Ok(())
}

fn check_token(claims: &Claims) -> Result<(), Failure> {
    let is_meant = claims.aud.trim_end_matches('/') == AZURE_STORAGE_URI;
    is_meant.then_some(()).ok_or_else(|| unauthorized("InvalidAuthenticationInfo"))
}

fn unauthorized(code: &str) -> Failure {
    let message = "Server failed to authenticate the request. Please refer to the information in the \
                   www-authenticate header.";
    Failure::new(StatusCode::UNAUTHORIZED, code, message)
}

fn forbidden(message: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "AuthenticationFailed", message)
}
