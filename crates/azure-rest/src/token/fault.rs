//! Why there is no token, in words for people. The Azure SDK's own messages name its parts.

use std::error::Error as _;

use azure_core::{Error, error::ErrorKind};

use crate::{identity_endpoint::error_codes, reason::reason_of_chain, status};

/// Says why a credential got no token.
pub(super) fn cause(error: &Error) -> String {
    let fault = sdk_errors(error).find_map(|error| match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            let codes = raw_response.as_deref().and_then(|response| error_codes(response.body()));
            Some(refused(u16::from(*status), codes))
        }
        // The message of the JSON library may repeat a value.
        ErrorKind::DataConversion => {
            Some("the identity endpoint's response could not be read".to_owned())
        }
        ErrorKind::Connection | ErrorKind::Io => no_answer(error),
        _ => None,
    });
    fault.unwrap_or_else(|| root_causes(error))
}

fn refused(status: u16, codes: Option<String>) -> String {
    let codes = codes.map(|codes| format!(" ({codes})")).unwrap_or_default();
    // "How to use managed identities for App Service and Azure Functions", REST endpoint reference.
    let meaning = match status {
        400 => ": the identity has not been assigned to this app",
        _ => "",
    };
    format!("the identity endpoint answered {status}{codes}{meaning}")
}

/// Says why a request got no response, if the HTTP client says it.
fn no_answer(error: &Error) -> Option<String> {
    let source = error.source()?.downcast_ref::<reqwest::Error>()?;
    let address = source.url().map(|url| format!(" at {}", url.authority())).unwrap_or_default();
    Some(format!("the identity endpoint{address} did not answer: {}", reason_of_chain(source)))
}

/// The messages of the causes. The outermost message only names the credential and a web page.
fn root_causes(error: &Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

/// Whether an error in the chain is a response that a retry within seconds would get again.
///
/// The endpoint answers 404 or 410 while it is updated, and 408, 429 or a server error while it is busy
/// ("How to use managed identities for Azure resources on an Azure VM to acquire an access token", error
/// handling and retry guidance). So only what is known to be final is.
pub(super) fn is_refusal(error: &Error) -> bool {
    let status = sdk_errors(error).find_map(Error::http_status).map(u16::from);
    status.is_some_and(|status| matches!(status, 401 | 403) || status::is_final(status))
}

/// The errors of the SDK in the chain of an error, outermost first.
fn sdk_errors(error: &Error) -> impl Iterator<Item = &Error> {
    let outermost: &(dyn std::error::Error + 'static) = error;
    let chain = std::iter::successors(Some(outermost), |error| (*error).source());
    chain.filter_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use azure_core::http::{RawResponse, StatusCode};

    use super::*;

    fn answered(status: u16, body: &'static str) -> Error {
        let status = StatusCode::from(status);
        let response = RawResponse::from_bytes(status, Default::default(), body);
        let raw_response = Some(Box::new(response));
        let kind = ErrorKind::HttpResponse { status, error_code: None, raw_response };
        let error = Error::with_message(kind, "HttpResponse: the request failed");
        Error::with_error(ErrorKind::Credential, error, "ManagedIdentityCredential failed")
    }

    #[test]
    fn an_answer_is_told_by_its_status_and_the_codes_of_entra() {
        for (error, expected) in [
            (
                answered(400, ""),
                "the identity endpoint answered 400: the identity has not been assigned to this app",
            ),
            (answered(403, "AADSTS700016"), "the identity endpoint answered 403 (AADSTS700016)"),
            (answered(500, "the secret is pAZc9"), "the identity endpoint answered 500"),
            (
                Error::with_message(ErrorKind::DataConversion, "invalid type: string \"x\""),
                "the identity endpoint's response could not be read",
            ),
        ] {
            assert_eq!(cause(&error), expected);
        }
    }

    #[test]
    fn another_error_is_told_by_its_causes() {
        let inner = Error::with_message(ErrorKind::Other, "Azure CLI is not installed");
        let error = Error::with_error(ErrorKind::Credential, inner, "see https://aka.ms");
        assert_eq!(cause(&error), "Azure CLI is not installed");
        let error = Error::with_message(ErrorKind::Credential, "not signed in");
        assert_eq!(cause(&error), "not signed in");
    }
}
