//! The handler's reply (Azure Functions host, `DefaultHttpWorkerService`; "Azure Functions custom
//! handlers", response payload).

use reqwest::StatusCode;

use crate::ordered_json::{Json, Members};

/// A successful response of the handler.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// A reply that the host understands.
    Reply(HandlerReply),
    /// A response without content. The host waits for content until `functionTimeout`.
    NeverCompletes,
}

/// The parts of a reply.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct HandlerReply {
    /// `None` if absent or null.
    pub(crate) outputs: Option<Members>,
    pub(crate) logs: Vec<String>,
    pub(crate) return_value: Option<Json>,
}

/// Reads a response. The error is the reason why the invocation fails.
pub(crate) fn read(
    status: StatusCode,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Answer, String> {
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
    if body.is_empty() {
        return Ok(Answer::NeverCompletes);
    }
    if !content_type.is_some_and(is_json) {
        return Err(invalid("the content is not JSON"));
    }
    if body.trim_ascii().is_empty() {
        return Ok(Answer::NeverCompletes);
    }
    match Json::parse(body) {
        Ok(Json::Null) => Ok(Answer::NeverCompletes),
        Ok(Json::Object(members)) => Ok(Answer::Reply(reply(members).map_err(invalid)?)),
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
            ("returnvalue", value) => reply.return_value = Some(value),
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

    fn ok(content_type: Option<&str>, body: &str) -> Result<Answer, String> {
        read(StatusCode::OK, content_type, body.as_bytes())
    }

    #[test]
    fn success_without_content_never_completes() {
        assert_eq!(read(StatusCode::NO_CONTENT, None, b""), Ok(Answer::NeverCompletes));
        assert_eq!(ok(Some("text/plain"), ""), Ok(Answer::NeverCompletes));
        assert_eq!(ok(JSON, " \r\n"), Ok(Answer::NeverCompletes));
        assert_eq!(ok(JSON, "null"), Ok(Answer::NeverCompletes));
    }

    #[test]
    fn content_that_is_not_a_json_object_fails() {
        for (content_type, body) in
            [(None, "{}"), (Some("text/plain"), "{}"), (JSON, "{"), (JSON, "[]"), (JSON, "1")]
        {
            let error = ok(content_type, body).unwrap_err();
            assert!(error.starts_with("Invalid HttpResponseMessage: "), "{error}");
        }
    }

    #[test]
    fn an_error_status_fails_and_its_body_is_lost() {
        let error = read(StatusCode::INTERNAL_SERVER_ERROR, JSON, b"{\"Logs\":[\"why\"]}");
        let expected =
            "Response status code does not indicate success: 500 (Internal Server Error).";
        assert_eq!(error.unwrap_err(), expected);
    }

    #[test]
    fn logs_that_are_not_strings_invalidate_the_reply() {
        ok(JSON, r#"{"Logs":[{}]}"#).unwrap_err();
        ok(JSON, r#"{"Logs":"line"}"#).unwrap_err();
    }

    #[test]
    fn an_empty_object_is_success_without_outputs() {
        assert_eq!(ok(Some("text/json"), "{}"), Ok(Answer::Reply(HandlerReply::default())));
        assert_eq!(ok(JSON, r#"{"x":1}"#), Ok(Answer::Reply(HandlerReply::default())));
    }

    #[test]
    fn the_documented_reply_is_read_whatever_the_case_of_its_names() {
        let text = include_str!("../../../tests/data/functions-host/queue-reply.json");
        let expected = HandlerReply {
            outputs: Some(Members::from([(
                "next".to_owned(),
                Json::Array(vec![Json::text(r#"{"job":"a1","state":"done"}"#)]),
            )])),
            logs: vec!["a1 done".to_owned()],
            return_value: None,
        };
        assert_eq!(ok(JSON, text), Ok(Answer::Reply(expected)));
        let lower = text.replace("Outputs", "outputs").replace("Logs", "LOGS");
        assert_eq!(ok(JSON, &lower), ok(JSON, text));
    }

    #[test]
    fn the_documented_reply_without_outputs_is_success() {
        let text = include_str!("../../../tests/data/functions-host/event-grid-reply.json");
        let logs = vec!["seen 831e1650".to_owned()];
        let expected = HandlerReply { outputs: Some(Members::new()), logs, return_value: None };
        assert_eq!(ok(JSON, text), Ok(Answer::Reply(expected)));
    }
}
