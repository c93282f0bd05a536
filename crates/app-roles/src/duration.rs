//! How long an assignment may last.

use std::fmt;

use serde::{Deserialize, Deserializer};
use time::Duration;

use crate::json::parse_string;

/// Seconds of each unit.
const WEEK: i64 = 7 * DAY;
const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 60 * MINUTE;
const MINUTE: i64 = 60;

/// The shortest duration, in seconds. A shorter assignment could end before the list of Microsoft Graph
/// shows it.
const SHORTEST: i64 = 5 * MINUTE;

/// The longest duration, in seconds.
const LONGEST: i64 = 365 * DAY;

/// The units in their order, with their seconds. The last three follow the letter `T`.
const UNITS: [(char, i64); 5] = [('W', WEEK), ('D', DAY), ('H', HOUR), ('M', MINUTE), ('S', 1)];

/// The number of units before the letter `T`.
const UNITS_OF_DATE: usize = 2;

/// How long an assignment may last: 5 minutes to 365 days, in whole seconds.
///
/// On the wire: a duration of ISO 8601 in weeks, days, hours, minutes and seconds, for instance `"PT8H"`,
/// `"P30D"` or `"P1DT12H"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssignmentDuration(i64);

/// The reason why a text is no duration of an assignment. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// The text is empty.
    #[error("must not be empty; expected a duration of ISO 8601, such as PT8H or P30D")]
    Empty,
    /// The letters are not in upper case.
    #[error("the letters of a duration are in upper case, such as PT8H or P30D")]
    LowerCase,
    /// The text has a sign.
    #[error("a duration has no sign; expected one such as PT8H or P30D")]
    Signed,
    /// A number has a fraction.
    #[error("a duration is made of whole numbers, such as PT90M for an hour and a half")]
    Fraction,
    /// The duration has years or months.
    #[error(
        "years and months differ in length, so write days, such as P30D; minutes follow the letter T, \
         such as PT30M"
    )]
    YearsOrMonths,
    /// The text has another form.
    #[error("expected a duration of ISO 8601, such as PT8H, P30D or P1DT12H")]
    Form,
    /// The duration is too short.
    #[error("the shortest duration is PT5M (5 minutes)")]
    TooShort,
    /// The duration is too long.
    #[error("the longest duration is P365D (365 days)")]
    TooLong,
}

impl AssignmentDuration {
    /// The longest duration.
    pub const MAX: Self = Self(LONGEST);

    /// 30 days.
    pub const DAYS_30: Self = Self(30 * DAY);

    /// Reads a duration ("ISO 8601-1:2019", duration by time-scale components). Weeks may stand beside
    /// other units.
    pub fn parse(text: &str) -> Result<Self, InvalidDuration> {
        match seconds(text).ok_or_else(|| reason(text))? {
            ..SHORTEST => Err(InvalidDuration::TooShort),
            seconds @ SHORTEST..=LONGEST => Ok(Self(seconds)),
            _ => Err(InvalidDuration::TooLong),
        }
    }
}

/// The seconds of a duration; `None` if the text has another form.
fn seconds(text: &str) -> Option<i64> {
    let parts = text.strip_prefix('P').filter(|parts| !parts.is_empty())?;
    let (date, time) = match parts.split_once('T') {
        None => (parts, ""),
        Some((_, "")) => return None,
        Some(parts) => parts,
    };
    let (date_units, time_units) = UNITS.split_at(UNITS_OF_DATE);
    Some(sum(date, date_units)?.saturating_add(sum(time, time_units)?))
}

/// The seconds of numbers with units. Each unit occurs at most once, in the given order.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut units, mut seconds) = (units.iter(), 0_i64);
    while !text.is_empty() {
        let (digits, rest) = text.split_at(text.find(|one: char| !one.is_ascii_digit())?);
        let mut rest = rest.chars();
        let letter = rest.next()?;
        let (_, length) = units.find(|unit| unit.0 == letter)?;
        if digits.is_empty() {
            return None;
        }
        // A number that overflows is too large in every unit.
        let number = digits.parse().unwrap_or(i64::MAX);
        seconds = seconds.saturating_add(length.saturating_mul(number));
        text = rest.as_str();
    }
    Some(seconds)
}

/// Why a text does not have the form of a duration.
fn reason(text: &str) -> InvalidDuration {
    let in_upper_case = text.to_ascii_uppercase();
    let (date, time) = in_upper_case.split_once('T').unwrap_or((&in_upper_case, ""));
    let has_unit = |part: &str, units: &[char]| part.starts_with('P') && part.contains(units);
    if text.is_empty() {
        InvalidDuration::Empty
    } else if seconds(&in_upper_case).is_some() {
        InvalidDuration::LowerCase
    } else if seconds(&text.replace(['+', '-'], "")).is_some() {
        InvalidDuration::Signed
    } else if has_unit(&in_upper_case, &['.', ',']) {
        InvalidDuration::Fraction
    } else if has_unit(date, &['Y', 'M']) || (date.starts_with('P') && time.contains('Y')) {
        InvalidDuration::YearsOrMonths
    } else {
        InvalidDuration::Form
    }
}

impl From<AssignmentDuration> for Duration {
    fn from(duration: AssignmentDuration) -> Self {
        Self::seconds(duration.0)
    }
}

impl fmt::Display for AssignmentDuration {
    /// ISO 8601 in days, hours, minutes and seconds.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        formatter.write_str("P")?;
        for (letter, length) in UNITS.iter().filter(|unit| unit.0 != 'W') {
            let number = rest / length;
            // The letter T begins the units of less than a day.
            if *letter == 'H' && rest > 0 {
                formatter.write_str("T")?;
            }
            if number > 0 {
                write!(formatter, "{number}{letter}")?;
            }
            rest %= length;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for AssignmentDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_string(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests;
