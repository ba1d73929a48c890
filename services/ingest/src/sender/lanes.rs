//! Rows on their way, desk by desk, so that one desk's trouble does not hold another's messages up. A desk that answers
//! is sent a few batches at once; one that does not, one.

use std::collections::{BTreeMap, VecDeque};

use tandem_domain::DeskId;
use tandem_store::Claimed;

/// Rows that travel together.
const BATCH: usize = 256;
/// Batches of one desk that are under way at most. They arrive in order.
const AT_ONCE: usize = 4;
/// Rows of one desk that wait here while it is slow; more stay in the outbox.
const WAITING: usize = 512;
/// Rows of all desks that wait here.
const WAITING_OF_ALL: usize = 2048;

/// Rows on their way.
#[derive(Default)]
pub(super) struct Lanes {
    desks: BTreeMap<DeskId, Lane>,
    waiting: usize,
}

struct Lane {
    waiting: VecDeque<Claimed>,
    under_way: usize,
    /// Grows with each batch that arrives, and begins anew with one that does not.
    at_once: usize,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            under_way: 0,
            at_once: 1,
        }
    }
}

impl Lanes {
    /// Whether more rows should be taken up.
    pub(super) fn have_room(&self) -> bool {
        self.waiting < WAITING_OF_ALL
    }

    /// Whether the desk is too slow for more rows to be taken up.
    pub(super) fn is_full(&self, desk: &DeskId) -> bool {
        self.desks.get(desk).is_some_and(|lane| lane.waiting.len() >= WAITING)
    }

    pub(super) fn push(&mut self, row: Claimed) {
        self.waiting += 1;
        self.desks.entry(row.desk.clone()).or_default().waiting.push_back(row);
    }

    /// The next batches, which are under way from now on.
    pub(super) fn next(&mut self) -> Vec<(DeskId, Vec<Claimed>)> {
        let mut batches = Vec::new();
        for (desk, lane) in &mut self.desks {
            while !lane.waiting.is_empty() && lane.under_way < lane.at_once {
                let size = lane.waiting.len().min(BATCH);
                batches.push((desk.clone(), lane.waiting.drain(..size).collect()));
                lane.under_way += 1;
                self.waiting -= size;
            }
        }
        batches
    }

    /// A batch is through. Whether it `arrived`: the desk's owner has answered for each of its rows.
    pub(super) fn ended(&mut self, desk: &DeskId, arrived: bool) {
        let Some(lane) = self.desks.get_mut(desk) else { return };
        lane.under_way -= 1;
        lane.at_once = if arrived { AT_ONCE.min(lane.at_once + 1) } else { 1 };
    }

    /// What is not under way yet.
    pub(super) fn take_waiting(&mut self) -> Vec<Claimed> {
        self.waiting = 0;
        let lanes = self.desks.values_mut();
        lanes.flat_map(|lane| std::mem::take(&mut lane.waiting)).collect()
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::{ConversationId, MessageId};

    use super::*;

    fn row(desk: &str, number: u128) -> Claimed {
        let id = uuid::Uuid::from_u128(number);
        Claimed {
            desk: desk.parse().unwrap(),
            id: MessageId(id),
            conversation: ConversationId(id),
            outbox: bytes::Bytes::new(),
            trace: String::new(),
            attempts: 1,
        }
    }

    fn sizes(lanes: &mut Lanes) -> Vec<(String, usize)> {
        let batches = lanes.next().into_iter();
        batches.map(|(desk, rows)| (desk.to_string(), rows.len())).collect()
    }

    #[test]
    fn a_desk_that_does_not_answer_is_not_asked_twice_at_once() {
        let mut lanes = Lanes::default();
        lanes.push(row("acme", 1));
        lanes.push(row("globex", 2));
        assert_eq!(sizes(&mut lanes), [("acme".into(), 1), ("globex".into(), 1)]);
        lanes.push(row("acme", 3));
        lanes.ended(&"globex".parse().unwrap(), true);
        lanes.push(row("globex", 4));
        assert_eq!(sizes(&mut lanes), [("globex".into(), 1)]);
    }

    #[test]
    fn a_desk_that_answers_is_sent_more_at_once_until_it_does_not() {
        let (mut lanes, acme) = (Lanes::default(), "acme".parse().unwrap());
        let burst = |lanes: &mut Lanes| (0..2000).for_each(|number| lanes.push(row("acme", number)));
        burst(&mut lanes);
        let mut under_way = lanes.next().len();
        for expected in [2, 3, 4, 4] {
            lanes.ended(&acme, true);
            under_way += lanes.next().len();
            under_way -= 1;
            assert_eq!(under_way, expected);
        }
        for _ in 0..under_way {
            lanes.ended(&acme, false);
        }
        burst(&mut lanes);
        assert_eq!(lanes.next().len(), 1);
    }

    #[test]
    fn what_waits_is_bounded_for_each_desk_and_for_all() {
        let (mut lanes, acme) = (Lanes::default(), "acme".parse().unwrap());
        (0..WAITING as u128).for_each(|number| lanes.push(row("acme", number)));
        assert!(lanes.is_full(&acme) && lanes.have_room());
        (0..WAITING_OF_ALL as u128).for_each(|number| lanes.push(row("globex", number)));
        assert!(!lanes.have_room());
        assert_eq!(lanes.take_waiting().len(), WAITING + WAITING_OF_ALL);
        assert!(lanes.have_room() && !lanes.is_full(&acme));
    }
}
