//! The handler's reply (Azure Functions host, `DefaultHttpWorkerService`; "Azure Functions custom
//! handlers", response payload).

use reqwest::StatusCode;

use crate::ordered_json::{Json, Members};

/// The error of a success without content. The real host would wait for a timeout; this emulator fails at
/// once, so that tests need not wait.
const EMPTY: &str = "the handler answered success without a JSON object; the real host would wait for one until functionTimeout";

/// The parts of a reply.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct HandlerReply {
    /// `None` if absent or null.
    pub(crate) outputs: Option<Members>,
    pub(crate) logs: Vec<String>,
}

/// Reads a response. The error is the reason why the invocation fails.
pub(crate) fn read(
    status: StatusCode,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<HandlerReply, String> {
    if !status.is_success() {
        let reason = status.canonical_reason().unwrap_or_default();
        let code = status.as_u16();
        return Err(format!("Response status code does not indicate success: {code} ({reason})."));
    }
    let invalid = |what: &str| {
        let text = String::from_utf8_lossy(body);
        let content_type = content_type.unwrap_or("none");
        format!(
            "Invalid HttpResponseMessage: {what}; StatusCode: {}, Content-Type: {content_type}, Content: {text}",
            status.as_u16()
        )
    };
    if body.trim_ascii().is_empty() {
        return Err(EMPTY.to_owned());
    }
    if !content_type.is_some_and(is_json) {
        return Err(invalid("the content is not JSON"));
    }
    match Json::parse(body) {
        Ok(Json::Null) => Err(EMPTY.to_owned()),
        Ok(Json::Object(members)) => reply(members).map_err(invalid),
        Ok(_) => Err(invalid("the content is not a JSON object")),
        Err(error) => Err(invalid(&error.to_string())),
    }
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["application/json", "text/json"].iter().any(|json| media_type.eq_ignore_ascii_case(json))
}

/// Names are not case-sensitive, and unknown ones are ignored.
fn reply(members: Members) -> Result<HandlerReply, &'static str> {
    let mut reply = HandlerReply::default();
    for (name, value) in members {
        match (name.to_ascii_lowercase().as_str(), value) {
            (_, Json::Null) => {}
            ("outputs", Json::Object(outputs)) => reply.outputs = Some(outputs),
            ("outputs", _) => return Err("Outputs is not an object"),
            ("logs", Json::Array(lines)) => reply.logs = logs(lines)?,
            ("logs", _) => return Err("Logs is not an array"),
            _ => {}
        }
    }
    Ok(reply)
}

/// The lines of `Logs`. Scalars become text; arrays and objects invalidate the reply.
fn logs(lines: Vec<Json>) -> Result<Vec<String>, &'static str> {
    let text = |line| match line {
        Json::Null => Ok(String::new()),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Number(value) => Ok(value.to_string()),
        Json::Text(text) => Ok(text),
        Json::Array(_) | Json::Object(_) => Err("Logs holds something that is not a string"),
    };
    lines.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    fn ok(content_type: Option<&str>, body: &str) -> Result<HandlerReply, String> {
        read(StatusCode::OK, content_type, body.as_bytes())
    }

    #[test]
    fn a_response_that_is_not_a_success_with_a_json_object_fails() {
        for (content_type, body, expected) in [
            (Some("text/plain"), "", "the real host would wait"),
            (JSON, " \r\n", "the real host would wait"),
            (JSON, "null", "the real host would wait"),
            (None, "{}", "Invalid HttpResponseMessage: "),
            (Some("text/plain"), "{}", "Invalid HttpResponseMessage: "),
            (JSON, "{", "Invalid HttpResponseMessage: "),
            (JSON, "[]", "Invalid HttpResponseMessage: "),
            (JSON, r#"{"Logs":[{}]}"#, "Invalid HttpResponseMessage: "),
            (JSON, r#"{"Logs":"line"}"#, "Invalid HttpResponseMessage: "),
        ] {
            let error = ok(content_type, body).unwrap_err();
            assert!(error.contains(expected), "{body}: {error}");
        }
        // The body of an error is lost.
        let error = read(StatusCode::INTERNAL_SERVER_ERROR, JSON, b"{\"Logs\":[\"why\"]}");
        let expected =
            "Response status code does not indicate success: 500 (Internal Server Error).";
        assert_eq!(error.unwrap_err(), expected);
    }

    #[test]
    fn an_empty_object_is_success_without_outputs() {
        assert_eq!(ok(Some("text/json"), "{}"), Ok(HandlerReply::default()));
        assert_eq!(ok(JSON, r#"{"x":1}"#), Ok(HandlerReply::default()));
    }

    #[test]
    fn the_documented_replies_are_read_whatever_the_case_of_their_names() {
        let text = include_str!("../../../tests/data/functions-host/queue-reply.json");
        let message = Json::Array(vec![Json::text(r#"{"job":"a1","state":"done"}"#)]);
        let outputs = Some(Members::from([("next".to_owned(), message)]));
        let expected = HandlerReply { outputs, logs: vec!["a1 done".to_owned()] };
        assert_eq!(ok(JSON, text), Ok(expected));
        let lower = text.replace("Outputs", "outputs").replace("Logs", "LOGS");
        assert_eq!(ok(JSON, &lower), ok(JSON, text));
        let text = include_str!("../../../tests/data/functions-host/event-grid-reply.json");
        let logs = vec!["seen 831e1650".to_owned()];
        assert_eq!(ok(JSON, text), Ok(HandlerReply { outputs: Some(Members::new()), logs }));
    }
}
