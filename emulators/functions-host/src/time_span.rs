//! Durations in .NET's format, which settings use: `hh:mm:ss`, with or without a fraction.

use std::time::Duration;

/// Parses a `TimeSpan` that is not negative and less than a day.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let [hours, minutes, seconds] = *text.split(':').collect::<Vec<_>>() else { return None };
    let whole = |text: &str, limit: u64| text.parse::<u64>().ok().filter(|number| *number < limit);
    let seconds: f64 = seconds.parse().ok().filter(|seconds| (0.0..60.0).contains(seconds))?;
    let minutes = whole(hours, 24)? * 60 + whole(minutes, 60)?;
    Some(Duration::from_secs(minutes * 60) + Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_has_three_parts_and_may_have_a_fraction() {
        assert_eq!(parse("01:05:00").unwrap(), Duration::from_secs(3_900));
        assert_eq!(parse("00:00:00.2").unwrap(), Duration::from_millis(200));
        for text in ["", "5", "-1", "00:60:00", "24:00:00", "00:00:-1", "a:b:c"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
