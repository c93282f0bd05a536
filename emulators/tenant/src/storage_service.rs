//! The table and queue services of a storage account: one read of each, with which a client checks its
//! access ("Query Entities", "Get Queue Metadata").
//!
//! Every table and queue exists and is empty; faults can hide it. Requests must meet "Authorize with
//! Microsoft Entra ID" and "Versioning for Azure Storage". A request without a version is refused, because
//! its treatment is not documented.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use uuid::Uuid;
use warp::{
    Reply,
    http::{
        Method, StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, WWW_AUTHENTICATE},
    },
    reply::Response,
};

use crate::{
    contoso::AZURE_STORAGE_URI, failure::Failure, incoming_request::IncomingRequest,
    request_log::Route, response_header::set_header, token::Claims, world::World,
};

/// The paths of the two services.
pub(crate) const TABLES: &str = "/storage/tables";
pub(crate) const QUEUES: &str = "/storage/queues";

/// The first version in which the table service accepts tokens; queues accept them since 2017-11-09.
const OLDEST_VERSION: &str = "2020-12-06";

/// The largest deviation of a request's date ("Authorize requests to Azure Storage").
const CLOCK_SKEW: Duration = Duration::minutes(15);

const ERROR_CODE: &str = "x-ms-error-code";
const REQUEST_ID: &str = "x-ms-request-id";

/// The operation of a request; `None` if it is for another service.
pub(crate) fn route(incoming: &IncomingRequest) -> Option<Route> {
    let below = |prefix| incoming.path.strip_prefix(prefix)?.strip_prefix('/');
    let is_get = incoming.method == Method::GET;
    if below(TABLES).is_some_and(|table| is_get && table.ends_with("()")) {
        return Some(Route::QueryEntities);
    }
    let is_metadata = incoming.parameters().any(|one| one == ("comp".into(), "metadata".into()));
    let is_queue = below(QUEUES).is_some_and(|queue| !queue.is_empty() && !queue.contains('/'));
    (is_get && is_metadata && is_queue).then_some(Route::ReadQueueMetadata)
}

/// Answers a request.
pub(crate) fn answer(world: &World, incoming: &IncomingRequest, route: Route) -> Response {
    let checked = check(world, incoming).and_then(|()| check_format(incoming, route));
    if let Err(refused) = checked {
        return failure(route, &refused);
    }
    let mut response = match route {
        Route::QueryEntities => warp::reply::json(&serde_json::json!({ "value": [] })),
        _ => return with_headers(metadata()),
    }
    .into_response();
    set_header(&mut response, CONTENT_TYPE.as_str(), "application/json;odata=nometadata");
    with_headers(response)
}

/// An error in the format of the service.
pub(crate) fn failure(route: Route, failure: &Failure) -> Response {
    let (code, message) = (&failure.code, &failure.message);
    let (body, content) = if route == Route::QueryEntities {
        let message = serde_json::json!({ "lang": "en-US", "value": message });
        let body = serde_json::json!({ "odata.error": { "code": code, "message": message } });
        (body.to_string(), "application/json")
    } else {
        let declaration = r#"<?xml version="1.0" encoding="utf-8"?>"#;
        let body =
            format!("{declaration}<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        (body, "application/xml")
    };
    let mut response = with_headers(warp::reply::with_status(body, failure.status).into_response());
    set_header(&mut response, CONTENT_TYPE.as_str(), content);
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
        return Err(forbidden("The x-ms-version header is missing or older than 2020-12-06."));
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

/// The table service answers in one format, which a request must ask for alone. Azurite refuses a list
/// of formats; whether the service does is not known.
fn check_format(incoming: &IncomingRequest, route: Route) -> Result<(), Failure> {
    let accepted = incoming.header(ACCEPT.as_str()).unwrap_or("*/*");
    let is_one = !accepted.contains(',');
    let is_json = is_one && (accepted.starts_with("application/json") || accepted == "*/*");
    if route != Route::QueryEntities || is_json {
        return Ok(());
    }
    let message = "Atom format is not supported.";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "AtomFormatNotSupported", message))
}

fn unauthorized(code: &str) -> Failure {
    let message = "Server failed to authenticate the request. Please refer to the information in the \
                   www-authenticate header.";
    Failure::new(StatusCode::UNAUTHORIZED, code, message)
}

fn forbidden(message: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "AuthenticationFailed", message)
}
