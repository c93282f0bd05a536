//! The largest row fits into the table service, and is read as it was written.

use app_roles::{
    directory::Assignment,
    ids::InvocationId,
    text::{
        MAX_DISPLAY_NAME_LENGTH, MAX_MESSAGE_ID_LENGTH, MAX_REASON_LENGTH, MAX_REQUEST_ID_LENGTH,
        MAX_ROLE_VALUE_LENGTH,
    },
};
use proptest::{prelude::*, sample::select};
use record::ends::{
    Claim, Details, EndRow, Subject, UnreadableEnd,
    rules::{Now, RowChange, Step, next},
};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    invocation::{Invocation, Work, details},
    world::key,
};

/// Longest text of a column, in UTF-16 code units: 64 KiB ("Understanding the Table service data model").
const MOST_UNITS: usize = 32 * 1024;

/// Largest entity, in bytes, and the most columns of one (same source).
const MOST_BYTES: usize = 1024 * 1024;
const MOST_COLUMNS: usize = 252;

const MOST_CLAIMS: usize = 16;
const MOST_EXCEPTIONS: usize = 32;

/// The longest name of a rule, function or key, in characters.
const LONGEST_NAME: usize = 128;

/// A size that no text from the directory has.
const HUGE: usize = 10_000;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(2_000_000_000 + seconds)
}

/// A request whose texts consist of this character and have these lengths. `names` is the length of the
/// names from the directory.
fn request(character: char, names: usize) -> Details {
    let text = |length: usize| character.to_string().repeat(length);
    let name = Some(text(names));
    Details {
        requester: format!("eventgrid:{}", "x".repeat(LONGEST_NAME)),
        request_id: Some("x".repeat(MAX_REQUEST_ID_LENGTH)),
        message_id: Some(text(MAX_MESSAGE_ID_LENGTH)),
        function: "x".repeat(LONGEST_NAME),
        rule: text(LONGEST_NAME),
        reason: Some(text(MAX_REASON_LENGTH)),
        app_role_value: Some(text(names.max(MAX_ROLE_VALUE_LENGTH))),
        api_display_name: name.clone(),
        principal_display_name: name,
        ..details(InvocationId::random(), 0)
    }
}

/// A row with as many claims and exceptions as it can have.
fn row(details: &Details) -> EndRow {
    let claim = |number: usize| {
        let id = |number: usize| format!("{number:0>128}");
        let seconds = i64::try_from(number).unwrap();
        let subject = Subject::Write {
            invocation_id: InvocationId::random(),
            since: at(-seconds),
            until: at(60),
            except: (0..MOST_EXCEPTIONS).map(id).collect(),
        };
        Claim { subject, end: at(1_000_000 + seconds), details: details.clone() }
    };
    let claims = (0..MOST_CLAIMS).map(claim).collect();
    EndRow { key: key(), claims, ending_until: Some(at(1)), announced_end: Some(at(2)) }
}

/// An assignment that each write of [`row`] can have created.
fn assignment(number: i64) -> Assignment {
    let created = Some(at(10).format(&Rfc3339).unwrap());
    Assignment { id: format!("an-id-{number}"), api: key().api, role: key().role, created }
}

/// The size of an entity, in bytes, at least ("Understanding the Table service data model").
fn size(entity: &Map<String, Value>) -> usize {
    let units = |text: &str| 2 * text.encode_utf16().count();
    let sizes = entity
        .iter()
        .map(|(name, value)| 8 + units(name) + value.as_str().map_or(size_of::<u64>(), units));
    sizes.sum()
}

fn assert_it_fits(entity: &Map<String, Value>) {
    for (name, value) in entity {
        let units = value.as_str().unwrap_or_default().encode_utf16().count();
        assert!(units <= MOST_UNITS, "{name}: {units}");
    }
    assert!(entity.len() <= MOST_COLUMNS, "{}", entity.len());
    assert!(size(entity) < MOST_BYTES, "{}", size(entity));
}

fn characters() -> impl Strategy<Value = char> {
    let printable = |character: &char| app_roles::text::is_printable(*character);
    prop_oneof![
        select(vec!['"', '\\', 'é', '\u{FFFD}', '\u{1F512}', ' ']),
        any::<char>().prop_filter("it is replaced", printable),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_largest_row_fits_and_is_read_as_it_was_written(
        character in characters(),
        names in select(vec![1, MAX_DISPLAY_NAME_LENGTH]),
    ) {
        let row = row(&request(character, names));
        let entity = row.to_entity();
        assert_it_fits(&entity);
        prop_assert_eq!(EndRow::of_entity(&entity), Ok(row));
    }

    #[test]
    fn a_huge_name_in_the_directory_is_cut_and_makes_no_row_too_large(character: char) {
        let row = row(&request(character, HUGE));
        let entity = row.to_entity();
        assert_it_fits(&entity);
        let read = EndRow::of_entity(&entity).unwrap();
        for (read, written) in read.claims.iter().zip(&row.claims) {
            let (read_of, written_of) = (&read.details, &written.details);
            prop_assert_eq!((&read.subject, read.end), (&written.subject, written.end));
            prop_assert_eq!(&read_of.requester, &written_of.requester);
            let name = read_of.api_display_name.as_deref().unwrap();
            prop_assert!((MAX_DISPLAY_NAME_LENGTH..HUGE).contains(&name.chars().count()));
        }
    }
}

#[test]
fn earlier_claims_that_lack_a_part_are_refused() {
    let whole = row(&request('"', MAX_DISPLAY_NAME_LENGTH)).to_entity();
    for part in ["earlierClaims", "earlierClaims2", "earlierClaims3"] {
        for strange in [None, Some(json!(7))] {
            let mut entity = whole.clone();
            assert!(entity.remove(part).is_some(), "{part}");
            entity.extend(strange.map(|value| (part.to_owned(), value)));
            let read = EndRow::of_entity(&entity);
            assert_eq!(read, Err(UnreadableEnd("earlierClaims")), "{part}");
        }
    }
}

/// Graph omits the time of creation of some assignments, so that none proves that another is gone.
#[test]
fn many_assignments_that_were_removed_by_hand_leave_a_bounded_row_that_covers_the_last() {
    let mut row = None;
    let held = |number: i64| Assignment { created: None, ..assignment(number) };
    for number in 0..100 {
        let now = Now { at: at(number * 1000), list_lag: Duration::minutes(5) };
        let work = Work::Grant { end: Some(10_000_000_000), is_duration: false, message: 0 };
        let new = Invocation::new(work, now.at, true).new_end.unwrap();
        for step in [Step::Announced(&new), Step::Created(&held(number), Some(&new))] {
            match next(key(), row.as_ref(), &step, now).row {
                RowChange::Put(next) => row = Some(*next),
                other => panic!("{other:?}"),
            }
        }
        let row = row.as_ref().unwrap();
        assert!(row.claims.len() <= MOST_CLAIMS && row.covers(&held(number)), "{number}");
    }
}

/// A request without an end may find the role again and again while a write is in progress.
#[test]
fn a_claim_excludes_the_newest_assignments_and_stays_small() {
    let mut row = row(&request('x', 1));
    let now = Now { at: at(30), list_lag: Duration::minutes(5) };
    for number in 0..1000 {
        match next(key(), Some(&row), &Step::Found(&assignment(number), None), now).row {
            RowChange::Put(next) => row = *next,
            RowChange::Keep => {}
            RowChange::Remove => panic!("the writes are in progress"),
        }
    }
    assert_it_fits(&row.to_entity());
    assert!(!row.covers(&assignment(999)) && !row.covers(&assignment(980)));
}
