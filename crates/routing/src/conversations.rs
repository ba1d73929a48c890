//! Which ticket a conversation is on. Millions may wait, so conversations are not kept here once more: an entry is a ticket's
//! number and a mark of the conversation, and the ticket says whether it is the right one.

use tandem_domain::{ConversationId, TicketId};

/// Tickets by their conversations, one entry for each conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    /// A mark above a ticket's number, or [`FREE`]. An entry lies where its mark points to, or in the next place that is free.
    entries: Vec<u64>,
    used: usize,
}

/// Tickets are counted from 1.
const FREE: u64 = 0;
/// A million tickets a day need as many numbers in 188 years.
const NUMBER_BITS: u32 = 36;
/// The highest number that a ticket may have.
pub(crate) const LAST_TICKET: u64 = (1 << NUMBER_BITS) - 1;
const MARK_BITS: u32 = u64::BITS - NUMBER_BITS;
const LEAST: usize = 64;

fn entry(conversation: ConversationId, ticket: TicketId) -> u64 {
    assert!(
        ticket.0 != FREE && ticket.0 <= LAST_TICKET,
        "a ticket's number takes 36 bits"
    );
    mark(conversation) << NUMBER_BITS | ticket.0
}

/// Parts of an id may be times: all of it goes into each bit of the mark.
fn mark(conversation: ConversationId) -> u64 {
    let (high, low) = conversation.0.as_u64_pair();
    let mixed = (high ^ low.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29) ^ low).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed >> NUMBER_BITS
}

impl Conversations {
    /// The conversation's ticket: `is` says whether it is on this one.
    pub(crate) fn find(&self, conversation: ConversationId, is: impl Fn(TicketId) -> bool) -> Option<TicketId> {
        if self.used == 0 {
            return None;
        }
        let mark = mark(conversation);
        let mut at = self.home(mark);
        while self.entries[at] != FREE {
            let entry = self.entries[at];
            let ticket = TicketId(entry & LAST_TICKET);
            if entry >> NUMBER_BITS == mark && is(ticket) {
                return Some(ticket);
            }
            at = self.after(at);
        }
        None
    }

    /// The conversation is on this ticket from now on; it is on no other one.
    pub(crate) fn insert(&mut self, conversation: ConversationId, ticket: TicketId) {
        if self.used * 4 >= self.entries.len() * 3 {
            self.grow();
        }
        self.put(entry(conversation, ticket));
        self.used += 1;
    }

    /// The conversation is on this ticket no more.
    pub(crate) fn remove(&mut self, conversation: ConversationId, ticket: TicketId) {
        let entry = entry(conversation, ticket);
        if self.used == 0 {
            return;
        }
        let mut at = self.home(entry >> NUMBER_BITS);
        while self.entries[at] != entry {
            if self.entries[at] == FREE {
                return;
            }
            at = self.after(at);
        }
        self.used -= 1;
        self.close_gap(at);
    }

    /// Moves up what would not be found behind a free place.
    fn close_gap(&mut self, mut gap: usize) {
        let mut at = self.after(gap);
        while self.entries[at] != FREE {
            let home = self.home(self.entries[at] >> NUMBER_BITS);
            if self.distance(home, at) >= self.distance(gap, at) {
                self.entries[gap] = self.entries[at];
                gap = at;
            }
            at = self.after(at);
        }
        self.entries[gap] = FREE;
    }

    fn put(&mut self, entry: u64) {
        let mut at = self.home(entry >> NUMBER_BITS);
        while self.entries[at] != FREE {
            at = self.after(at);
        }
        self.entries[at] = entry;
    }

    fn grow(&mut self) {
        let room = LEAST.max(self.entries.len() * 2);
        let entries = std::mem::replace(&mut self.entries, vec![FREE; room]);
        entries
            .into_iter()
            .filter(|entry| *entry != FREE)
            .for_each(|entry| self.put(entry));
    }

    /// Where entries with this mark begin: marks are spread evenly over the places.
    fn home(&self, mark: u64) -> usize {
        let place = (u128::from(mark) * self.entries.len() as u128) >> MARK_BITS;
        usize::try_from(place).expect("below the length")
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.entries.len() { 0 } else { at + 1 }
    }

    /// How many steps from one place on to the other.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from {
            to - from
        } else {
            to + self.entries.len() - from
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn conversation(number: u64) -> ConversationId {
        ConversationId(Uuid::from_u128(number.into()))
    }

    proptest! {
        #[test]
        fn is_as_a_map(steps in prop::collection::vec((any::<bool>(), 0..300u64), 0..900)) {
            let (mut conversations, mut map, mut last) = (Conversations::default(), BTreeMap::new(), 0);
            for (joins, number) in steps {
                let id = conversation(number);
                if let Some(ticket) = map.remove(&number) {
                    conversations.remove(id, ticket);
                }
                if joins {
                    last += 1;
                    conversations.insert(id, TicketId(last));
                    map.insert(number, TicketId(last));
                }
                prop_assert_eq!(conversations.used, map.len());
            }
            for number in 0..300 {
                let known = map.get(&number).copied();
                let found = conversations.find(conversation(number), |ticket| known == Some(ticket));
                prop_assert_eq!(found, known);
            }
        }
    }

    #[test]
    fn marks_of_ids_that_follow_each_other_are_spread() {
        let mut conversations = Conversations::default();
        for number in 1..=100_000 {
            conversations.insert(
                ConversationId(Uuid::from_u128(u128::from(number) << 80 | u128::from(number))),
                TicketId(number),
            );
        }
        let homes = conversations
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| **entry != FREE);
        let steps: usize = homes
            .map(|(at, entry)| conversations.distance(conversations.home(entry >> NUMBER_BITS), at))
            .sum();
        assert!(steps < 300_000, "{steps} steps to find all of 100 000");
    }
}
