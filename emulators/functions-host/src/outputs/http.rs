//! The response that an http output describes (Azure Functions host, `HttpOutputBindingResponse`,
//! `HttpBinding` and `RawScriptResult`).

use warp::{
    Reply as _,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    reply::Response,
};

use crate::{
    dotnet_text::dotnet_text,
    ordered_json::{Json, Members},
};

/// The default media type.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The response that a reply describes.
#[derive(Debug, PartialEq)]
pub(crate) enum HttpResponse {
    /// The reply has no `Outputs`: 200 without content.
    Empty,
    /// The reply's `Outputs` lack the response: 200 with `{}`.
    Absent,
    /// The response of the output.
    Described { status_code: Option<String>, headers: Members, body: Json },
}

impl HttpResponse {
    /// Reads an output. The error is the reason why the invocation fails.
    pub(crate) fn read(value: &Json) -> Result<Self, String> {
        let text = match value {
            Json::Text(text) => text.clone(),
            other => other.compact(),
        };
        let wrong = || {
            "Failed while trying to Deserialize to httpOutputBindingResponse. Output is not in expected format".to_owned()
        };
        let Ok(Json::Object(members)) = Json::parse(text.as_bytes()) else { return Err(wrong()) };
        let (mut status_code, mut headers, mut body) = (None, Members::new(), Json::Null);
        for (name, value) in members {
            match (name.to_ascii_lowercase().as_str(), value) {
                ("statuscode" | "headers", Json::Null) => {}
                ("statuscode", Json::Array(_) | Json::Object(_)) => return Err(wrong()),
                ("statuscode", value) => status_code = Some(dotnet_text(&value)),
                ("headers", Json::Object(members)) => headers = members,
                ("headers", _) => return Err(wrong()),
                ("body", value) => body = value,
                _ => {}
            }
        }
        Ok(Self::Described { status_code, headers, body })
    }

    /// The response to the caller. The error says why it cannot be sent.
    pub(crate) fn render(&self) -> Result<Response, String> {
        match self {
            Self::Empty => Ok(StatusCode::OK.into_response()),
            Self::Absent => Ok(with_text("{}".to_owned())),
            Self::Described { status_code, headers, body } => {
                let mut response = with_text(dotnet_text(body));
                *response.status_mut() = status(status_code.as_deref())?;
                for (name, value) in headers {
                    set_header(&mut response, name, value)?;
                }
                Ok(response)
            }
        }
    }
}

fn with_text(text: String) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

/// Parses a status. A text that is not a whole number counts as 200.
fn status(text: Option<&str>) -> Result<StatusCode, String> {
    let Some(number) = text.and_then(|text| text.trim().parse::<i32>().ok()) else {
        return Ok(StatusCode::OK);
    };
    let status = u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok());
    status.ok_or_else(|| format!("{number} is not an HTTP status"))
}

fn set_header(response: &mut Response, name: &str, value: &Json) -> Result<(), String> {
    if *value == Json::Null {
        return Err(format!("the header {name} is null"));
    }
    let wrong = || format!("the header {name} has a name or a value that HTTP does not allow");
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let value = HeaderValue::from_str(&dotnet_text(value)).map_err(|_| wrong())?;
    // The server counts the length by itself.
    if header != CONTENT_LENGTH {
        response.headers_mut().insert(header, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<HttpResponse, String> {
        HttpResponse::read(&Json::parse(json.as_bytes()).unwrap())
    }

    fn response(json: &str) -> Response {
        read(json).unwrap().render().unwrap()
    }

    #[test]
    fn an_output_that_is_not_an_object_fails_the_invocation() {
        for json in ["null", "[]", "201", r#""text""#, r#"{"statusCode":{}}"#, r#"{"headers":[]}"#]
        {
            let error = read(json).unwrap_err();
            assert!(error.ends_with("Output is not in expected format"), "{json}: {error}");
        }
    }

    #[test]
    fn invalid_headers_and_statuses_cannot_be_sent() {
        for json in [
            r#"{"headers":{"a":null}}"#,
            r#"{"headers":{"a b":"c"}}"#,
            r#"{"headers":{"a":"b\nc"}}"#,
            r#"{"headers":{"a":{"b":1}}}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":-1}"#,
        ] {
            read(json).unwrap().render().unwrap_err();
        }
    }

    #[test]
    fn the_status_may_be_a_number_or_a_text_and_is_200_otherwise() {
        assert_eq!(response(r#"{"statusCode":201}"#).status(), 201);
        assert_eq!(response(r#"{"statusCode":"404"}"#).status(), 404);
        assert_eq!(response(r#"{"statusCode":"soon"}"#).status(), 200);
        assert_eq!(response(r#"{"status":500}"#).status(), 200);
    }

    #[test]
    fn the_media_type_is_plain_text_by_default() {
        let content_type = |json| response(json).headers()["content-type"].clone();
        assert_eq!(content_type(r#"{"body":{"a":1}}"#), "text/plain; charset=utf-8");
        let problem = r#"{"headers":{"CONTENT-TYPE":"application/problem+json"}}"#;
        assert_eq!(content_type(problem), "application/problem+json");
    }

    #[test]
    fn the_documented_output_is_read() {
        let reply = include_str!("../../../../tests/data/functions-host/http-reply.json");
        let reply: serde_json::Value = serde_json::from_str(reply).unwrap();
        let expected = HttpResponse::Described {
            status_code: Some("201".to_owned()),
            headers: Members::from([("Content-Type".to_owned(), Json::text("application/json"))]),
            body: Json::text(r#"{"ok":true}"#),
        };
        assert_eq!(read(&reply["Outputs"]["res"].to_string()), Ok(expected));
    }
}
