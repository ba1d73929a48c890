//! Who could take a class's next ticket, best first, without looking at everybody.
//!
//! A class that is asked for often has a *shortlist*: its candidates in the order in which they are chosen. When an agent's
//! form changes, a new entry is added to each shortlist on which he or she stands, and the older one is known to be outdated
//! by its stamp; it is dropped when it is met. New entries nearly always belong at the end (who becomes free now has been
//! idle least), so that adding is as cheap as dropping.
//!
//! A shortlist is worth its keep only while it is asked for more often than it changes, so shortlists come and go by what
//! was spent on them. Whether a class has one never decides anything: without one its candidates are found by looking at
//! each of those who fit and are free, and both ways must agree.

mod shortlist;

use tandem_domain::Requirement;
use tandem_domain::desk::Choice;

use crate::agents::{AgentIx, Agents};
use crate::bits::Bits;
use crate::choice::{Form, standing};
use crate::classes::ClassIx;
use crate::desk::DemandIx;
use shortlist::Shortlist;

/// Classes with a demand beyond these have no shortlist: a desk has a handful of demands.
const DEMANDS: usize = u64::BITS as usize;

/// The candidates of all classes.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// By agent: as the shortlists know them.
    known: Vec<Known>,
    /// By class; none: the class has none now.
    lists: Vec<Option<Box<Shortlist>>>,
    /// By class: what was spent on looking at everybody since there was no shortlist.
    spent: Vec<usize>,
    /// Classes that have a shortlist.
    listed: Bits,
    /// Agents of whom something may have changed since the shortlists learned of it.
    changed: Vec<AgentIx>,
}

/// An agent as the shortlists know him or her.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    form: Form,
    order: u32,
    /// Which entries are about this form.
    stamp: u32,
    /// For which demands there is room, one bit each.
    free: u64,
    /// Whether it is among the changed.
    changed: bool,
}

impl Known {
    fn has_room(&self, demand: DemandIx) -> bool {
        self.free & (1 << demand.0) != 0
    }
}

/// What a class asks for and how its agents are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) class: ClassIx,
    pub(crate) requirement: &'a Requirement,
    pub(crate) demand: DemandIx,
    pub(crate) choice: Choice,
    pub(crate) fit: &'a Bits,
    pub(crate) fit_count: u32,
}

/// Who could take a class's next ticket.
pub(crate) struct Found {
    /// How many.
    pub(crate) free: u32,
    /// The best of those who are willing.
    pub(crate) best: Vec<AgentIx>,
}

impl Candidates {
    /// Something about the agent may be different.
    pub(crate) fn note(&mut self, agent: AgentIx) {
        if agent.at() >= self.known.len() {
            self.known.resize(agent.at() + 1, Known::default());
        }
        if !std::mem::replace(&mut self.known[agent.at()].changed, true) {
            self.changed.push(agent);
        }
    }

    /// The best `most` of the class for whom `willing` holds; none where the class has no shortlist.
    pub(crate) fn best(
        &mut self,
        wanted: &Wanted,
        agents: &Agents,
        most: usize,
        willing: impl Fn(AgentIx) -> bool,
    ) -> Option<Found> {
        self.catch_up(agents);
        if !self.listed.contains(wanted.class.at()) {
            self.consider(wanted, agents)?;
        }
        let known = &self.known;
        let stands = |agent: AgentIx, stamp: u32| known[agent.at()].stamp == stamp;
        let list = self.lists[wanted.class.at()].as_mut()?;
        Some(Found {
            free: list.count(),
            best: list.best(most, stands, willing),
        })
    }

    /// Makes a shortlist once looking at everybody has cost as much.
    fn consider(&mut self, wanted: &Wanted, agents: &Agents) -> Option<()> {
        if wanted.choice == Choice::Weighted || wanted.demand.0 >= DEMANDS {
            return None;
        }
        let class = wanted.class.at();
        if class >= self.lists.len() {
            self.lists.resize_with(class + 1, || None);
            self.spent.resize(class + 1, 0);
        }
        self.spent[class] += agents.free(wanted.demand).words() / 8 + 1;
        if self.spent[class] < wanted.fit_count as usize {
            return None;
        }
        self.lists[class] = Some(Box::new(self.made(wanted, agents)));
        self.listed.set(class, true);
        Some(())
    }

    fn made(&self, wanted: &Wanted, agents: &Agents) -> Shortlist {
        // Below what looking at everybody once would cost, a few changes do not matter.
        let patience = agents.free(wanted.demand).words() + 64;
        let mut list = Shortlist::new(wanted.choice, wanted.demand, patience);
        for agent in wanted.fit.iter().map(AgentIx::new) {
            if let Some(profile) = &agents.get(agent).profile {
                list.expect(agent, standing(wanted.choice, profile, wanted.requirement));
            }
            let known = &self.known[agent.at()];
            if known.has_room(wanted.demand) {
                list.add(agent, &known.form, known.order, known.stamp);
            }
        }
        list
    }

    fn catch_up(&mut self, agents: &Agents) {
        let mut changed = std::mem::take(&mut self.changed);
        for agent in changed.drain(..) {
            self.known[agent.at()].changed = false;
            self.take_in(agent, agents);
        }
        self.changed = changed;
    }

    /// Tells the shortlists on which the agent stands.
    fn take_in(&mut self, agent: AgentIx, agents: &Agents) {
        let slot = agents.get(agent);
        let known = &mut self.known[agent.at()];
        let before = *known;
        (known.form, known.order, known.free) = (slot.form(), slot.order(), agents.room_of(agent));
        if (known.form, known.order, known.free) == (before.form, before.order, before.free) {
            return;
        }
        known.stamp = known.stamp.wrapping_add(1);
        let known = *known;
        if known.free | before.free == 0 {
            return;
        }
        let mut neglected = Vec::new();
        for class in slot.classes.common(&self.listed) {
            let list = self.lists[class].as_mut().expect("a listed class has a shortlist");
            if before.has_room(list.demand()) {
                list.outdate();
            }
            if known.has_room(list.demand()) {
                list.add(agent, &known.form, known.order, known.stamp);
            }
            if list.is_neglected() {
                neglected.push(class);
            }
        }
        for class in neglected {
            self.forget(class);
        }
    }

    fn forget(&mut self, class: usize) {
        self.lists[class] = None;
        self.spent[class] = 0;
        self.listed.set(class, false);
    }
}
