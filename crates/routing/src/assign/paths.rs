//! Shortest paths along which one more ticket is served.
//!
//! A path leads from the ticket to an agent, from there to a ticket that the agent would give away, from there to
//! another agent, and so on, to somebody with room. Each agent has a price (never above zero: what the room there is worth
//! to the tickets that have it), which keeps all pairs at least as dear as those in use; so Dijkstra's method finds the
//! cheapest path, and changing hands along it leaves a matching of least cost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Batch, Matching, Pair};

/// The work limit was reached.
pub(super) struct Exhausted;

/// How a search found its way to an agent.
#[derive(Clone, Copy, Debug, Default)]
struct Label {
    /// The search that set it: labels of earlier ones are void.
    search: u32,
    distance: i64,
    /// The ticket from which the agent was reached.
    from: usize,
    /// What that ticket costs there.
    cost: u32,
    settled: bool,
}

/// Where a search ends, at which distance.
enum End {
    /// At somebody with room.
    Room(usize, i64),
    /// Nobody has room: this ticket of the same rank is not served, so that the others are served at less cost.
    Release(usize, i64),
}

pub(super) struct Search<'a> {
    batch: &'a Batch,
    work: u64,
    /// Dearer than any path: what it costs to leave a ticket of the rank at hand unserved.
    unserved: i64,
    served: Vec<Option<Pair>>,
    /// Per agent: the tickets served.
    held: Vec<Vec<usize>>,
    prices: Vec<i64>,
    labels: Vec<Label>,
    searches: u32,
    /// The distance at which this search has found room so far; farther ways need no look.
    nearest_room: i64,
    settled: Vec<usize>,
    heap: BinaryHeap<Reverse<(i64, bool, usize)>>,
    /// Whence nobody with room can be reached any more, whatever later ranks do.
    closed: Vec<bool>,
    closing: Vec<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(batch: &'a Batch, limit: u64) -> Self {
        let agents = batch.slots.len();
        let dearest = batch.pairs.iter().map(|pair| i64::from(pair.cost)).max().unwrap_or(0) + 1;
        let longest = i64::try_from(batch.tickets()).expect("fewer than 2^63 tickets") + 1;
        Self {
            batch,
            work: limit,
            unserved: 4 * dearest * longest,
            served: vec![None; batch.tickets()],
            nearest_room: i64::MAX,
            held: vec![Vec::new(); agents],
            prices: vec![0; agents],
            labels: vec![Label::default(); agents],
            searches: 0,
            settled: Vec::new(),
            heap: BinaryHeap::new(),
            closed: vec![false; agents],
            closing: Vec::new(),
        }
    }

    /// Serves one more ticket if that is possible, else chooses which of its rank is not served.
    pub(super) fn serve(&mut self, ticket: usize) -> Result<(), Exhausted> {
        self.searches += 1;
        self.heap.clear();
        self.settled.clear();
        self.nearest_room = i64::MAX;
        match self.find(ticket)? {
            End::Room(agent, distance) => {
                self.reprice(distance);
                self.hand_over(agent);
            }
            End::Release(released, distance) => {
                self.closing.extend(&self.settled);
                self.reprice(distance);
                if let Some(Pair { agent, .. }) = self.served[released].take() {
                    self.held[agent].retain(|held| *held != released);
                    self.hand_over(agent);
                }
            }
        }
        Ok(())
    }

    /// All tickets of a rank were looked at: who cannot be served stays unserved.
    pub(super) fn end_rank(&mut self) {
        for agent in self.closing.drain(..) {
            self.closed[agent] = true;
        }
    }

    pub(super) fn into_matching(self) -> Matching {
        Matching {
            agents: self.served.into_iter().map(|pair| Some(pair?.agent)).collect(),
            solved: true,
        }
    }

    fn find(&mut self, ticket: usize) -> Result<End, Exhausted> {
        let mut release = (self.unserved, ticket);
        self.look_from(ticket, 0)?;
        while let Some(Reverse((distance, _, agent))) = self.heap.pop() {
            if distance >= release.0 {
                break;
            }
            if std::mem::replace(&mut self.labels[agent].settled, true) {
                continue;
            }
            if self.has_room(agent) {
                return Ok(End::Room(agent, distance));
            }
            self.settled.push(agent);
            for at in 0..self.held[agent].len() {
                let held = self.held[agent][at];
                // What the ticket pays there is given back when it goes elsewhere.
                let base = distance - self.paid(held);
                if self.batch.ranks[held] == self.batch.ranks[ticket] {
                    release = release.min((base + self.unserved, held));
                }
                self.look_from(held, base)?;
            }
        }
        Ok(End::Release(release.1, release.0))
    }

    /// Labels all whom the ticket could go to from here, if that is the shortest way to them so far.
    fn look_from(&mut self, ticket: usize, base: i64) -> Result<(), Exhausted> {
        let pairs = self.batch.pairs_of(ticket);
        self.work = self.work.checked_sub(pairs.len() as u64).ok_or(Exhausted)?;
        for pair in pairs {
            let Pair { agent, cost } = *pair;
            if self.closed[agent] {
                continue;
            }
            let distance = base + i64::from(cost) - self.prices[agent];
            let has_room = self.has_room(agent);
            let label = &mut self.labels[agent];
            let is_known = label.search == self.searches && label.distance <= distance;
            if is_known || distance >= self.nearest_room {
                continue;
            }
            *label = Label {
                search: self.searches,
                distance,
                from: ticket,
                cost,
                settled: false,
            };
            if has_room {
                self.nearest_room = distance;
            }
            self.heap.push(Reverse((distance, !has_room, agent)));
        }
        Ok(())
    }

    fn has_room(&self, agent: usize) -> bool {
        self.held[agent].len() < self.batch.slots[agent] as usize
    }

    /// What a served ticket pays where it is: its cost there and the agent's price.
    fn paid(&self, ticket: usize) -> i64 {
        self.served[ticket].map_or(0, |pair| i64::from(pair.cost) - self.prices[pair.agent])
    }

    /// Room that was passed on the way is worth more now, by as much as the way went on.
    fn reprice(&mut self, distance: i64) {
        for agent in &self.settled {
            self.prices[*agent] += (self.labels[*agent].distance - distance).min(0);
        }
    }

    /// Along the path to `agent`, who has room, each ticket goes on to the next agent.
    fn hand_over(&mut self, mut agent: usize) {
        loop {
            let Label { from: ticket, cost, .. } = self.labels[agent];
            let before = self.served[ticket].replace(Pair { agent, cost });
            self.held[agent].push(ticket);
            let Some(before) = before else { return };
            agent = before.agent;
            self.held[agent].retain(|held| *held != ticket);
        }
    }
}
