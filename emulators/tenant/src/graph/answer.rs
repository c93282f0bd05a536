//! The headers and the error envelope of Microsoft Graph's responses.

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;
use warp::{
    Reply,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    reply::Response,
};

use crate::{
    failure::{Detail, Failure},
    incoming_request::{CLIENT_REQUEST_ID, IncomingRequest},
    response_header::set_header,
    timestamp,
};

/// The metadata URL in contexts, which is opaque to clients. It is Microsoft Graph's own, so that answers do
/// not depend on the port of this server.
pub(crate) const METADATA: &str = "https://graph.microsoft.com/v1.0/$metadata";

const REQUEST_ID: &str = "request-id";

const CONTENT: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;\
     charset=utf-8";

/// The challenge of every 401, which tells where tokens are issued.
const CHALLENGE: &str = "Bearer realm=\"\", \
     authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
     client_id=\"00000003-0000-0000-c000-000000000000\"";

/// The ids of a request: Microsoft's and the caller's.
struct RequestIds {
    request_id: String,
    client_request_id: String,
}

#[derive(Debug, Serialize)]
struct Envelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    details: &'a [Detail],
    #[serde(rename = "innerError")]
    inner_error: InnerError<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    date: String,
    request_id: &'a str,
    client_request_id: &'a str,
}

impl RequestIds {
    /// The ids of a request. Without the caller's id, both are Microsoft's.
    fn of(incoming: &IncomingRequest) -> Self {
        let request_id = Uuid::new_v4().to_string();
        let client_request_id = incoming.header(CLIENT_REQUEST_ID).unwrap_or(&request_id);
        Self { client_request_id: client_request_id.to_owned(), request_id }
    }
}

/// A response with this body.
pub(crate) fn json(
    incoming: &IncomingRequest,
    status: StatusCode,
    body: &impl Serialize,
) -> Response {
    with_headers(&RequestIds::of(incoming), status, body)
}

/// A success without content.
pub(crate) fn no_content(incoming: &IncomingRequest) -> Response {
    let response = warp::reply::with_status(warp::reply(), StatusCode::NO_CONTENT);
    with_ids(&RequestIds::of(incoming), response.into_response())
}

/// An error in Microsoft Graph's envelope.
pub(crate) fn failure(incoming: &IncomingRequest, failure: &Failure) -> Response {
    let ids = RequestIds::of(incoming);
    let body = Envelope {
        error: ErrorBody {
            code: &failure.code,
            message: &failure.message,
            details: &failure.details,
            inner_error: InnerError {
                // Microsoft Learn, "Microsoft Graph throttling guidance", sample.
                code: (failure.status == StatusCode::TOO_MANY_REQUESTS).then_some("429"),
                date: timestamp::to_the_second(OffsetDateTime::now_utc()),
                request_id: &ids.request_id,
                client_request_id: &ids.client_request_id,
            },
        },
    };
    let mut response = with_headers(&ids, failure.status, &body);
    if failure.status == StatusCode::UNAUTHORIZED {
        set_header(&mut response, WWW_AUTHENTICATE.as_str(), CHALLENGE);
    }
    for (name, text) in &failure.headers {
        set_header(&mut response, name, text);
    }
    response
}

fn with_headers(ids: &RequestIds, status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = warp::reply::with_status(warp::reply::json(body), status).into_response();
    set_header(&mut response, CONTENT_TYPE.as_str(), CONTENT);
    with_ids(ids, response)
}

fn with_ids(ids: &RequestIds, mut response: Response) -> Response {
    set_header(&mut response, REQUEST_ID, &ids.request_id);
    set_header(&mut response, CLIENT_REQUEST_ID, &ids.client_request_id);
    response
}
