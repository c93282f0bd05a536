//! The transport to the identity endpoint: it limits and censors responses.

use std::collections::BTreeSet;

use azure_core::{
    error::{Error, ErrorKind},
    http::{AsyncRawResponse, HttpClient, Request, headers::Headers},
};
use wire_formats::byte_order_mark::without_byte_order_mark;

use crate::{
    body::{BodyLimit, LargeBodies},
    traffic,
};

/// The prefix of Microsoft Entra's error codes ("Microsoft Entra authentication and authorization error
/// codes").
const ENTRA_ERROR: &str = "AADSTS";

/// An HTTP client for the identity endpoint.
///
/// The Azure SDK reads a response of any size, and repeats the body of an error in its message. A body
/// may contain a token or the secret header, so of an error only the codes of Microsoft Entra pass.
#[derive(Debug)]
pub(crate) struct IdentityEndpointClient(pub(crate) reqwest::Client);

#[async_trait::async_trait]
impl HttpClient for IdentityEndpointClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut sent = self.0.get(request.url().clone());
        for (name, value) in request.headers().iter() {
            sent = sent.header(name.as_str(), value.as_str());
        }
        let response = traffic::send(sent).await.map_err(|error| {
            let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
            Error::with_error(kind, error, "the request could not be sent")
        })?;
        let status = response.status();
        let body = LargeBodies::default().read(response, BodyLimit::SMALL).await;
        let body = body.map_err(|problem| Error::with_message(ErrorKind::Io, problem))?.bytes;
        let body = match status.is_success() {
            true => without_byte_order_mark(&body).to_vec(),
            false => error_codes(&body).unwrap_or_default().into_bytes(),
        };
        Ok(AsyncRawResponse::from_bytes(status.as_u16().into(), Headers::new(), body))
    }
}

/// The error codes of Microsoft Entra in a text, each once. `None` if there is none.
pub(crate) fn error_codes(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let code = |rest: &str| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(12).collect();
        (!digits.is_empty()).then(|| format!("{ENTRA_ERROR}{digits}"))
    };
    let codes: BTreeSet<_> = text.split(ENTRA_ERROR).skip(1).filter_map(code).take(5).collect();
    (!codes.is_empty()).then(|| codes.into_iter().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_codes_of_an_error_pass() {
        for (body, expected) in [
            (r#"{"message":"AADSTS500011: The resource principal named x"}"#, Some("AADSTS500011")),
            ("AADSTS700016 AADSTS90002 AADSTS700016", Some("AADSTS700016, AADSTS90002")),
            ("AADSTSsecret", None),
            ("X-IDENTITY-HEADER: secret", None),
            ("", None),
        ] {
            assert_eq!(error_codes(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_more_than_codes_pass(body: Vec<u8>) {
            let shown = error_codes(&body).unwrap_or_default();
            prop_assert!(shown.is_empty() || shown.starts_with(ENTRA_ERROR));
            prop_assert!(shown.len() < 100);
        }
    }
}
