//! Items that are taken in turn from several groups.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// Items in groups. They are taken in turn: the oldest item of one group, then that of the next.
///
/// Only groups with items take part. A group that gets its first item is placed behind all others, except
/// that the one that was served last is always behind the rest. So an item at the head of its group is
/// taken after at most one item of each other group.
#[derive(Debug)]
pub(crate) struct RoundRobin<G, T> {
    /// The items of each group, oldest first. No group is empty.
    groups: HashMap<G, VecDeque<(Ticket, T)>>,
    /// The groups, the next one first.
    order: VecDeque<G>,
    /// The group that was served last.
    served: Option<G>,
    last: Ticket,
}

/// The number of an item. Later items have larger ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Ticket(u64);

impl<G, T> Default for RoundRobin<G, T> {
    fn default() -> Self {
        Self {
            groups: HashMap::new(),
            order: VecDeque::new(),
            served: None,
            last: Ticket::default(),
        }
    }
}

impl<G: Clone + Eq + Hash, T> RoundRobin<G, T> {
    /// Adds an item to a group.
    pub(crate) fn push(&mut self, group: &G, item: T) -> Ticket {
        self.last = Ticket(self.last.0 + 1);
        match self.groups.get_mut(group) {
            Some(items) => items.push_back((self.last, item)),
            None => {
                self.groups.insert(group.clone(), VecDeque::from([(self.last, item)]));
                self.order.push_back(group.clone());
            }
        }
        self.last
    }

    /// Whether there is no item.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Notes that a group was served without an item, because there was none.
    pub(crate) fn served(&mut self, group: &G) {
        self.served = Some(group.clone());
    }

    /// The next item.
    pub(crate) fn next(&mut self) -> Option<&T> {
        if self.order.front() == self.served.as_ref() {
            // It may have got new items before the others got any.
            self.order.rotate_left(usize::from(!self.order.is_empty()));
        }
        let items = self.groups.get(self.order.front()?)?;
        items.front().map(|(_, item)| item)
    }

    /// Takes the next item, and moves its group behind the others.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.next()?;
        let group = self.order.pop_front()?;
        self.served = Some(group.clone());
        let items = self.groups.get_mut(&group)?;
        let taken = items.pop_front();
        if items.is_empty() {
            self.groups.remove(&group);
        } else {
            self.order.push_back(group);
        }
        taken.map(|(_, item)| item)
    }

    /// Removes an item that has not been taken; `None` if it has. The order of the others does not change.
    pub(crate) fn remove(&mut self, group: &G, ticket: Ticket) -> Option<T> {
        let items = self.groups.get_mut(group)?;
        let position = items.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        let removed = items.remove(position);
        if items.is_empty() {
            self.groups.remove(group);
            self.order.retain(|other| other != group);
        }
        removed.map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_group_with_many_items_delays_the_items_of_another_by_one_each() {
        let mut turns = RoundRobin::default();
        for item in 0..100 {
            turns.push(&"many", ("many", item));
        }
        for item in 0..3 {
            turns.push(&"few", ("few", item));
        }
        let taken: Vec<_> = std::iter::from_fn(|| turns.pop()).take(7).collect();
        let expected = [
            ("many", 0),
            ("few", 0),
            ("many", 1),
            ("few", 1),
            ("many", 2),
            ("few", 2),
            ("many", 3),
        ];
        assert_eq!(taken, expected);
    }

    /// What happens to the items.
    #[derive(Debug, Clone)]
    enum Event {
        Push(u8),
        Pop,
        /// Removes one of the items that are there.
        Remove(prop::sample::Index),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            3 => (0_u8..5).prop_map(Event::Push),
            2 => Just(Event::Pop),
            1 => any::<prop::sample::Index>().prop_map(Event::Remove),
        ]
    }

    /// An item in the model.
    #[derive(Debug)]
    struct Waiting {
        group: u8,
        number: usize,
        ticket: Ticket,
        /// The number of items of each group that were taken while this one was the first of its group.
        overtaken_by: HashMap<u8, usize>,
    }

    proptest! {
        #[test]
        fn items_of_a_group_keep_their_order_and_the_first_waits_for_one_of_each_other_group(
            events in prop::collection::vec(event(), 0..200)
        ) {
            let mut turns = RoundRobin::default();
            let mut model: Vec<Waiting> = Vec::new();
            for (number, event) in events.into_iter().enumerate() {
                match event {
                    Event::Push(group) => {
                        let ticket = turns.push(&group, number);
                        model.push(Waiting { group, number, ticket, overtaken_by: HashMap::new() });
                    }
                    Event::Remove(index) => {
                        if !model.is_empty() {
                            let gone = model.remove(index.index(model.len()));
                            prop_assert_eq!(turns.remove(&gone.group, gone.ticket), Some(gone.number));
                            prop_assert_eq!(turns.remove(&gone.group, gone.ticket), None);
                        }
                    }
                    Event::Pop => {
                        let taken = turns.pop();
                        let position = model.iter().position(|one| Some(one.number) == taken);
                        // Something is taken as long as there is something.
                        prop_assert_eq!(position.is_none(), model.is_empty());
                        let Some(position) = position else { continue };
                        let taken = model.remove(position);
                        let is_first = model.iter().all(|one| {
                            one.group != taken.group || one.number > taken.number
                        });
                        prop_assert!(is_first, "an older item of the group was passed over");
                        let mut seen = Vec::new();
                        for one in &mut model {
                            if !seen.contains(&one.group) && one.group != taken.group {
                                let count = one.overtaken_by.entry(taken.group).or_default();
                                *count += 1;
                                prop_assert!(*count <= 1, "a group was served twice before another");
                            }
                            seen.push(one.group);
                        }
                    }
                }
            }
        }
    }
}
