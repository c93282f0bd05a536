//! Dates in JSON. The host's JSON library (Newtonsoft.Json) parses texts in ISO format as dates and writes
//! them in another format. The host's time zone is UTC, as in Azure.

use time::{
    PrimitiveDateTime, UtcOffset, format_description::BorrowedFormatItem,
    macros::format_description,
};

use crate::ordered_json::Json;

const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!("[offset_hour sign:mandatory]:[offset_minute]");
/// The long format of .NET's invariant culture.
const CULTURE: &[BorrowedFormatItem<'_>] =
    format_description!("[month]/[day]/[year] [hour]:[minute]:[second]");
/// `yyyy-MM-ddTHH:mm:ss`
const SECONDS_LENGTH: usize = 19;
/// The precision of .NET's dates: ticks of 100 ns. The library rounds longer fractions, which this
/// emulator does not.
const FRACTION_DIGITS: usize = 7;

/// A text that the library parses as a date.
struct Date {
    time: PrimitiveDateTime,
    fraction: String,
    zone: &'static str,
}

/// The date in the invariant culture, without fraction and zone; `None` if the text is not a date.
pub(crate) fn culture_text(text: &str) -> Option<String> {
    parse(text)?.time.format(CULTURE).ok()
}

/// The value with all its dates rewritten.
pub(crate) fn rewrite(value: &Json) -> Json {
    match value {
        Json::Text(text) => Json::Text(json_text(text).unwrap_or_else(|| text.clone())),
        Json::Array(items) => Json::Array(items.iter().map(rewrite).collect()),
        Json::Object(members) => {
            let rewritten = members.iter().map(|(name, value)| (name.clone(), rewrite(value)));
            Json::Object(rewritten.collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

fn json_text(text: &str) -> Option<String> {
    let Date { time, fraction, zone } = parse(text)?;
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{}{dot}{fraction}{zone}", time.format(SECONDS).ok()?))
}

fn parse(text: &str) -> Option<Date> {
    let (seconds, rest) = text.split_at_checked(SECONDS_LENGTH)?;
    let time = PrimitiveDateTime::parse(seconds, SECONDS).ok()?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if rest.starts_with('.') && fraction.is_empty() || fraction.len() > FRACTION_DIGITS {
        return None;
    }
    let fraction = fraction.trim_end_matches('0').to_owned();
    match zone {
        "" => Some(Date { time, fraction, zone: "" }),
        "Z" => Some(Date { time, fraction, zone: "Z" }),
        offset => {
            let offset = UtcOffset::parse(offset, OFFSET).ok()?;
            let utc = time.assume_offset(offset).to_offset(UtcOffset::UTC);
            let time = PrimitiveDateTime::new(utc.date(), utc.time());
            Some(Date { time, fraction, zone: "+00:00" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_only_resembles_a_date_is_unchanged() {
        for text in ["2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05.Z", "x", "é"] {
            assert_eq!(json_text(text), None, "{text}");
        }
    }

    #[test]
    fn zeros_of_a_fraction_are_dropped_and_offsets_become_utc() {
        let rewritten = |text| json_text(text).unwrap();
        assert_eq!(rewritten("2026-01-02T03:04:05.0000000Z"), "2026-01-02T03:04:05Z");
        assert_eq!(rewritten("2026-01-02T03:04:05.1200000Z"), "2026-01-02T03:04:05.12Z");
        assert_eq!(rewritten("2026-01-02T03:04:05+02:00"), "2026-01-02T01:04:05+00:00");
        assert_eq!(rewritten("2026-01-02T03:04:05"), "2026-01-02T03:04:05");
    }

    #[test]
    fn outside_json_a_date_is_written_in_the_invariant_culture() {
        assert_eq!(culture_text("2026-01-02T03:04:05Z").unwrap(), "01/02/2026 03:04:05");
    }
}
