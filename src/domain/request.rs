//! What somebody asks for, read strictly.

use serde::Deserialize;

use crate::domain::ids::{AppRoleId, ObjectId};

/// Largest request. A queue message holds 64 KiB and half of it is room enough for every field at
/// its limit.
pub const LARGEST_REQUEST: usize = 32 * 1024;

/// A request for one app role: Microsoft Graph's own body of an appRoleAssignment.
///
/// ```json
/// { "principalId": "11111111-…", "resourceId": "22222222-…", "appRoleId": "33333333-…" }
/// ```
///
/// Unknown fields are refused: a misspelt field that were ignored would change what is asked.
/// Source: "Grant an appRoleAssignment to a service principal".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Object id of the service principal that is to receive the role.
    #[serde(rename = "principalId")]
    pub principal: ObjectId,
    /// Object id of the service principal that defines the role.
    #[serde(rename = "resourceId")]
    pub api: ObjectId,
    /// Id of the role.
    #[serde(rename = "appRoleId")]
    pub role: AppRoleId,
}

/// Why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// More bytes than [`LARGEST_REQUEST`].
    #[error("the request has {0} bytes and may have {LARGEST_REQUEST}")]
    TooLarge(usize),
    /// Not JSON, or JSON of another shape.
    #[error("{path}: {problem}")]
    Json {
        /// Where in the document, for instance `principalId`; `request` for the document itself.
        path: String,
        /// What is wrong there. May repeat a field's name, never a value.
        problem: String,
    },
}

impl InvalidRequest {
    /// A short word for logs, which never hold any of the request's own text.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "tooLarge",
            Self::Json { .. } => "malformed",
        }
    }
}

impl Request {
    /// Reads the JSON text of a request.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        if bytes.len() > LARGEST_REQUEST {
            return Err(InvalidRequest::TooLarge(bytes.len()));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let request = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let problem = error.into_inner();
            if path == "." {
                at_root(&problem)
            } else {
                InvalidRequest::Json { path, problem: problem.to_string() }
            }
        })?;
        deserializer.end().map_err(|error| at_root(&error))?;
        Ok(request)
    }
}

fn at_root(error: &serde_json::Error) -> InvalidRequest {
    InvalidRequest::Json { path: "request".to_owned(), problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"principalId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"33333333-3333-3333-3333-333333333333"}"#;

    #[test]
    fn a_malformed_request_is_refused_with_the_path_of_the_fault() {
        for (text, path, problem) in [
            ("", "request", "EOF"),
            ("null", "request", "invalid type: null"),
            ("{}", "request", "missing field `principalId`"),
            (&GOOD.replace("}", ",\"extra\":1}"), "extra", "unknown field `extra`"),
            (&GOOD.replace("}", "} {}"), "request", "trailing characters"),
            (&GOOD.replace("\"1111", "\"1"), "principalId", "expected a GUID"),
            (
                &GOOD.replace("\"22222222-2222-2222-2222-222222222222\"", "7"),
                "resourceId",
                "invalid type",
            ),
            (&GOOD.replace("resourceId", "principalId"), "principalId", "duplicate field"),
            (&"[".repeat(40_000), "", "bytes"),
        ] {
            let fault = Request::decode(text.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(path) && fault.contains(problem), "{text:.40}: {fault}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert!(Request::decode(b"{\"principalId\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_wrong_value_is_not_repeated_in_the_fault() {
        let fault = Request::decode(GOOD.replace("1111", "zzzz").as_bytes()).unwrap_err();
        assert!(!fault.to_string().contains("zzzz"), "{fault}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
            let _ = Request::decode(&bytes);
        }

        #[test]
        fn every_three_guids_are_a_request(a: [u8; 16], b: [u8; 16], c: [u8; 16]) {
            let [a, b, c] = [a, b, c].map(|bytes| uuid::Uuid::from_bytes(bytes).to_string());
            let text = format!(r#"{{"principalId":"{a}","resourceId":"{b}","appRoleId":"{c}"}}"#);
            let request = Request::decode(text.as_bytes()).unwrap();
            prop_assert_eq!(request.principal.to_string(), a);
            prop_assert_eq!(request.api.to_string(), b);
            prop_assert_eq!(request.role.to_string(), c);
        }
    }
}
