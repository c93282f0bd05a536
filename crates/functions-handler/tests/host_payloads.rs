//! The messages of the Functions host, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{num::NonZeroU32, path::Path};

use functions_handler::{
    http_response::HttpResponse,
    invocation::{Invocation, QueueMetadata},
    reply::{Outputs, Reply},
};

fn payload(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/functions-host");
    std::fs::read(folder.join(file)).unwrap()
}

fn invocation(file: &str) -> Invocation {
    Invocation::decode("ProcessJob".to_owned(), None, &payload(file)).unwrap()
}

#[test]
fn a_queue_invocation_is_read_with_its_bytes_id_and_delivery_count() {
    let invocation = invocation("queue-invocation-binary.json");
    assert_eq!(invocation.binary("msg").unwrap(), br#"{"job":"a1","n":5}"#);
    assert_eq!(
        invocation.queue_metadata().unwrap(),
        QueueMetadata::Message {
            id: "7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60".to_owned(),
            dequeue_count: NonZeroU32::MIN,
            insertion_time: Some(time::macros::datetime!(2026-01-09 03:04:05 UTC)),
        }
    );
}

#[test]
fn a_queue_invocation_with_a_text_binding_is_refused() {
    let fault = invocation("queue-invocation-string.json").binary("msg").unwrap_err();
    assert!(fault.to_string().contains("Data.msg is not base64"), "{fault}");
}

#[test]
fn an_http_invocation_is_read_with_its_request_and_without_its_key() {
    let request = invocation("http-invocation.json").http_request("req").unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.parameters().collect::<Vec<_>>(), [("x", "1,2")]);
    assert_eq!(request.parameter_of_route("id"), Some("7"));
    assert_eq!(request.parameter_of_route("x"), None);
    assert_eq!(request.header("content-type"), ["application/json"]);
    assert!(request.header("x-functions-key").is_empty());
    assert_eq!(request.body.as_deref(), Some("{\"name\":\"n\"}\n"));
    let [identity] = request.identities.as_slice() else { panic!("not one identity") };
    assert!(identity.is_authenticated);
    assert_eq!(identity.authentication_type.as_deref(), Some("WebJobsAuthLevel"));
    let level = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";
    assert_eq!(identity.only_claim(level), Some("Function"));
}

#[test]
fn an_http_reply_has_the_documented_shape() {
    let response = HttpResponse::new(201, "application/json", r#"{"ok":true}"#.to_owned());
    let body = Reply::Succeeded(Outputs::default().response("res", response)).body();
    let documented = String::from_utf8(payload("http-reply.json")).unwrap();
    let documented = documented.trim().replace(r#"["created"]"#, "[]");
    assert_eq!(String::from_utf8(body).unwrap(), documented);
}

#[test]
fn an_error_names_the_binding_that_the_envelope_lacks() {
    let fault = invocation("queue-invocation-binary.json").binary("request").unwrap_err();
    assert!(fault.to_string().contains("Data.request is missing"), "{fault}");
}

#[test]
fn a_reply_has_the_documented_shape() {
    let text = r#"{"job":"a1","state":"done"}"#.to_owned();
    let body = Reply::Succeeded(Outputs::default().message("next", text)).body();
    let documented = String::from_utf8(payload("queue-reply.json")).unwrap();
    // This handler writes its log to stdout, because log lines in a reply have no level.
    let documented = documented.trim().replace(r#"["a1 done"]"#, "[]");
    assert_eq!(String::from_utf8(body).unwrap(), documented);
}
