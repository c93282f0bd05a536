//! Microsoft Graph's formats of times, which must be in UTC.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const WITH_FRACTION: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

const TO_THE_SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// The format of `createdDateTime`: seven decimals and `Z`.
pub(super) fn with_fraction(moment: OffsetDateTime) -> String {
    moment.format(WITH_FRACTION).unwrap_or_default()
}

/// The format of an error's `date`: whole seconds without a zone.
pub(super) fn to_the_second(moment: OffsetDateTime) -> String {
    moment.format(TO_THE_SECOND).unwrap_or_default()
}

/// The format of HTTP dates, for `Retry-After`.
pub(super) fn http_date(moment: OffsetDateTime) -> String {
    httpdate::fmt_http_date(moment.into())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_creation_time_has_seven_fraction_digits_and_z() {
        let moment = datetime!(2026-08-20 10:11:12.1234567 UTC);
        assert_eq!(with_fraction(moment), "2026-08-20T10:11:12.1234567Z");
    }

    #[test]
    fn the_date_of_an_error_has_whole_seconds_and_no_zone() {
        let moment = datetime!(2026-08-20 10:11:12.1234567 UTC);
        assert_eq!(to_the_second(moment), "2026-08-20T10:11:12");
    }

    #[test]
    fn a_date_in_a_header_is_an_http_date() {
        let moment = datetime!(2026-08-09 10:11:12.9 UTC);
        assert_eq!(http_date(moment), "Sun, 09 Aug 2026 10:11:12 GMT");
    }
}
