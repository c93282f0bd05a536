//! Explains to people why a call got no answer. The log has the libraries' own messages.

use std::{error::Error, io};

/// What the resolver of reqwest's connector writes before its own error.
const NAME_NOT_FOUND: &str = "dns error";

/// The part of the messages of TLS about a certificate that is not accepted.
const CERTIFICATE: &str = "certificate";

/// Says why a call got no answer: the rest of a sentence about the service.
#[must_use]
pub fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() { "no answer in time" } else { reason_of_chain(error) }
}

/// Says why a call got no answer, from the error of another library that has reqwest's or the system's
/// among its causes.
#[must_use]
pub fn reason_of_chain(error: &(dyn Error + 'static)) -> &'static str {
    let chain = || std::iter::successors(Some(error), |error| (*error).source());
    if chain()
        .filter_map(|error| error.downcast_ref::<reqwest::Error>())
        .any(reqwest::Error::is_timeout)
    {
        return "no answer in time";
    }
    if chain().any(|error| error.to_string().contains(NAME_NOT_FOUND)) {
        return "the name of its host is not known";
    }
    // TLS reports a certificate as invalid data, inside an error of the system.
    if chain().any(|error| error.to_string().contains(CERTIFICATE)) {
        return "its certificate is not accepted";
    }
    let kinds = chain().filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kinds.last() {
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused",
        Some(io::ErrorKind::TimedOut) => "no answer in time",
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            "there is no network to it"
        }
        _ => "the connection broke off",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_innermost_error_of_the_system_counts() {
        for (error, expected) in [
            (io::Error::from(io::ErrorKind::ConnectionRefused), "the connection was refused"),
            (io::Error::from(io::ErrorKind::ConnectionReset), "the connection broke off"),
            (io::Error::from(io::ErrorKind::TimedOut), "no answer in time"),
            (io::Error::other("dns error"), "the name of its host is not known"),
            (
                io::Error::other("invalid peer certificate: UnknownIssuer"),
                "its certificate is not accepted",
            ),
        ] {
            assert_eq!(reason_of_chain(&Outer(error)), expected);
        }
    }
}
