//! The body and the query of a call, before they mean anything.

use super::problem::{Problem, ProblemType};
use functions_handler::http_request::HttpRequest;

/// What a caller learns whose body is so large that the handler has not even read it.
pub(super) const TOO_LARGE: &str = "the request may have 32 KiB";

/// The only type of a body. Whoever insists on it cannot be called by a form on somebody else's page,
/// from the browser of a person who is signed in ("Fetch", CORS-safelisted request headers).
const JSON: &str = "application/json";

/// The JSON text that a caller sent.
pub(super) fn json_text(request: &HttpRequest) -> Result<&str, Problem> {
    let Some(body) = request.body.as_deref() else {
        return Err(Problem::new(ProblemType::Invalid, missing(request)));
    };
    if !is_json(&request.header("Content-Type")) {
        let detail = format!("send the body with one Content-Type header, {JSON}");
        return Err(Problem::new(ProblemType::UnsupportedMediaType, detail));
    }
    if body.contains(char::REPLACEMENT_CHARACTER) {
        let detail = "the body is not UTF-8, or has the character U+FFFD";
        return Err(Problem::new(ProblemType::Invalid, detail));
    }
    Ok(body)
}

/// The host passes on no body whose length it was not told.
fn missing(request: &HttpRequest) -> &'static str {
    if request.header("Content-Length").is_empty() {
        "no body arrived: send Content-Length, for the Functions host loses a body that is sent in \
         chunks"
    } else {
        "the body is empty and must be a request in JSON"
    }
}

fn is_json(content_types: &[&str]) -> bool {
    let [content_type] = content_types else { return false };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(JSON)
}

/// Refuses parameters where there are none: to ignore `?dryRun=true` would be a surprise.
pub(super) fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    match request.parameters().next() {
        None => Ok(()),
        Some(_) => {
            let detail = "a POST takes no parameters in the query but code; everything else is in the \
                          body";
            Err(Problem::new(ProblemType::Invalid, detail))
        }
    }
}
