//! The ways in which Microsoft Graph writes a point in time. All expect it in UTC.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const WITH_FRACTION: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

const TO_THE_SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// RFC 9110, section 5.6.7, the form that senders must use.
const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// As in `createdDateTime`: seven fraction digits and `Z`.
pub(super) fn with_fraction(moment: OffsetDateTime) -> String {
    moment.format(WITH_FRACTION).unwrap_or_default()
}

/// As in an error's `date`: whole seconds in UTC, without a zone.
pub(super) fn to_the_second(moment: OffsetDateTime) -> String {
    moment.format(TO_THE_SECOND).unwrap_or_default()
}

/// As in `Retry-After`.
pub(super) fn http_date(moment: OffsetDateTime) -> String {
    moment.format(HTTP_DATE).unwrap_or_default()
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
