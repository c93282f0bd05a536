//! The ids that the host gives a call.

use warp::http::HeaderMap;

/// The header with the host's id of the invocation.
const INVOCATION_ID: &str = "x-azure-functions-invocationid";

/// The header with the operation that the call is part of. The host sends it if Application Insights is
/// connected.
const TRACE_PARENT: &str = "traceparent";

/// The ids that the host gives a call, for its log lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CallIds {
    pub(crate) invocation: Option<String>,
    pub(crate) trace: Option<String>,
}

impl CallIds {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name)?.to_str().ok();
        Self {
            invocation: text(INVOCATION_ID).map(str::to_owned),
            trace: text(TRACE_PARENT).and_then(trace_id),
        }
    }
}

/// The trace id in `traceparent`: 32 lower-case hexadecimal digits that are not all zero ("Trace Context",
/// W3C Recommendation). Versions to come may add parts.
fn trace_id(parent: &str) -> Option<String> {
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = parent.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let is_whole = version != "00" || parts.next().is_none();
    let is_valid = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && trace.bytes().any(|digit| digit != b'0')
        && is_hex(span, 16)
        && is_hex(flags, 2);
    (is_whole && is_valid).then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "f55aab76358c26edf7b5fc760bfd2ffe";

    #[test]
    fn the_trace_id_is_the_second_part() {
        for parent in [
            format!("00-{TRACE}-1df0014b368b2baa-00"),
            format!("00-{TRACE}-1df0014b368b2baa-01"),
            format!("01-{TRACE}-1df0014b368b2baa-01-more"),
        ] {
            assert_eq!(trace_id(&parent).as_deref(), Some(TRACE), "{parent}");
        }
    }

    #[test]
    fn anything_else_has_no_trace_id() {
        let upper = TRACE.to_uppercase();
        for parent in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-1df0014b368b2baa"),
            format!("00-{TRACE}-1df0014b368b2baa-00-more"),
            format!("ff-{TRACE}-1df0014b368b2baa-00"),
            format!("00-{upper}-1df0014b368b2baa-00"),
            format!("00-{TRACE}0-1df0014b368b2baa-00"),
            format!("00-{}-1df0014b368b2baa-00", "0".repeat(32)),
            format!("00-{}-1df0014b368b2baa-00", "\"".repeat(32)),
        ] {
            assert_eq!(trace_id(&parent), None, "{parent}");
        }
    }
}
