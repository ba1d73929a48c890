//! Which of the waiting writes go into the next transaction.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Waiting items by lane. Each lane keeps its order, and all lanes take turns, so that a busy desk cannot
/// hold up the others.
pub(super) struct FairQueue<L, T> {
    lanes: HashMap<L, VecDeque<T>>,
    turns: VecDeque<L>,
    len: usize,
}

/// How much goes into one transaction.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) items: usize,
    /// In bytes; one item goes even if it alone is heavier.
    pub(super) weight: usize,
}

impl<L: Clone + Eq + Hash, T> FairQueue<L, T> {
    pub(super) fn new() -> Self {
        Self {
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, lane: L, item: T) {
        self.len += 1;
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.push_back(item);
            return;
        }
        self.lanes.insert(lane.clone(), VecDeque::from([item]));
        self.turns.push_back(lane);
    }

    /// The next group: one item per lane and turn, until a bound is reached. The lanes that were
    /// not reached come first next time.
    pub(super) fn take_group(&mut self, bounds: Bounds, weight_of: impl Fn(&T) -> usize) -> Vec<T> {
        let mut group = Vec::new();
        let mut weight = 0;
        while group.len() < bounds.items && weight < bounds.weight {
            let Some(item) = self.take_one() else { break };
            weight += weight_of(&item);
            group.push(item);
        }
        group
    }

    fn take_one(&mut self) -> Option<T> {
        let lane = self.turns.pop_front()?;
        let waiting = self.lanes.get_mut(&lane)?;
        let item = waiting.pop_front()?;
        self.len -= 1;
        if waiting.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Bounds = Bounds {
        items: 100,
        weight: 100,
    };

    fn queue(items: &[(&str, u32)]) -> FairQueue<String, u32> {
        let mut queue = FairQueue::new();
        for (lane, item) in items {
            queue.push((*lane).to_owned(), *item);
        }
        queue
    }

    #[test]
    fn lanes_take_turns_and_keep_their_order() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("a", 3), ("b", 10), ("c", 20), ("b", 11)]);
        assert_eq!(queue.take_group(WIDE, |_| 1), [1, 10, 20, 2, 11, 3]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_group_is_bounded_and_the_next_one_begins_with_who_was_not_reached() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("b", 10), ("c", 20)]);
        let bounds = Bounds { items: 2, ..WIDE };
        assert_eq!(queue.take_group(bounds, |_| 1), [1, 10]);
        assert_eq!(queue.take_group(bounds, |_| 1), [20, 2]);
    }

    #[test]
    fn a_heavy_item_ends_its_group_but_goes() {
        let mut queue = queue(&[("a", 500), ("b", 1)]);
        let weight = |item: &u32| usize::try_from(*item).unwrap();
        assert_eq!(queue.take_group(WIDE, weight), [500]);
        assert_eq!(queue.take_group(WIDE, weight), [1]);
        assert!(queue.take_group(WIDE, weight).is_empty());
    }
}
