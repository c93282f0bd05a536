//! Counts of writes as the table stores them.

use std::collections::BTreeMap;

use app_roles::{policy::WriteLimit, requester::Requester};
use azure_rest::tables::Entity;
use serde_json::Value;
use time::OffsetDateTime;

use super::count::{OpenWrites, WriteCount, minute_of};
use crate::record::{PARTITION_KEY, ROW_KEY};

/// The table of counts. Partition: the requester. Row: the digest of the rule's name.
pub const WRITE_COUNT_TABLE: &str = "AppRoleWriteCounts";

/// The rule's name, for readers.
const RULE: &str = "rule";

/// The writes that were made: `minute:writes`, separated by commas.
const MADE: &str = "made";

/// The writes that are not settled: `request:minute:writes`, separated by commas.
const OPEN: &str = "open";

/// The largest difference between the clocks of instances, in minutes. A row from a later time was changed
/// by hand.
const CLOCK_SKEW: i64 = 5;

/// The requester and the rule of a count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CountKey {
    pub(super) requester: String,
    pub(super) rule_digest: String,
}

impl CountKey {
    pub(super) fn new(requester: &Requester, limit: &WriteLimit) -> Self {
        Self { requester: requester.to_string(), rule_digest: limit.rule_digest() }
    }
}

impl WriteCount {
    pub(super) fn to_entity(&self, key: &CountKey, rule: &str) -> Entity {
        let made = self.made.iter().map(|(minute, writes)| format!("{minute}:{writes}"));
        let open = self
            .open
            .iter()
            .map(|(request, OpenWrites { minute, writes })| format!("{request}:{minute}:{writes}"));
        let columns = [
            (PARTITION_KEY, key.requester.clone()),
            (ROW_KEY, key.rule_digest.clone()),
            (RULE, rule.to_owned()),
            (MADE, made.collect::<Vec<_>>().join(",")),
            (OPEN, open.collect::<Vec<_>>().join(",")),
        ];
        columns.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
    }

    /// Reads a row; `None` if this version cannot.
    pub(super) fn of_entity(entity: &Entity, now: OffsetDateTime) -> Option<Self> {
        let latest = minute_of(now) + CLOCK_SKEW;
        let parts = |name: &str| {
            let text = entity.get(name).and_then(Value::as_str)?;
            Some(text.split(',').filter(|part| !part.is_empty()))
        };
        let counted = |minute: &str, writes: &str| {
            let minute = minute.parse::<i64>().ok().filter(|minute| *minute <= latest)?;
            Some((minute, writes.parse::<u32>().ok()?))
        };
        let made = parts(MADE)?.map(|part| {
            let (minute, writes) = part.split_once(':')?;
            counted(minute, writes)
        });
        let open = parts(OPEN)?.map(|part| {
            let (request, counts) = part.split_once(':')?;
            let (minute, writes) = counts.split_once(':')?;
            let (minute, writes) = counted(minute, writes)?;
            Some((request.to_owned(), OpenWrites { minute, writes }))
        });
        let made = made.collect::<Option<BTreeMap<_, _>>>()?;
        Some(Self { made, open: open.collect::<Option<BTreeMap<_, _>>>()? })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::write_counts::Demand;

    /// Longest text of a column, in UTF-16 code units ("Understanding the Table service data model").
    const MOST_UNITS: usize = 32 * 1024;

    #[test]
    fn the_largest_count_fits_into_its_columns() {
        let (mut count, now) = (WriteCount::default(), datetime!(2026-11-26 10:00 UTC));
        count.made = (0..=60).map(|age| (minute_of(now) - age, u32::MAX / 100)).collect();
        for number in 0..1000 {
            let key = format!("00000000-0000-0000-0000-{number:012}");
            let demand = Demand { key: &key, writes: 100_000, limit: u32::MAX };
            count.take(demand, now).unwrap();
        }
        let key = CountKey { requester: "q".repeat(140), rule_digest: "d".repeat(64) };
        let entity = count.to_entity(&key, &"\u{1F512}".repeat(128));
        for (column, value) in &entity {
            let units = value.as_str().unwrap().encode_utf16().count();
            assert!(units <= MOST_UNITS, "{column}: {units}");
        }
        assert_eq!(WriteCount::of_entity(&entity, now), Some(count));
    }
}
