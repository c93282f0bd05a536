//! Durations in .NET's format, which settings use: `[d.]hh:mm:ss[.fffffff]`.

use std::time::Duration;

const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_HOUR: u64 = 3_600;
const SECONDS_PER_DAY: u64 = 86_400;
/// The precision of .NET's durations: ticks of 100 ns.
const FRACTION_DIGITS: usize = 7;
const NANOSECONDS_PER_TICK: u32 = 100;

/// Parses a `TimeSpan` that is not negative.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (whole, rest) = text.split_once(':')?;
    let (days, hours) = match whole.split_once('.') {
        Some((days, hours)) => (number(days)?, hours),
        None => (0, whole),
    };
    let (minutes, seconds) = rest.split_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if fraction.len() > FRACTION_DIGITS {
        return None;
    }
    let ticks = u32::try_from(number(&format!("{fraction:0<FRACTION_DIGITS$}"))?).ok()?;
    let hours = number(hours).filter(|hours| *hours < 24)?;
    let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
    let seconds = number(seconds).filter(|seconds| *seconds < 60)?;
    let days = days.checked_mul(SECONDS_PER_DAY)?;
    let total = days + hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + seconds;
    Some(Duration::new(total, ticks * NANOSECONDS_PER_TICK))
}

/// Formats a duration in whole seconds, as the host's log does.
pub(crate) fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, rest) = (seconds / SECONDS_PER_HOUR, seconds % SECONDS_PER_HOUR);
    format!("{hours:02}:{:02}:{:02}", rest / SECONDS_PER_MINUTE, rest % SECONDS_PER_MINUTE)
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "5", "-1", "00:60:00", "24:00:00", "00:00:01.12345678", "a:b:c"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_fractions_are_read() {
        assert_eq!(parse("00:05:00").unwrap(), Duration::from_secs(300));
        assert_eq!(parse("1.02:00:00").unwrap(), Duration::from_secs(26 * 3_600));
        assert_eq!(parse("00:00:00.1").unwrap(), Duration::from_millis(100));
    }
}
