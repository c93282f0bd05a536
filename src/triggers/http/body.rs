//! The body and the query of a call.

use super::problem::{Problem, ProblemType};
use functions_handler::http_request::HttpRequest;

/// The detail of a response to a body that is so large that the handler did not read it.
pub(super) const TOO_LARGE: &str = "the body may have 32 KiB";

/// The detail of a response to a call with an empty body.
const EMPTY: &str = "the body is empty and must be an object in JSON";

/// The detail of a response to a call without the header.
const NO_LENGTH: &str = "send a Content-Length header: a body that is sent in chunks does not arrive; \
                         most HTTP clients send the header if they get the whole body as a string";

/// The only media type of a body. Requiring it prevents CSRF: a form on another site cannot send it from
/// the browser of a signed-in user ("Fetch", CORS-safelisted request headers).
const JSON: &str = "application/json";

/// The JSON text of the body.
pub(super) fn json_text(request: &HttpRequest) -> Result<&str, Problem> {
    let Some(body) = request.body.as_deref() else {
        return Err(missing(request));
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

/// The problem of a call without a body. The Functions host loses a body that is sent in chunks: it reads
/// only bodies whose `Content-Length` is above zero.
fn missing(request: &HttpRequest) -> Problem {
    let has = |name| !request.header(name).is_empty();
    match (has("Content-Length"), has("Transfer-Encoding")) {
        (false, true) => Problem::new(ProblemType::LengthRequired, NO_LENGTH),
        (true, _) => Problem::new(ProblemType::Invalid, EMPTY),
        (false, false) => Problem::new(ProblemType::Invalid, format!("{EMPTY}; {NO_LENGTH}")),
    }
}

fn is_json(content_types: &[&str]) -> bool {
    let [content_type] = content_types else { return false };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(JSON)
}

/// Refuses query parameters. Ignoring `?dryRun=true` would surprise the caller.
pub(super) fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    match request.parameters().next() {
        None => Ok(()),
        Some(_) => {
            let detail = "this call takes no parameters in the query but code; what a POST says is in \
                          its body";
            Err(Problem::new(ProblemType::Invalid, detail))
        }
    }
}

/// Refuses a body. Ignoring one would surprise the caller, too.
pub(super) fn no_body(request: &HttpRequest) -> Result<(), Problem> {
    match request.body {
        None => Ok(()),
        Some(_) => {
            let detail = "a GET has no body; leave it out";
            Err(Problem::new(ProblemType::Invalid, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The problem of a call with these headers and no body.
    fn without_body(headers: &[(&str, &str)]) -> Problem {
        let json_type = ("Content-Type", JSON);
        let headers: serde_json::Map<_, _> = [json_type]
            .iter()
            .chain(headers)
            .map(|(name, value)| ((*name).to_owned(), json!([value])))
            .collect();
        let call = json!({ "Method": "POST", "Query": {}, "Headers": headers });
        json_text(&serde_json::from_value(call).unwrap()).unwrap_err()
    }

    #[test]
    fn a_body_that_was_sent_in_chunks_did_not_arrive_and_an_empty_one_did() {
        for (headers, kind) in [
            (&[("Transfer-Encoding", "chunked")][..], ProblemType::LengthRequired),
            (&[("transfer-encoding", "gzip, chunked")], ProblemType::LengthRequired),
            (&[("Content-Length", "0")], ProblemType::Invalid),
            (&[("content-length", "0"), ("Transfer-Encoding", "chunked")], ProblemType::Invalid),
            (&[], ProblemType::Invalid),
        ] {
            let problem = without_body(headers);
            assert_eq!(problem.kind, kind, "{headers:?}");
            let says_what_to_do = problem.detail.contains("send a Content-Length header");
            assert_eq!(says_what_to_do, !problem.detail.ends_with("in JSON"), "{headers:?}");
        }
        assert_eq!(ProblemType::LengthRequired.status(), 411);
    }
}
