//! The columns of a row of the table of instances.

use std::time::Duration;

use azure_rest::tables::{Entity, literal::time_of};
use serde_json::Value;
use shared_quota::row::{Row, ServerTime, Step, StoredRow};

/// The partition of all rows. Storage stores the rows of a partition one after the other.
pub(super) const PARTITION: &str = "instances";

/// The row as an entity.
pub(super) fn written(instance: &str, row: &Row) -> Entity {
    let columns = [
        ("PartitionKey", Value::from(PARTITION)),
        ("RowKey", instance.into()),
        // As a text, because JSON has no integers of 64 bits in this format.
        ("sequence", row.sequence.to_string().into()),
        ("sent", steps(&row.sent).into()),
        ("held", steps(&row.held).into()),
        ("claimed", steps(&row.claimed).into()),
        ("needed", integer(row.needed).into()),
        ("neededLow", integer(row.needed_low).into()),
        ("pauseMilliseconds", milliseconds(row.pause).into()),
    ];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads an entity; `None` if it is no row of an instance.
pub(super) fn read(entity: &Entity) -> Option<StoredRow> {
    let text = |name: &str| entity.get(name).and_then(Value::as_str);
    let number = |name: &str| entity.get(name)?.as_u64()?.try_into().ok();
    let stored = time_of(entity, "Timestamp")?.unix_timestamp_nanos() / 1000;
    let row = Row {
        sequence: text("sequence")?.parse().ok()?,
        sent: read_steps(text("sent")?)?,
        held: read_steps(text("held")?)?,
        claimed: read_steps(text("claimed")?)?,
        needed: number("needed")?,
        needed_low: number("neededLow")?,
        pause: Duration::from_millis(u64::from(number("pauseMilliseconds")?)),
    };
    let stored = ServerTime(i64::try_from(stored).ok()?);
    Some(StoredRow { instance: text("RowKey")?.to_owned(), stored, row })
}

/// Steps as a text: the microseconds after the row was stored, a colon, and the number of writes.
fn steps(steps: &[Step]) -> String {
    let texts = steps.iter().map(|Step { at, writes }| format!("{at}:{writes}"));
    texts.collect::<Vec<_>>().join(" ")
}

fn read_steps(text: &str) -> Option<Vec<Step>> {
    let step = |text: &str| {
        let (at, writes) = text.split_once(':')?;
        Some(Step { at: at.parse().ok()?, writes: writes.parse().ok()? })
    };
    text.split_ascii_whitespace().map(step).collect()
}

/// A number as `Edm.Int32` has it.
fn integer(number: u32) -> u32 {
    number.min(i32::MAX.unsigned_abs())
}

/// Whole milliseconds. A pause of a day fits.
fn milliseconds(duration: Duration) -> u32 {
    integer(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn step() -> impl Strategy<Value = Step> {
        (any::<i64>(), any::<u32>()).prop_map(|(at, writes)| Step { at, writes })
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(
            (sequence, pause) in (any::<u64>(), 0_u32..86_400_000),
            (sent, held, claimed) in (vec(step(), 0..9), vec(step(), 0..9), vec(step(), 0..9)),
            (needed, needed_low) in (0..=i32::MAX.unsigned_abs(), 0_u32..9),
        ) {
            let pause = Duration::from_millis(pause.into());
            let row = Row { sequence, sent, held, claimed, needed, needed_low, pause };
            let mut entity = written("a", &row);
            entity.insert("Timestamp".to_owned(), "2026-11-26T10:00:00.1234567Z".into());
            let read = read(&entity).unwrap();
            prop_assert_eq!((read.instance.as_str(), read.row), ("a", row));
            prop_assert_eq!(read.stored.0 % 1_000_000, 123_456);
        }

        #[test]
        fn no_entity_makes_the_reader_panic(
            column in "(sent|held|claimed|needed|sequence|Timestamp|RowKey)",
            text in "[0-9:. TZ-]{0,30}",
        ) {
            let mut entity = written("a", &Row::default());
            entity.insert("Timestamp".to_owned(), "2026-11-26T10:00:00Z".into());
            entity.insert(column, text.into());
            let _ = read(&entity);
        }
    }

    #[test]
    fn what_lacks_a_column_is_no_row() {
        let mut whole = written("a", &Row::default());
        whole.insert("Timestamp".to_owned(), "2026-11-26T10:00:00Z".into());
        assert!(read(&whole).is_some());
        for name in whole.keys().filter(|name| *name != "PartitionKey") {
            let mut entity = whole.clone();
            entity.remove(name);
            assert_eq!(read(&entity), None, "{name}");
        }
    }
}
