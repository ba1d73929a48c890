//! Who could take a class's next ticket, best first, without looking at everybody.
//!
//! A class that is asked for often has a *shortlist*: its candidates in the order in which they are chosen. An agent who gets
//! room, or another form, is added to the shortlists on which he or she stands; one who is taken is not looked for there: the
//! entry is known to be outdated by its stamp, and dropped when it is met. New entries nearly always belong at the end (who
//! becomes free now has been idle least), so that adding is as cheap as dropping.
//!
//! A shortlist is worth its keep only while it is asked for often enough, and where looking at each of those who fit would
//! take longer; so shortlists come and go by what was spent on them. Whether a class has one never decides anything: both ways
//! find the same.

mod known;
mod shortlist;

use tandem_domain::desk::Choice;
use tandem_domain::explain::Rank;
use tandem_domain::{OfferId, Requirement};

use crate::agents::{AgentIx, Agents};
use crate::bits::Bits;
use crate::choice::{Merit, score, standing};
use crate::classes::ClassIx;
use crate::desk::DemandIx;
use crate::members::Members;
use crate::state::State;
use known::{Key, Known, Seat};
use shortlist::Shortlist;

/// Classes with a demand beyond these have no shortlist: a desk has a handful of demands.
const DEMANDS: usize = u64::BITS as usize;

/// The candidates of all classes.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// By agent: as the shortlists know them.
    known: Vec<Known>,
    /// By agent: what most are chosen by. Apart from the rest, so that it is at hand.
    keys: Vec<Key>,
    /// By agent: which entries are about the form that is known. Apart from the rest, as most of what is read are these.
    stamps: Vec<u32>,
    /// By class.
    tallies: Vec<Tally>,
    /// By class; none: the class has none now.
    lists: Vec<Option<Shortlist>>,
    /// Classes whose shortlists are not worth their keep.
    unworthy: Vec<ClassIx>,
    /// Agents of whom something may have changed since the shortlists learned of it; each once.
    changed: Vec<AgentIx>,
    is_changed: Bits,
    /// The memory of a selection that is done with.
    spare: Vec<Candidate>,
}

/// What of a class is looked at with each change of an agent: small, so that it is at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// With a shortlist: how many who fit have room.
    free: u32,
    /// Without: what was spent on looking at everybody since there was one.
    spent: u32,
    demand: u8,
    /// How often a shortlist was not worth its keep.
    doubts: u8,
}

/// Somebody who could take a ticket, and what he or she is worth for it: the smaller is the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub(crate) merit: Merit,
    pub(crate) agent: AgentIx,
}

/// What a class asks for and how its agents are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) class: ClassIx,
    pub(crate) requirement: &'a Requirement,
    pub(crate) demand: DemandIx,
    pub(crate) choice: Choice,
    pub(crate) fit: &'a Members,
    /// The offer that will be made.
    pub(crate) offer: OfferId,
}

/// Who could take a class's next ticket.
pub(crate) struct Found {
    /// How many.
    pub(crate) free: u32,
    /// The best of those who are willing, in order.
    pub(crate) best: Vec<Candidate>,
}

/// What looking at one who is free costs, beside looking through a machine word.
const EACH: usize = 8;
/// What putting somebody on a shortlist costs. Where tests are run there are few agents, and shortlists are to come and go all
/// the same.
const ADDED: usize = if cfg!(debug_assertions) { 1 } else { 12 };
/// What making one costs, for each who fits.
const MADE: usize = if cfg!(debug_assertions) { 4 } else { 16 };
/// To look at so much is as quick as anything, where each has a value of his or her own to be reckoned.
const QUICK: usize = if cfg!(debug_assertions) { 1 } else { 96 };
/// The same where what agents are chosen by lies ready.
const QUICK_BY_FORM: usize = if cfg!(debug_assertions) { 1 } else { 512 };

/// More than these are sorted together, fewer one by one.
const FEW: usize = 16;

impl Candidates {
    /// Something about the agent may be different.
    pub(crate) fn note(&mut self, agent: AgentIx) {
        if !self.is_changed.contains(agent.at()) {
            self.is_changed.set(agent.at(), true);
            self.changed.push(agent);
        }
    }

    /// The best `most` of the class for whom `willing` holds.
    pub(crate) fn best(
        &mut self,
        wanted: &Wanted,
        state: &State,
        most: usize,
        willing: impl Fn(AgentIx) -> bool,
    ) -> Found {
        let agents = &state.agents;
        self.catch_up(state);
        let class = wanted.class.at();
        if class >= self.tallies.len() {
            self.tallies.resize(class + 1, Tally::default());
            self.lists.resize_with(class + 1, || None);
        }
        let mut best = std::mem::take(&mut self.spare);
        let free = if let Some(list) = &mut self.lists[class] {
            let (stamps, free) = (&self.stamps, self.tallies[class].free);
            list.asked(saved(wanted, free));
            list.best(
                most,
                free,
                |agent, stamp| stamps[agent.at()] == stamp,
                willing,
                &mut best,
            );
            free
        } else {
            let free = self.look(wanted, agents, most, willing, &mut best);
            self.consider(wanted, agents, free);
            free
        };
        Found { free, best }
    }

    /// A selection is done with: the next one may have its memory.
    pub(crate) fn reuse(&mut self, mut best: Vec<Candidate>) {
        best.clear();
        self.spare = best;
    }

    /// The agent as he or she stood in the last choice, with what is kept of the merit.
    pub(crate) fn rank(&self, choice: Choice, candidate: &Candidate) -> Rank {
        let known = &self.known[candidate.agent.at()];
        Rank {
            agent: known.id.clone(),
            used: known.used,
            capacity: known.capacity,
            idle_since: candidate.merit.idle_since,
            score: score(choice, &candidate.merit),
            order: candidate.merit.order,
        }
    }
}

/// What looking at everybody costs, and a shortlist would save: nothing where it is quick.
fn saved(wanted: &Wanted, free: u32) -> usize {
    let cost = wanted.fit.cost() + EACH * free as usize;
    let quick = match wanted.choice {
        Choice::LeastLoaded | Choice::LongestIdle | Choice::RoundRobin => QUICK_BY_FORM,
        Choice::BestSkilled | Choice::LeastOverSkilled | Choice::Cheapest | Choice::Weighted => QUICK,
    };
    if cost <= quick { 0 } else { cost }
}

/// Puts one more in order among the best `most`, which are few: comparing from the end is quicker than a search then.
#[inline]
fn rank_in(candidate: Candidate, most: usize, best: &mut Vec<Candidate>) {
    if best.len() < most {
        best.push(candidate);
    } else if best.last().is_some_and(|worst| *worst < candidate) {
        return;
    }
    let mut at = best.len() - 1;
    while at > 0 && candidate < best[at - 1] {
        best[at] = best[at - 1];
        at -= 1;
    }
    best[at] = candidate;
}

/// Without a shortlist.
impl Candidates {
    /// Looks at each who fits and is free, and says how many they are.
    fn look(
        &self,
        wanted: &Wanted,
        agents: &Agents,
        most: usize,
        willing: impl Fn(AgentIx) -> bool,
        best: &mut Vec<Candidate>,
    ) -> u32 {
        let mut free = 0;
        wanted.fit.each_common(agents.free(wanted.demand), |agent| {
            let agent = AgentIx::new(agent);
            free += 1;
            if most == 0 || !willing(agent) {
                return;
            }
            let worst = best.last().filter(|_| best.len() == most && most <= FEW);
            if wanted.choice == Choice::Weighted
                && worst.is_some_and(|worst| self.known[agent.at()].cannot_beat(worst.merit.value, wanted))
            {
                return;
            }
            let merit = self.merit(agent, wanted, agents);
            let candidate = Candidate { merit, agent };
            if most > FEW {
                best.push(candidate);
            } else {
                rank_in(candidate, most, best);
            }
        });
        if most > FEW {
            best.sort_unstable();
            best.truncate(most);
        }
        free
    }

    fn merit(&self, agent: AgentIx, wanted: &Wanted, agents: &Agents) -> Merit {
        let of_profile = match wanted.choice {
            Choice::LeastLoaded | Choice::LongestIdle | Choice::RoundRobin => 0,
            Choice::Weighted => self.known[agent.at()].draw(wanted),
            choice @ (Choice::BestSkilled | Choice::LeastOverSkilled | Choice::Cheapest) => {
                let profile = agents.get(agent).profile.as_ref();
                profile.map_or(0, |profile| standing(choice, profile, wanted.requirement))
            }
        };
        self.keys[agent.at()].merit(wanted.choice, of_profile)
    }

    /// Makes a shortlist once looking at everybody has cost as much; each time that one was not worth its keep, it takes
    /// twice as much.
    fn consider(&mut self, wanted: &Wanted, agents: &Agents, free: u32) {
        let cost = saved(wanted, free);
        if cost == 0 || wanted.choice == Choice::Weighted || wanted.demand.0 >= DEMANDS {
            return;
        }
        let tally = &mut self.tallies[wanted.class.at()];
        tally.spent = tally.spent.saturating_add(u32::try_from(cost).unwrap_or(u32::MAX));
        if tally.spent as usize >= (MADE * wanted.fit.count()) << tally.doubts {
            self.make(wanted, agents);
        }
    }

    fn make(&mut self, wanted: &Wanted, agents: &Agents) {
        let (class, demand) = (wanted.class.at(), wanted.demand.0);
        let mut free = 0;
        let mut list = Shortlist::new(wanted.choice, MADE * wanted.fit.count());
        for agent in wanted.fit.iter().map(AgentIx::new) {
            self.meet(agent, agents);
            let known = &mut self.known[agent.at()];
            let profile = agents.get(agent).profile.as_ref();
            let seat = Seat {
                class: wanted.class,
                standing: profile.map_or(0, |profile| standing(wanted.choice, profile, wanted.requirement)),
            };
            known.seats.push(seat);
            if known.has_room(demand) {
                free += 1;
                let merit = self.keys[agent.at()].merit(wanted.choice, seat.standing);
                list.add(agent, merit, self.stamps[agent.at()]);
            }
        }
        self.lists[class] = Some(list);
        let tally = &mut self.tallies[class];
        (tally.free, tally.spent) = (free, 0);
        tally.demand = u8::try_from(demand).expect("below the 64th");
    }
}

/// Keeping up.
impl Candidates {
    fn catch_up(&mut self, state: &State) {
        let mut changed = std::mem::take(&mut self.changed);
        for agent in changed.drain(..) {
            self.is_changed.set(agent.at(), false);
            self.take_in(agent, &state.agents);
        }
        self.changed = changed;
        while let Some(class) = self.unworthy.pop() {
            self.forget(class, &state.classes.get(class).fit);
        }
    }

    fn meet(&mut self, agent: AgentIx, agents: &Agents) {
        while self.known.len() <= agent.at() {
            let next = agents.get(AgentIx::new(self.known.len()));
            self.known.push(Known::new(next));
            self.keys.push(Key::default());
            self.stamps.push(0);
        }
    }

    /// Tells the shortlists on which the agent stands.
    fn take_in(&mut self, agent: AgentIx, agents: &Agents) {
        self.meet(agent, agents);
        let known = &mut self.known[agent.at()];
        let before = known.free;
        let (slot, room) = (agents.get(agent), agents.room_of(agent));
        let key = &mut self.keys[agent.at()];
        let is_as_before = !key.learn(slot) && known.free == room;
        known.learn(slot, room);
        if is_as_before {
            return;
        }
        let stamp = &mut self.stamps[agent.at()];
        *stamp = stamp.wrapping_add(1);
        for seat in &known.seats {
            let tally = &mut self.tallies[seat.class.at()];
            let room = |free: u64| u32::from(free >> tally.demand & 1 == 1);
            tally.free = tally.free + room(known.free) - room(before);
        }
        if known.free == 0 {
            return;
        }
        for seat in &known.seats {
            let class = seat.class.at();
            let Some(list) = &mut self.lists[class] else { continue };
            if !known.has_room(self.tallies[class].demand.into()) {
                continue;
            }
            list.add(agent, key.merit(list.choice(), seat.standing), *stamp);
            if !list.is_worth_it() {
                self.unworthy.push(seat.class);
            }
        }
    }

    fn forget(&mut self, class: ClassIx, fit: &Members) {
        if self.lists[class.at()].take().is_none() {
            return;
        }
        let tally = &mut self.tallies[class.at()];
        tally.doubts = (tally.doubts + 1).min(10);
        for agent in fit.iter() {
            self.known[agent].leave(class);
        }
    }
}
