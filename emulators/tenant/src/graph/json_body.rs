//! The body of a request: JSON, compressed or not.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use warp::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::{failure::Failure, graph_error as error, incoming_request::IncomingRequest};

/// The longest decompressed body, in bytes. An object has a few hundred.
const LONGEST_BODY: u64 = 1024 * 1024;

/// The object in the body.
pub(crate) fn object(incoming: &IncomingRequest) -> Result<Map<String, Value>, Failure> {
    let declared = incoming.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(error::unreadable_payload());
    }
    let bytes = decompressed(incoming).ok_or_else(error::unreadable_payload)?;
    serde_json::from_slice(&bytes).map_err(|_| error::unreadable_payload())
}

/// The body as it was before the client compressed it. Microsoft's SDK for Go compresses every body
/// (msgraph-sdk-design, "Compression Handler").
fn decompressed(incoming: &IncomingRequest) -> Option<Vec<u8>> {
    match incoming.header(CONTENT_ENCODING.as_str()).map(str::trim) {
        None => Some(incoming.body.to_vec()),
        Some(encoding) if encoding.eq_ignore_ascii_case("identity") => Some(incoming.body.to_vec()),
        Some(encoding) if encoding.eq_ignore_ascii_case("gzip") => {
            let mut decoder = GzDecoder::new(incoming.body.as_ref()).take(LONGEST_BODY);
            let mut bytes = Vec::new();
            decoder.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        }
        Some(_) => None,
    }
}
