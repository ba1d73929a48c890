//! One class's candidates, best first.

use tandem_domain::desk::Choice;

use super::{ADDED, Candidate};
use crate::agents::AgentIx;
use crate::choice::Merit;

/// One class's candidates. Entries that are outdated stay until they are met at the front, or until they are most.
#[derive(Debug)]
pub(super) struct Shortlist {
    choice: Choice,
    /// By rank. Most agents of a lane come to it in the order in which they are chosen.
    lanes: Vec<Lane>,
    entries: usize,
    /// What it may still cost before it is given up: what making it cost, less what it has cost since, and what it has saved.
    credit: usize,
    most_credit: usize,
}

#[derive(Debug)]
struct Lane {
    rank: i64,
    /// In order.
    entries: Vec<Entry>,
    /// So many at the front were dropped.
    dropped: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    merit: Merit,
    stamp: u32,
    agent: AgentIx,
}

/// More empty lanes than these are not kept for later.
const KEPT_LANES: usize = 16;

impl Shortlist {
    pub(super) fn new(choice: Choice, credit: usize) -> Self {
        Self {
            choice,
            lanes: Vec::new(),
            entries: 0,
            credit,
            most_credit: credit,
        }
    }

    pub(super) fn choice(&self) -> Choice {
        self.choice
    }

    pub(super) fn add(&mut self, agent: AgentIx, merit: Merit, stamp: u32) {
        // Each offer has a number of its own: a lane for each would hold one agent.
        let rank = if self.choice == Choice::RoundRobin {
            0
        } else {
            merit.value
        };
        let entry = Entry { merit, stamp, agent };
        match self.lanes.first_mut() {
            Some(first) if first.rank == rank => first.insert(entry),
            _ => self.lane(rank).insert(entry),
        }
        self.entries += 1;
        self.credit = self.credit.saturating_sub(ADDED);
    }

    /// It has saved a look at so much.
    pub(super) fn asked(&mut self, saved: usize) {
        self.credit = (self.credit + saved).min(self.most_credit);
    }

    /// Whether it was not changed much more than it was asked.
    pub(super) fn is_worth_it(&self) -> bool {
        self.credit > 0
    }

    fn lane(&mut self, rank: i64) -> &mut Lane {
        let at = match self.lanes.binary_search_by_key(&rank, |lane| lane.rank) {
            Ok(at) => at,
            Err(at) if self.lanes.len() < KEPT_LANES => self.open(at, rank),
            Err(_) => {
                self.lanes.retain(|lane| !lane.standing().is_empty());
                self.open(self.lanes.partition_point(|lane| lane.rank < rank), rank)
            }
        };
        &mut self.lanes[at]
    }

    fn open(&mut self, at: usize, rank: i64) -> usize {
        let lane = Lane {
            rank,
            entries: Vec::new(),
            dropped: 0,
        };
        self.lanes.insert(at, lane);
        at
    }

    /// Puts the best `most` for whom `willing` holds into `best`, of those entries for which `stands` holds; there are `free`.
    pub(super) fn best(
        &mut self,
        most: usize,
        free: u32,
        stands: impl Fn(AgentIx, u32) -> bool,
        willing: impl Fn(AgentIx) -> bool,
        best: &mut Vec<Candidate>,
    ) {
        let stands = |entry: &Entry| stands(entry.agent, entry.stamp);
        if self.entries > 4 * free as usize + 64 {
            self.drop_outdated(stands);
        }
        for lane in &mut self.lanes {
            self.entries -= lane.drop_front(stands);
            for entry in lane.standing() {
                if best.len() == most {
                    return;
                }
                if stands(entry) && willing(entry.agent) {
                    best.push(Candidate {
                        merit: entry.merit,
                        agent: entry.agent,
                    });
                }
            }
        }
    }

    fn drop_outdated(&mut self, stands: impl Fn(&Entry) -> bool) {
        for lane in &mut self.lanes {
            lane.entries.drain(..lane.dropped);
            lane.dropped = 0;
            lane.entries.retain(&stands);
        }
        self.entries = self.lanes.iter().map(|lane| lane.entries.len()).sum();
    }
}

impl Lane {
    fn standing(&self) -> &[Entry] {
        &self.entries[self.dropped..]
    }

    /// From the end, where nearly all belong.
    fn insert(&mut self, entry: Entry) {
        if self.standing().last().is_none_or(|last| last.merit <= entry.merit) {
            return self.entries.push(entry);
        }
        let after = self.standing().iter().rposition(|other| other.merit <= entry.merit);
        self.entries.insert(self.dropped + after.map_or(0, |at| at + 1), entry);
    }

    /// Drops what is outdated at the front, and says how much that was.
    fn drop_front(&mut self, stands: impl Fn(&Entry) -> bool) -> usize {
        let entries = self.standing().iter();
        let dropped = entries.take_while(|entry| !stands(entry)).count();
        self.dropped += dropped;
        // Moving the others up costs no more than they were, and makes as much room again.
        if self.dropped > 2 * self.standing().len() + 8 {
            self.entries.drain(..self.dropped);
            self.dropped = 0;
        }
        dropped
    }
}
