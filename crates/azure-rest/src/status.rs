//! What the status of an answer says about another attempt.
//!
//! Services answer with statuses that no document lists, for instance 509. So the list below names what
//! is known to be final, and everything else may pass.

/// The refusals that a later attempt gets again, because the request itself is at fault (RFC 9110,
/// "Client Error 4xx"; RFC 6585, section 5).
const FINAL: [u16; 9] = [400, 405, 406, 411, 413, 414, 415, 417, 431];

/// Whether a pause of seconds may help: the service is busy, starting or too slow (RFC 9110, "Server
/// Error 5xx" and 408; RFC 8470, section 5.2; RFC 6585, section 4).
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

/// Whether the same request would be refused at any time.
pub(crate) fn is_final(status: u16) -> bool {
    FINAL.contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_error_is_transient_and_no_status_is_both_transient_and_final() {
        for status in 400..=599 {
            assert!(!(is_transient(status) && is_final(status)), "{status}");
            assert!(status < 500 || is_transient(status), "{status}");
        }
        for status in [408, 425, 429] {
            assert!(is_transient(status), "{status}");
        }
    }
}
