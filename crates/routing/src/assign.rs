//! Many tickets meet many agents: who gets whom, solved instead of one after the other.
//!
//! [`solve`] finds the matching that is best in this order:
//! 1. the most tickets of the first rank are served, then the most of the second, and so on;
//! 2. the sum of the costs is the least.
//!
//! So a caller who gives each ticket a rank of its own keeps the queue's order as far as the most served allows, and one
//! who gives all the same rank gets a maximum matching of least cost. The sets of tickets that can be served together are
//! a matroid; so serving rank by rank loses nothing: a ticket, once served, stays served while others join, though perhaps
//! by somebody else.
//!
//! The method is that of successive shortest paths with potentials (Jonker and Volgenant 1987 give it for full matrices),
//! on sparse pairs and with agents who have room for several tickets.

mod paths;

use paths::Search;

/// Work that is enough for a thousand tickets and agents many times over, and is over in a fraction of a second.
pub const WORK_LIMIT: u64 = 20_000_000;

/// Tickets, agents, and who could serve what at which cost.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Per agent: for how many tickets there is room.
    slots: Vec<u32>,
    /// Per ticket.
    ranks: Vec<u32>,
    /// Where each ticket's pairs begin in `pairs`; one more than there are tickets.
    starts: Vec<usize>,
    pairs: Vec<Pair>,
}

/// An agent who could serve a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    agent: usize,
    cost: u32,
}

/// Who serves what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// Per ticket, in the order in which the batch got them: the agent's place in the batch.
    pub agents: Vec<Option<usize>>,
    /// False: the work limit was reached, and tickets were served one after the other.
    pub solved: bool,
}

/// How good a matching is: the greater, the better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worth {
    /// How many tickets of each rank are served, the first rank first.
    pub served: Vec<usize>,
    /// The sum of the costs, below zero.
    pub saved: i64,
}

impl Batch {
    /// Agents by their number of free places, and no ticket yet.
    #[must_use]
    pub fn new(slots: Vec<u32>) -> Self {
        Self {
            slots,
            starts: vec![0],
            ..Self::default()
        }
    }

    /// Adds a ticket. The smaller rank goes first. `pairs` are the agents who could serve it, by their place, each at
    /// most once, and what each would cost.
    ///
    /// # Panics
    ///
    /// If an agent's place is beyond those that [`new`](Self::new) was given.
    pub fn add(&mut self, rank: u32, pairs: impl IntoIterator<Item = (usize, u32)>) {
        self.ranks.push(rank);
        self.pairs.extend(pairs.into_iter().map(|(agent, cost)| {
            assert!(agent < self.slots.len(), "there is no agent at place {agent}");
            Pair { agent, cost }
        }));
        self.starts.push(self.pairs.len());
    }

    /// How many tickets there are.
    #[must_use]
    pub fn tickets(&self) -> usize {
        self.ranks.len()
    }

    fn pairs_of(&self, ticket: usize) -> &[Pair] {
        &self.pairs[self.starts[ticket]..self.starts[ticket + 1]]
    }

    /// The tickets, the first rank first; within a rank as they were added.
    fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.tickets()).collect();
        order.sort_by_key(|ticket| self.ranks[*ticket]);
        order
    }

    /// What the batch's objective says of a matching.
    #[must_use]
    pub fn worth(&self, matching: &Matching) -> Worth {
        let mut ranks = self.ranks.clone();
        ranks.sort_unstable();
        ranks.dedup();
        let mut worth = Worth {
            served: vec![0; ranks.len()],
            saved: 0,
        };
        for (ticket, agent) in matching.agents.iter().enumerate() {
            let mut pairs = self.pairs_of(ticket).iter();
            let Some(pair) = pairs.find(|pair| Some(pair.agent) == *agent) else {
                continue;
            };
            worth.served[ranks.partition_point(|rank| *rank < self.ranks[ticket])] += 1;
            worth.saved -= i64::from(pair.cost);
        }
        worth
    }
}

/// The best matching; or, where finding it would look at more than `limit` pairs, the [`greedy`] one.
///
/// The same batch always gives the same matching, and never one that is worth less than the greedy one.
#[must_use]
pub fn solve(batch: &Batch, limit: u64) -> Matching {
    let mut search = Search::new(batch, limit);
    let mut rest = batch.in_order();
    while let Some(first) = rest.first() {
        let rank = batch.ranks[*first];
        let later = rest.split_off(rest.partition_point(|ticket| batch.ranks[*ticket] == rank));
        if rest.into_iter().any(|ticket| search.serve(ticket).is_err()) {
            return greedy(batch);
        }
        search.end_rank();
        rest = later;
    }
    search.into_matching()
}

/// One ticket after the other, rank by rank, takes the agent with room who costs the least; of equals the first.
#[must_use]
pub fn greedy(batch: &Batch) -> Matching {
    let mut slots = batch.slots.clone();
    let mut agents = vec![None; batch.tickets()];
    for ticket in batch.in_order() {
        let free = batch.pairs_of(ticket).iter().filter(|pair| slots[pair.agent] > 0);
        if let Some(pair) = free.min_by_key(|pair| (pair.cost, pair.agent)) {
            slots[pair.agent] -= 1;
            agents[ticket] = Some(pair.agent);
        }
    }
    Matching { agents, solved: false }
}
