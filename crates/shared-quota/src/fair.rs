//! A fair division: small needs are met, and the others get equal parts of the rest.

/// A member of a division.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    /// What it needs.
    pub(crate) need: u32,
    /// Its name decides who gets more where the parts are not equal.
    pub(crate) name: &'a str,
}

/// Each member's part of `room`, in the order of the members. All instances that compute this from the same
/// members agree: together they use as much of `room` as is needed, and no more. More room makes no part
/// smaller.
pub(crate) fn parts(room: u32, members: &[Member<'_>]) -> Vec<u32> {
    let mut order: Vec<_> = members.iter().enumerate().collect();
    order.sort_unstable_by_key(|(_, member)| (member.need, member.name));
    let mut parts = vec![0; members.len()];
    let mut left = room;
    for (waiting, (index, member)) in (1..=order.len()).rev().zip(order) {
        let equal = u32::try_from(waiting).map_or(0, |waiting| left / waiting);
        let given = member.need.min(equal);
        left -= given;
        if let Some(part) = parts.get_mut(index) {
            *part = given;
        }
    }
    parts
}

/// The first member's part of a room that grows over time; `rooms` are its sizes. It takes what it needs of
/// `free` at once, because quota that waits for the others is lost if they ask too late. The growth is divided.
pub(crate) fn first_part(rooms: &[u32], free: u32, members: &[Member<'_>]) -> Vec<u32> {
    let at_once = rooms.first().copied().unwrap_or(0);
    let need = members.first().map_or(0, |member| member.need);
    let now = parts(at_once, members);
    let rest = members.iter().zip(&now);
    let rest = rest.map(|(member, part)| Member { need: member.need - part, ..*member });
    let rest: Vec<_> = rest.collect();
    let first = |parts: Vec<u32>| parts.first().copied().unwrap_or(0);
    let later = |room: &u32| first(parts(room.saturating_sub(at_once), &rest));
    let part = first(now).max(free.min(need));
    rooms.iter().map(|room| part.saturating_add(later(room)).min(need)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn members<'a>(needs: &[u32], names: &'a [String]) -> Vec<Member<'a>> {
        needs.iter().zip(names).map(|(need, name)| Member { need: *need, name }).collect()
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|name| name.to_string()).collect()
    }

    #[test]
    fn small_needs_are_met_and_the_others_share_the_rest() {
        let names = names(3);
        for (room, needs, expected) in [
            (200, [24, 224, 152], [24, 88, 88]),
            (100, [10, 20, 30], [10, 20, 30]),
            (8, [9, 9, 9], [2, 3, 3]),
            (0, [1, 1, 1], [0, 0, 0]),
        ] {
            assert_eq!(parts(room, &members(&needs, &names)), expected);
        }
    }

    #[test]
    fn what_can_be_used_at_once_is_not_kept_for_later() {
        let names = names(2);
        let needs = [100, 10];
        assert_eq!(first_part(&[10, 30, 50], 0, &members(&needs, &names)), [5, 20, 40]);
    }

    #[test]
    fn what_is_free_is_taken_at_once_and_only_the_growth_is_divided() {
        let names = names(3);
        let needs = [50, 100, 100];
        assert_eq!(first_part(&[40, 70, 100], 30, &members(&needs, &names)), [30, 40, 50]);
    }

    proptest! {
        #[test]
        fn all_of_the_room_is_given_and_more_room_takes_nothing_away(
            needs in vec(0_u32..50, 1..8), room in 0_u32..200,
        ) {
            let names = names(needs.len());
            let members = members(&needs, &names);
            let (these, more) = (parts(room, &members), parts(room + 1, &members));
            prop_assert_eq!(these.iter().sum::<u32>(), room.min(needs.iter().sum()));
            prop_assert!(these.iter().zip(&more).all(|(less, more)| less <= more));
        }
    }
}
