//! Several agents and several tickets meet: who gets what is solved for all of them at once.
//!
//! One after the other, the first ticket may take the only agent who could have served the second. Solved, of the tickets at
//! the head of the line as many are served as can be, and which, the order of the line says: nobody who is served could make
//! room for somebody before. Of the ways to do that, the best by what the queues choose agents by: the least over-skilled (or
//! cheapest, or best skilled) where that is asked for, then those with the smaller share of capacity in use.
//!
//! Where tickets that cost differently many units compete for the same agent, that is packing, not matching: such an agent
//! is given one ticket a round, and there are rounds until nothing more of this line is served.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tandem_domain::desk::{BetweenQueues, Choice};
use tandem_domain::explain::Deciding;
use tandem_domain::{TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::assign::{Batch, solve};
use crate::candidates::Candidate;
use crate::classes::ClassIx;
use crate::desk::DemandIx;
use crate::heads::Heads;
use crate::state::State;
use crate::ticket::Phase;
use crate::turn::Turn;

/// So many pairs are looked at before tickets are served one after the other instead: some milliseconds.
const WORK: u64 = 2_000_000;

/// An agent gets so many tickets in one round at most: more places make more pairs than they are worth.
const PLACES: usize = 32;

/// Shares of capacity are told in so many steps: the more different costs there are, the longer the search.
const SHARES: u32 = 64;

/// A ticket at the head of the line, with who could take it, best first.
struct Waiting {
    class: ClassIx,
    ticket: TicketId,
    candidates: Rc<[Candidate]>,
}

/// Room for one ticket.
struct Place {
    agent: AgentIx,
    /// The share of capacity in use before it is taken, below [`SHARES`].
    share: u32,
}

/// Room at several agents.
#[derive(Default)]
struct Places {
    all: Vec<Place>,
    of: FxHashMap<AgentIx, Range<usize>>,
}

impl Turn<'_> {
    /// Makes the offers of a solution, where several agents got room at once or the desk gathers.
    pub(crate) fn solve(&mut self, touched: &[ClassIx]) {
        if !self.state.may_solve() {
            return;
        }
        let mut line = self.head_of_line(touched);
        while self.solve_round(&line) {
            line = self.rest_of(line);
        }
    }

    /// Those who were not served, and could be.
    fn rest_of(&mut self, line: Vec<Waiting>) -> Vec<Waiting> {
        let waiting = line.into_iter().filter_map(|waiting| {
            let ticket = self.state.ticket(waiting.ticket);
            (ticket.phase == Phase::Queued && ticket.class == waiting.class).then_some(())?;
            let candidates = self.candidates(waiting.ticket);
            (!candidates.is_empty()).then_some(Waiting { candidates, ..waiting })
        });
        waiting.collect()
    }

    /// Whether anything was offered.
    fn solve_round(&mut self, line: &[Waiting]) -> bool {
        let places = self.state.places(line);
        if line.len() < 2 || places.of.len() < 2 {
            return false;
        }
        let matching = solve(&self.state.batch(line, &places), WORK);
        if !matching.solved {
            return false;
        }
        let offers = line.iter().zip(&matching.agents);
        for (waiting, place) in offers.filter_map(|(waiting, place)| Some((waiting, (*place)?))) {
            let agent = places.all[place].agent;
            self.offer_to(waiting.class, waiting.ticket, agent, Some(Deciding::Batch));
        }
        matching.agents.iter().any(Option::is_some)
    }

    /// The tickets that would be served first, as long as there is anybody who could take them.
    fn head_of_line(&mut self, touched: &[ClassIx]) -> Vec<Waiting> {
        let most = self.state.desk().compiled.matching.head as usize;
        let mut heads = Heads::default();
        heads.fill(touched.iter().copied(), self.state);
        let (mut line, mut seen) = (Vec::new(), FxHashMap::default());
        while let Some((class, ticket)) = heads.first(self.state).filter(|_| line.len() < most) {
            // As long as nothing is offered, a class's tickets find the same.
            let candidates = if self.state.ticket(ticket).is_open_to_all() {
                let found = seen.entry(class).or_insert_with(|| self.candidates(ticket));
                found.clone()
            } else {
                self.candidates(ticket)
            };
            if !candidates.is_empty() {
                heads.take(class, self.state);
                line.push(Waiting {
                    class,
                    ticket,
                    candidates,
                });
            } else if self.state.is_passed_over(self.state.ticket(ticket), self.now()) {
                heads.skip(class, self.state);
            } else {
                heads.leave(class);
            }
        }
        line
    }

    /// Who has as many candidates as there are tickets finds one of them free, whatever the others get: no more are needed.
    fn candidates(&mut self, ticket: TicketId) -> Rc<[Candidate]> {
        let most = self.state.desk().compiled.matching.head as usize;
        let best = self.state.choose(ticket, most, self.now()).best;
        let candidates = best.as_slice().into();
        self.state.candidates.reuse(best);
        candidates
    }
}

impl State {
    /// Weights are the agents' own choice between queues: there, nobody chooses for them.
    fn may_solve(&self) -> bool {
        let desk = &self.desk().compiled;
        desk.matching.head > 1
            && desk.between_queues != BetweenQueues::Weights
            && (self.gathers() || self.several_got_room())
    }

    fn several_got_room(&self) -> bool {
        let mut agents = self.touched.agents.iter();
        let free = |agent: &&AgentIx| self.agents.is_free_for_anything(**agent);
        let first = agents.find(free);
        first.is_some_and(|first| agents.any(|agent| agent != first && self.agents.is_free_for_anything(*agent)))
    }

    /// For how many of these tickets each candidate has room.
    fn places(&self, line: &[Waiting]) -> Places {
        let mut asked: FxHashMap<AgentIx, Vec<DemandIx>> = FxHashMap::default();
        let mut agents = Vec::new();
        for waiting in line {
            let demand = self.classes.get(waiting.class).demand;
            for Candidate { agent, .. } in waiting.candidates.iter() {
                let demands = asked.entry(*agent).or_default();
                if demands.is_empty() {
                    agents.push(*agent);
                }
                demands.push(demand);
            }
        }
        // Of equals the first place is taken: so whoever is best for the first in line comes first.
        let mut places = Places::default();
        for agent in agents {
            let from = places.all.len();
            places.all.extend(self.places_of(agent, &asked[&agent]));
            places.of.insert(agent, from..places.all.len());
        }
        places
    }

    fn places_of(&self, agent: AgentIx, demands: &[DemandIx]) -> Vec<Place> {
        let alike = demands.iter().all(|demand| *demand == demands[0]);
        let demand = self.desk().demand(demands[0]);
        let slot = self.agents.get(agent);
        let (limits, mut load) = (slot.limits(), slot.load);
        let mut places = Vec::new();
        let most = if alike { demands.len().min(PLACES) } else { 1 };
        while places.len() < most && (!alike || limits.admit(&load, demand, self.desk().interruptions())) {
            let share = u64::from(load.used()) * u64::from(SHARES) / u64::from(slot.capacity().max(1));
            let share = u32::try_from(share).map_or(SHARES - 1, |share| share.min(SHARES - 1));
            places.push(Place { agent, share });
            load.add(demand.at_hand());
        }
        places
    }

    /// The tickets in order, each before all that come after it.
    fn batch(&self, line: &[Waiting], places: &Places) -> Batch {
        let mut batch = Batch::new(vec![1; places.all.len()]);
        for (rank, waiting) in (0..).zip(line) {
            let values = self.values(waiting);
            let pairs = waiting.candidates.iter().zip(values).flat_map(|(candidate, value)| {
                let places = places.of[&candidate.agent].clone().map(|at| (at, places.all[at].share));
                places.map(move |(at, share)| (at, value.saturating_mul(SHARES).saturating_add(share)))
            });
            batch.add(rank, pairs);
        }
        batch
    }

    /// What each candidate costs by what the queue chooses by: the skills beyond what is asked for, where these are to be
    /// spared; the place among different values, where agents differ by price or skill; else nothing.
    fn values(&self, waiting: &Waiting) -> Vec<u32> {
        let value = |candidate: &Candidate| candidate.merit.value;
        let candidates = waiting.candidates.iter();
        match self.choice(waiting.class) {
            Choice::LeastOverSkilled => candidates
                .map(|candidate| u32::try_from(value(candidate)).unwrap_or(u32::MAX))
                .collect(),
            Choice::BestSkilled | Choice::Cheapest => {
                let different = waiting.candidates.chunk_by(|one, other| value(one) == value(other));
                let places = (0..).zip(different);
                places
                    .flat_map(|(place, equals)| equals.iter().map(move |_| place))
                    .collect()
            }
            Choice::LeastLoaded | Choice::LongestIdle | Choice::RoundRobin | Choice::Weighted => {
                candidates.map(|_| 0).collect()
            }
        }
    }
}

/// Gathering: with a window, offers are made at its end only. Windows end at whole multiples of their length, so that
/// nothing but the time of the last event says when the one at hand is over, and a restart changes nothing.
impl State {
    fn window(&self) -> Duration {
        self.desk
            .as_ref()
            .map_or(Duration::ZERO, |desk| desk.compiled.matching.window)
    }

    pub(crate) fn gathers(&self) -> bool {
        !self.window().is_zero()
    }

    /// When the window of the last event is over.
    pub(crate) fn window_end(&self) -> Timestamp {
        let window = i64::try_from(self.window().as_micros()).unwrap_or(i64::MAX).max(1);
        let begun = self.last_at.as_micros().div_euclid(window);
        Timestamp::from_micros((begun + 1).saturating_mul(window))
    }

    /// When what was gathered is to be looked at; none where nothing was.
    pub(crate) fn gathered_until(&self) -> Option<Timestamp> {
        let something = !self.touched.agents.is_empty() || !self.touched.classes.is_empty();
        (self.gathers() && something).then(|| self.window_end())
    }

    /// After a restart it is not known what was gathered: everything that waits, or is offered to too few, is looked at.
    pub(crate) fn gather_all(&mut self) {
        if self.gathers() {
            let waiting = self.classes.waiting.iter().map(ClassIx::new);
            self.touched.classes = waiting.chain(self.short.classes()).collect();
        }
    }
}
