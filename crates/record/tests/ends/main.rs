//! The rules of ends, against a model of the world: a table with versions, one role of one principal at
//! Microsoft Graph, and invocations that interleave, die at any step and come again.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod action;
mod announced;
mod invocation;
mod promises;
mod rows;
mod sizes;
mod world;

use action::Action;
use invocation::Work;
use proptest::{collection::vec, prelude::*};
use world::World;

fn work() -> impl Strategy<Value = Work> {
    let end = prop_oneof![Just(None), (1_i64..200).prop_map(Some), (200_i64..5_000).prop_map(Some)];
    prop_oneof![
        6 => (end, proptest::bool::ANY, 0_u8..6)
            .prop_map(|(end, is_duration, message)| Work::Grant { end, is_duration, message }),
        1 => Just(Work::Revoke),
        2 => Just(Work::EndAssignments),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let advance = prop_oneof![Just(1_i64), Just(7), Just(40), Just(70), Just(400), Just(2_000)];
    prop_oneof![
        3 => work().prop_map(Action::Start),
        12 => (0_usize..4, any::<u8>()).prop_map(|(which, luck)| Action::Continue { which, luck }),
        1 => (0_usize..4).prop_map(Action::Kill),
        1 => (0_usize..8).prop_map(Action::Redeliver),
        2 => advance.prop_map(Action::Advance),
        1 => Just(Action::CreateByHand),
        1 => Just(Action::RemoveByHand),
        1 => Just(Action::Announce),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_end_is_forgotten_and_nothing_else_is_ended(
        actions in vec(action(), 1..70),
        comes_again in proptest::bool::ANY,
    ) {
        let mut world = World::default();
        for action in actions {
            world.act(action)?;
        }
        world.come_to_rest(comes_again)?;
    }
}
