//! Values in filters ("Querying tables and entities"), and times in columns.

use serde_json::Value;
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem,
    format_description::well_known::Rfc3339, macros::format_description,
};

use super::change::Entity;

/// `Edm.DateTime`: UTC, in units of 100 ns ("Understanding the Table service data model").
const DATE_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// A text as a filter contains it: in quotes, with each inner quote doubled.
#[must_use]
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A time as a filter contains it, rounded down to 100 ns.
#[must_use]
pub fn time(value: OffsetDateTime) -> String {
    format!("datetime'{}'", date_time(value))
}

/// Sets a column of type `Edm.DateTime`, rounded down to 100 ns.
pub fn set_time(entity: &mut Entity, column: &str, value: OffsetDateTime) {
    entity.insert(format!("{column}@odata.type"), "Edm.DateTime".into());
    entity.insert(column.to_owned(), date_time(value).into());
}

/// Reads a column of type `Edm.DateTime`. `None` if it is absent or no time.
#[must_use]
pub fn time_of(entity: &Entity, column: &str) -> Option<OffsetDateTime> {
    let text = entity.get(column).and_then(Value::as_str)?;
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Every time of this crate has a year of four digits, so it can be written.
fn date_time(value: OffsetDateTime) -> String {
    value.to_offset(UtcOffset::UTC).format(DATE_TIME).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    proptest! {
        #[test]
        fn a_text_ends_where_its_literal_ends(value in ".{0,20}") {
            let literal = text(&value);
            let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert_eq!(inner.replace("''", "").matches('\'').count(), 0);
            prop_assert_eq!(inner.replace("''", "'"), value);
        }

        #[test]
        fn a_time_is_read_as_it_was_written(seconds in -62_135_596_800_i64..253_402_300_799) {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let mut entity = Entity::new();
            set_time(&mut entity, "end", moment);
            prop_assert_eq!(time_of(&entity, "end"), Some(moment));
        }
    }

    #[test]
    fn a_time_is_in_utc_and_rounded_down_to_the_units_of_the_service() {
        let moment = datetime!(2026-11-26 12:00:00.123_456_789 +02:00);
        assert_eq!(time(moment), "datetime'2026-11-26T10:00:00.1234567Z'");
    }
}
