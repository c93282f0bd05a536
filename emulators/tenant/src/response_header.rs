//! Headers of responses.

use warp::{
    http::{HeaderName, HeaderValue},
    reply::Response,
};

/// Sets a header of a response. Invalid names and values are ignored.
pub(crate) fn set_header(response: &mut Response, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(text)) {
        response.headers_mut().insert(name, value);
    }
}
