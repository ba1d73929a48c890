//! One class's candidates, best first.

use std::collections::VecDeque;

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
    entries: VecDeque<Entry>,
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
        self.lane(merit).insert(Entry { merit, stamp, agent });
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

    fn lane(&mut self, merit: Merit) -> &mut Lane {
        // Each offer has a number of its own: a lane for each would hold one agent.
        let rank = if self.choice == Choice::RoundRobin {
            0
        } else {
            merit.value
        };
        let at = match self.lanes.iter().position(|lane| lane.rank >= rank) {
            Some(at) if self.lanes[at].rank == rank => at,
            _ if self.lanes.len() >= KEPT_LANES => {
                self.lanes.retain(|lane| !lane.entries.is_empty());
                self.open(rank)
            }
            _ => self.open(rank),
        };
        &mut self.lanes[at]
    }

    fn open(&mut self, rank: i64) -> usize {
        let at = self.lanes.partition_point(|lane| lane.rank < rank);
        let entries = VecDeque::new();
        self.lanes.insert(at, Lane { rank, entries });
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
            for entry in &lane.entries {
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
            lane.entries.retain(&stands);
        }
        self.entries = self.lanes.iter().map(|lane| lane.entries.len()).sum();
    }
}

impl Lane {
    /// From the end, where nearly all belong.
    fn insert(&mut self, entry: Entry) {
        if self.entries.back().is_none_or(|last| last.merit <= entry.merit) {
            return self.entries.push_back(entry);
        }
        let after = self.entries.iter().rposition(|other| other.merit <= entry.merit);
        self.entries.insert(after.map_or(0, |at| at + 1), entry);
    }

    /// Drops what is outdated at the front, and says how much that was.
    fn drop_front(&mut self, stands: impl Fn(&Entry) -> bool) -> usize {
        let mut dropped = 0;
        while self.entries.pop_front_if(|entry| !stands(entry)).is_some() {
            dropped += 1;
        }
        dropped
    }
}
