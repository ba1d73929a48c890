//! Agents whose time is shared out between queues: whose turn it is.
//!
//! Smooth weighted round robin: whenever several of an agent's queues have something to serve, each is credited its weight,
//! the one with the most credit is served and pays for all. So over time each gets its share of the turns that it could have
//! taken, in small portions, and a queue that had nothing to serve saves nothing up.

use std::collections::BTreeMap;

use tandem_domain::desk::BetweenQueues;
use tandem_domain::explain::Deciding;
use tandem_domain::{QueueId, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::classes::{ClassIx, QueueIx};
use crate::heads::Heads;
use crate::state::State;
use crate::turn::Turn;

/// The credit of each queue with each agent; none where it is nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(BTreeMap<AgentIx, BTreeMap<QueueId, i64>>);

/// A queue that has something for an agent, and its first ticket.
struct Open {
    queue: QueueIx,
    weight: i64,
    class: ClassIx,
    ticket: TicketId,
}

impl Turns {
    pub(crate) fn credits(&self, agent: AgentIx) -> BTreeMap<QueueId, i64> {
        self.0.get(&agent).cloned().unwrap_or_default()
    }

    /// As [`credits`](Self::credits) told them.
    pub(crate) fn restore(&mut self, agent: AgentIx, credits: BTreeMap<QueueId, i64>) {
        if !credits.is_empty() {
            self.0.insert(agent, credits);
        }
    }

    fn credit(&self, agent: AgentIx, queue: &QueueId) -> i64 {
        let credits = self.0.get(&agent);
        credits.and_then(|credits| credits.get(queue).copied()).unwrap_or(0)
    }

    fn add(&mut self, agent: AgentIx, queue: &QueueId, credit: i64) {
        let credits = self.0.entry(agent).or_default();
        let sum = credits.get(queue).copied().unwrap_or(0) + credit;
        if sum == 0 {
            credits.remove(queue);
        } else {
            credits.insert(queue.clone(), sum);
        }
    }
}

impl Turn<'_> {
    /// Where the desk goes by agents' weights, whoever got room serves the queue whose turn it is.
    pub(crate) fn serve_by_turns(&mut self) {
        if self.state.desk().compiled.between_queues != BetweenQueues::Weights {
            return;
        }
        for agent in self.state.whose_turns() {
            while self.serve_next_of(agent) {}
        }
    }

    fn serve_next_of(&mut self, agent: AgentIx) -> bool {
        let open = self.state.open_to(agent, self.now());
        let Some(next) = self.state.whose_turn(agent, &open) else {
            return false;
        };
        let deciding = (open.len() > 1).then_some(Deciding::Turn);
        self.offer_to(next.class, next.ticket, agent, deciding);
        true
    }
}

impl State {
    /// Who may have room for what waits, in the file's order. Where the desk gathers, that is everybody who is free: who got
    /// room since the last window is known to nobody after a restart.
    fn whose_turns(&self) -> Vec<AgentIx> {
        if self.gathers() {
            let agents = self.agents.in_order().iter().copied();
            return agents
                .filter(|agent| self.agents.is_free_for_anything(*agent))
                .collect();
        }
        let mut agents = self.touched.agents.clone();
        agents.sort_by_key(|agent| self.agents.get(*agent).order());
        agents
    }

    /// The agent's queues that have something he or she could be offered now.
    fn open_to(&self, agent: AgentIx, now: Timestamp) -> Vec<Open> {
        let slot = self.agents.get(agent);
        let fitting = slot.classes.common(&self.classes.waiting);
        let has_room = |class: &usize| {
            self.agents
                .free(self.classes.get(ClassIx::new(*class)).demand)
                .contains(agent.at())
        };
        let mut heads = Heads::default();
        heads.fill(fitting.filter(has_room).map(ClassIx::new), self);
        let passed_over = |ticket| self.ticket(ticket).passes_over(agent, now).is_some();
        let passed_over = |heads: &Heads| heads.of_queues().find(|(.., ticket)| passed_over(*ticket));
        while let Some((_, class, _)) = passed_over(&heads) {
            heads.skip(class, self);
        }
        let weights = slot.profile.as_ref().map(|profile| &profile.queues);
        let open = heads.of_queues().filter_map(|(queue, class, ticket)| {
            let weight = i64::from(*weights?.get(&self.classes.queue(queue).id)?);
            (weight > 0).then_some(Open {
                queue,
                weight,
                class,
                ticket,
            })
        });
        open.collect()
    }

    fn whose_turn<'a>(&self, agent: AgentIx, open: &'a [Open]) -> Option<&'a Open> {
        open.iter().min_by_key(|open| {
            let queue = &self.classes.queue(open.queue).id;
            (-self.turns.credit(agent, queue) - open.weight, queue)
        })
    }

    /// Credits the queues that the agent could serve now, and lets the one that is served pay.
    pub(crate) fn note_turn(&mut self, agent: AgentIx, ticket: TicketId, now: Timestamp) {
        if self.desk().compiled.between_queues != BetweenQueues::Weights {
            return;
        }
        let served = self.classes.get(self.ticket(ticket).class).queue;
        let open = self.open_to(agent, now);
        if !open.iter().any(|open| open.queue == served) {
            return;
        }
        let total: i64 = open.iter().map(|open| open.weight).sum();
        for Open { queue, weight, .. } in open {
            let pays = if queue == served { total } else { 0 };
            let queue = self.classes.queue(queue).id.clone();
            self.turns.add(agent, &queue, weight - pays);
        }
    }
}
