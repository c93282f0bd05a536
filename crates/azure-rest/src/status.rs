//! What an answer that is an error says: its summary, and whether another attempt may help.
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

/// Status, code and message of an error, for the end of a sentence. Leaves out what the answer lacks.
#[must_use]
pub fn summary(status: u16, code: &str, message: &str) -> String {
    match (code, message) {
        ("", "") => status.to_string(),
        ("", message) => format!("{status} {message:?}"),
        (code, "") => format!("{status} {}", code.escape_debug()),
        (code, message) => format!("{status} {} {message:?}", code.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_leaves_out_what_the_answer_lacks() {
        for (code, message, expected) in [
            ("Bad", "no", r#"418 Bad "no""#),
            ("", "no", r#"418 "no""#),
            ("Bad", "", "418 Bad"),
            ("", "", "418"),
            ("B\u{1b}d", "n\u{1b}", r#"418 B\u{1b}d "n\u{1b}""#),
        ] {
            assert_eq!(summary(418, code, message), expected);
        }
    }

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
