//! Two requests for one role, and assignments that others made.

use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::Value;
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    ends::end_world::{hours, read_for, revoke, world},
    world::{World, statuses},
};

/// The number of worlds at once.
const AT_ONCE: usize = 4;

/// What happens before the end passes.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A request for the role, which ends in this many hours or not at all.
    Ask(Option<i64>),
    Revoke,
    CreateByHand,
    RemoveByHand,
}
use Event::{Ask, CreateByHand, RemoveByHand, Revoke};

impl Event {
    async fn happen(self, world: &World) -> Option<Value> {
        match self {
            Ask(hours) => Some(world.result_of(&read_for(hours)).await),
            Revoke => Some(world.result_of(&revoke()).await),
            CreateByHand => {
                world.create_by_hand();
                None
            }
            RemoveByHand => {
                world.remove_by_hand();
                None
            }
        }
    }
}

/// Events, the status and the hours of the last answer, and whether the role is held at the end.
type Story = (&'static [Event], (&'static str, Option<i64>), bool);

/// Stories, with the status and the hours in the last answer, and whether the role is held after all ends
/// have passed.
const STORIES: [Story; 16] = [
    (&[Ask(Some(8))], ("assigned", Some(8)), false),
    (&[Ask(Some(8)), Ask(Some(24))], ("alreadyAssigned", Some(24)), false),
    (&[Ask(Some(24)), Ask(Some(8))], ("alreadyAssigned", Some(24)), false),
    (&[Ask(Some(8)), Ask(None)], ("alreadyAssigned", None), true),
    (&[Ask(Some(8)), Ask(None), Ask(Some(9))], ("alreadyAssigned", None), true),
    (&[Ask(None), Ask(Some(8))], ("alreadyAssigned", None), true),
    (&[CreateByHand, Ask(Some(8))], ("alreadyAssigned", None), true),
    (&[CreateByHand, Ask(None)], ("alreadyAssigned", None), true),
    (&[Ask(Some(8)), Revoke], ("revoked", None), false),
    (&[Ask(Some(8)), Revoke, Ask(None)], ("assigned", None), true),
    (&[Ask(Some(8)), Revoke, Ask(Some(24))], ("assigned", Some(24)), false),
    (&[Ask(Some(8)), Revoke, CreateByHand, Ask(Some(24))], ("alreadyAssigned", None), true),
    (&[Ask(Some(8)), RemoveByHand, CreateByHand, Ask(Some(24))], ("alreadyAssigned", None), true),
    (&[Ask(Some(8)), RemoveByHand, Ask(Some(24))], ("assigned", Some(24)), false),
    (&[Ask(Some(24)), RemoveByHand, Ask(Some(8))], ("assigned", Some(8)), false),
    (&[Ask(Some(8)), RemoveByHand, Ask(None)], ("assigned", None), true),
];

#[tokio::test]
async fn the_later_end_wins_and_what_others_made_or_what_may_stay_never_ends() {
    let stories = stream::iter(STORIES);
    let story = async |(events, (status, expected), is_held): Story| {
        let world = world().await;
        let mut result = None;
        for event in events {
            result = event.happen(&world).await.or(result);
        }
        let result = result.unwrap();
        assert_eq!(statuses(&result), [status], "{events:?}: {result}");
        assert_eq!(hours(&result), expected, "{events:?}: {result}");
        world.end_all().await;
        assert_eq!(world.held().is_some(), is_held, "{events:?}");
        assert!(world.end_rows().await.is_empty(), "{events:?}");
        world.assert_on_record().await;
    };
    stories.for_each_concurrent(AT_ONCE, story).await;
}

#[tokio::test]
async fn what_was_removed_and_made_again_by_hand_stays() {
    let stories = [&[RemoveByHand][..], &[RemoveByHand, CreateByHand], &[Revoke, CreateByHand]];
    join_all(stories.map(async |events| {
        let world = world().await;
        Ask(Some(8)).happen(&world).await;
        for event in events {
            event.happen(&world).await;
        }
        let held = world.held();
        let had_end = !world.end_rows().await.is_empty();
        world.end_all().await;
        assert_eq!(world.held().map(|one| one.id), held.map(|one| one.id), "{events:?}");
        assert!(world.end_rows().await.is_empty());
        if had_end {
            world.event("end.not_held").await;
        }
        world.assert_on_record().await;
    }))
    .await;
}

#[tokio::test]
async fn an_extension_is_logged_and_so_is_an_end_that_is_dropped() {
    for next in [Ask(Some(24)), Ask(None), Revoke] {
        let world = world().await;
        Ask(Some(8)).happen(&world).await;
        let result = next.happen(&world).await.unwrap();
        let line = match result["roles"][0]["endDateTime"].as_str() {
            Some(end) => world.log_line(&format!(r#""end_date_time":"{end}""#)).await,
            None => world.event("end.dropped").await.to_string(),
        };
        for id in [ORDERS_IDENTITY, ORDERS_API, ORDERS_READ] {
            assert!(line.contains(id), "{line}");
        }
    }
}
