//! Errors of the Azure SDK in words for people. Its own messages contain documents of the service in XML.

use azure_core::error::ErrorKind;
use azure_rest::reason::reason_of_chain;

use crate::sign_in;

/// The errors of the SDK among the causes of an error, with the error itself first.
pub(super) fn chain(error: &azure_core::Error) -> impl Iterator<Item = &azure_core::Error> {
    let outermost: &(dyn std::error::Error + 'static) = error;
    let chain = std::iter::successors(Some(outermost), |error| error.source());
    chain.filter_map(|error| error.downcast_ref::<azure_core::Error>())
}

/// Says why the service did not do what was asked.
pub(super) fn words(error: &azure_core::Error) -> String {
    for error in chain(error) {
        match error.kind() {
            ErrorKind::HttpResponse { status, error_code, .. } => {
                return refused(u16::from(*status), error_code.as_deref());
            }
            ErrorKind::Credential => return not_signed_in(error),
            ErrorKind::DataConversion => {
                return "the answer is not one of the storage service".to_owned();
            }
            _ => {}
        }
    }
    format!("no answer from the storage service: {}", reason_of_chain(error))
}

/// Says why nothing was sent to a storage account.
pub(super) fn not_signed_in(error: &azure_core::Error) -> String {
    sign_in::fault_in(error)
        .unwrap_or_else(|| "you are not signed in: there is no token for Azure Storage".to_owned())
}

/// Describes a status and the service's word for it, if it has the form of one.
fn refused(status: u16, code: Option<&str>) -> String {
    let is_word = |code: &&str| {
        !code.is_empty()
            && code.len() <= 64
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let code = code.filter(is_word).map(|code| format!(" {code}")).unwrap_or_default();
    match status {
        401 | 403 => format!("access denied (HTTP status {status}{code})"),
        _ => format!("HTTP status {status}{code}"),
    }
}
