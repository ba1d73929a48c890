//! One class's candidates, best first.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tandem_domain::desk::Choice;

use crate::agents::AgentIx;
use crate::choice::{Form, Merit, value};
use crate::desk::DemandIx;

/// One class's candidates. Entries that are outdated stay until they are met at the front, or until they are most.
#[derive(Debug)]
pub(super) struct Shortlist {
    choice: Choice,
    demand: DemandIx,
    /// What is said of agents for as long as the desk file is in force; nothing for choices that go by the moment.
    standing: FxHashMap<AgentIx, i64>,
    /// By rank. Most agents of a lane come to it in the order in which they are chosen.
    lanes: Vec<Lane>,
    /// Entries that are not outdated.
    count: u32,
    entries: usize,
    /// How much was done to it since it was asked.
    changes: usize,
    /// How much may be.
    patience: usize,
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
    pub(super) fn new(choice: Choice, demand: DemandIx, patience: usize) -> Self {
        Self {
            choice,
            demand,
            standing: FxHashMap::default(),
            lanes: Vec::new(),
            count: 0,
            entries: 0,
            changes: 0,
            patience,
        }
    }

    pub(super) fn demand(&self) -> DemandIx {
        self.demand
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The agent may come, and this is what is said of him or her.
    pub(super) fn expect(&mut self, agent: AgentIx, standing: i64) {
        if standing != 0 {
            self.standing.insert(agent, standing);
        }
    }

    pub(super) fn add(&mut self, agent: AgentIx, form: &Form, order: u32, stamp: u32) {
        let standing = if self.standing.is_empty() {
            0
        } else {
            self.standing.get(&agent).copied().unwrap_or(0)
        };
        let merit = Merit {
            value: value(self.choice, form, standing),
            idle_since: form.idle_since,
            order,
        };
        self.lane(merit).insert(Entry { merit, stamp, agent });
        self.count += 1;
        self.entries += 1;
        self.changes += 1;
    }

    /// One of the entries is not true any more.
    pub(super) fn outdate(&mut self) {
        self.count -= 1;
        self.changes += 1;
    }

    /// Whether it was changed much more than it was asked.
    pub(super) fn is_neglected(&self) -> bool {
        self.changes > self.patience + 4 * self.count as usize
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

    /// The best `most` for whom `willing` holds, of those entries for which `stands` holds.
    pub(super) fn best(
        &mut self,
        most: usize,
        stands: impl Fn(AgentIx, u32) -> bool,
        willing: impl Fn(AgentIx) -> bool,
    ) -> Vec<AgentIx> {
        self.changes = 0;
        if self.entries > 4 * self.count as usize + 64 {
            self.drop_outdated(&stands);
        }
        let mut best = Vec::with_capacity(most.min(self.count as usize));
        for lane in &mut self.lanes {
            self.entries -= lane.drop_front(&stands);
            let standing = lane.entries.iter().filter(|entry| stands(entry.agent, entry.stamp));
            let willing = standing.map(|entry| entry.agent).filter(|agent| willing(*agent));
            best.extend(willing.take(most - best.len()));
            if best.len() == most {
                break;
            }
        }
        best
    }

    fn drop_outdated(&mut self, stands: &impl Fn(AgentIx, u32) -> bool) {
        for lane in &mut self.lanes {
            lane.entries.retain(|entry| stands(entry.agent, entry.stamp));
        }
        self.entries = self.count as usize;
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
    fn drop_front(&mut self, stands: &impl Fn(AgentIx, u32) -> bool) -> usize {
        let mut dropped = 0;
        while self
            .entries
            .pop_front_if(|entry| !stands(entry.agent, entry.stamp))
            .is_some()
        {
            dropped += 1;
        }
        dropped
    }
}
