//! Random histories.

use std::collections::BTreeMap;

use proptest::prelude::*;
use record::settlement::Row;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    model::{World, steps},
    rows::at,
};

/// The assignments that rows with a status claim, each with the rows.
fn claims<'a>(world: &'a World, status: &str) -> BTreeMap<&'a str, Vec<&'a Row>> {
    let mut claims: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in world.rows.iter().filter(|row| row["status"] == status) {
        claims.entry(row["assignmentId"].as_str().unwrap()).or_default().push(row);
    }
    claims
}

/// The status of the last row of a request.
fn outcome(world: &World, number: usize) -> (&str, Option<&str>) {
    let request = format!("REQ-{number}");
    let row = world.rows.iter().rfind(|row| row["requestId"] == request.as_str()).unwrap();
    let id = row.get("assignmentId").map(|id| id.as_str().unwrap());
    (row["status"].as_str().unwrap(), id)
}

fn started(row: &Row) -> OffsetDateTime {
    OffsetDateTime::parse(row["startedAt"].as_str().unwrap(), &Rfc3339).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn each_accepted_write_has_one_row_and_no_row_claims_more(
        skew in -4_i64..=4, steps in steps(0_i64..900, 0),
    ) {
        let mut world = World::after(skew, &steps);
        world.settle_all();
        for (status, truth) in [("assigned", &world.created), ("revoked", &world.deleted)] {
            let claims = claims(&world, status);
            let claimed: Vec<_> = claims.keys().copied().collect();
            let written: Vec<_> = truth.iter().map(String::as_str).collect();
            prop_assert_eq!(claimed, written, "{}: {:#?}", status, world);
            prop_assert!(claims.values().all(|rows| rows.len() == 1), "{claims:#?}");
        }
    }

    #[test]
    fn each_write_is_recorded_for_its_own_request_if_requests_do_not_overlap(
        skew in -4_i64..=4, steps in steps(400_i64..1200, 0),
    ) {
        let mut world = World::after(skew, &steps);
        world.settle_all();
        for (number, id) in &world.accepted {
            let (status, recorded) = outcome(&world, *number);
            let is_claim = ["assigned", "revoked"].contains(&status);
            prop_assert_eq!(is_claim, id.is_some(), "{}: {:#?}", number, world);
            if is_claim {
                prop_assert_eq!(recorded, id.as_deref());
            }
        }
    }

    #[test]
    fn no_write_is_claimed_twice_or_for_a_request_that_was_not_at_work_then(
        skew in -4_i64..=4, steps in steps(0_i64..900, 6),
    ) {
        let mut world = World::after(skew, &steps);
        world.settle_all();
        for (id, rows) in claims(&world, "assigned") {
            prop_assert_eq!(rows.len(), 1, "{}: {:#?}", id, world);
            let created = at(world.moments[id]);
            let began = started(rows[0]) - Duration::seconds(5);
            prop_assert!(began <= created && created <= began + Duration::seconds(75));
        }
        for (id, rows) in claims(&world, "revoked") {
            prop_assert_eq!(rows.len(), 1, "{}: {:#?}", id, world);
            let was_removed_before = |by_hand: &i64| at(*by_hand) < started(rows[0]);
            prop_assert!(!world.removed_by_hand.get(id).is_some_and(was_removed_before));
        }
    }

    #[test]
    fn settling_again_changes_nothing(steps in steps(0_i64..900, 3)) {
        let mut world = World::after(0, &steps);
        world.settle_all();
        let rows = world.rows.clone();
        world.settle_all();
        prop_assert_eq!(rows, world.rows);
    }
}
