//! The envelope's view of a request, as ASP.NET Core presents it to the host.

use warp::http::{
    HeaderMap, HeaderName,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST},
};

use crate::{
    envelope::{HttpBody, HttpInput},
    incoming_request::IncomingRequest,
    ordered_json::Json,
    route::RouteValues,
};

/// The prefix of the platform's headers, which it sends in upper case.
const PLATFORM_PREFIX: &str = "x-ms-";

/// The input of an envelope.
pub(crate) fn input<'a>(
    binding: &'a str,
    incoming: &IncomingRequest,
    route_values: RouteValues,
    identities: Vec<Json>,
) -> HttpInput<'a> {
    HttpInput {
        binding,
        url: url(incoming),
        method: incoming.method.to_string(),
        query: incoming.query_parameters(),
        headers: headers(&incoming.headers),
        route_values,
        identities,
        body: body(incoming),
    }
}

fn url(incoming: &IncomingRequest) -> String {
    let host = text(incoming.headers.get(HOST));
    let separator = if incoming.query.is_empty() { "" } else { "?" };
    format!("http://{host}{}{separator}{}", incoming.path, incoming.query)
}

fn headers(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let values = |name| headers.get_all(name).iter().map(|value| text(Some(value))).collect();
    headers.keys().map(|name| (usual_case(name), values(name))).collect()
}

/// The usual case of a header's name. The real host's server uses the usual case for names that it knows
/// and keeps that of others. This emulator's server loses the case, so all names get the usual one.
fn usual_case(name: &HeaderName) -> String {
    if name.as_str().starts_with(PLATFORM_PREFIX) {
        return name.as_str().to_ascii_uppercase();
    }
    let capitalized = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.as_str().split('-').map(capitalized).collect::<Vec<_>>().join("-")
}

/// The body; a body without a declared length is lost.
fn body(incoming: &IncomingRequest) -> Option<HttpBody> {
    let length: u64 = text(incoming.headers.get(CONTENT_LENGTH)).parse().ok()?;
    if length == 0 {
        return None;
    }
    let content_type = text(incoming.headers.get(CONTENT_TYPE)).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type == "application/octet-stream" || media_type.contains("multipart/") {
        return Some(HttpBody::Binary(incoming.body.clone()));
    }
    let content = String::from_utf8_lossy(&incoming.body);
    Some(HttpBody::Text(content.strip_prefix('\u{feff}').unwrap_or(&content).to_owned()))
}

fn text(value: Option<&warp::http::HeaderValue>) -> String {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
