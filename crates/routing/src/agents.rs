//! The agents of a desk, and who of them has room.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, Presence, Requirement, TicketId, Timestamp};

use crate::abilities::Abilities;
use crate::bits::Bits;
use crate::capacity::{Demand, Limits, Load};
use crate::choice::Form;
use crate::desk::{DemandIx, Desk};
use crate::members::Members;
use crate::table::{Few, Place};

/// An agent's place in [`Agents`]; stays the same while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AgentIx(Place);

impl AgentIx {
    /// After all others.
    pub(crate) const LAST: Self = Self(Place::LAST);

    pub(crate) const fn new(at: usize) -> Self {
        Self(Place::new(at))
    }

    /// The place, counted from 0.
    pub(crate) const fn at(self) -> usize {
        self.0.at()
    }
}

#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    /// None: not on the desk any more, but a ticket still names him or her.
    pub(crate) profile: Option<Box<AgentProfile>>,
    /// The place in the desk file: the last tie-breaker.
    order: u32,
    pub(crate) presence: Presence,
    /// Whether the agent's window is open, and when that changes next.
    pub(crate) available: bool,
    pub(crate) edge: Option<Timestamp>,
    /// Offers missed in a row.
    pub(crate) missed: u32,
    /// Since when the agent is offline, if that is so.
    pub(crate) offline_since: Timestamp,
    /// When the agent last got an offer or became free.
    pub(crate) idle_since: Timestamp,
    /// What is offered or owned, oldest first.
    pub(crate) items: Few<(u64, TicketId)>,
    pub(crate) load: Load,
    limits: Limits,
    /// For which demands there is room, one bit each; those beyond the 64th are left out.
    room: u64,
    /// The number of the last event that changed the agent's work list.
    pub(crate) changed: u64,
    /// Classes that the agent fits.
    pub(crate) classes: Members,
    /// Of capacity in use.
    share: i64,
    /// The last offer that the agent got; 0 before the first.
    pub(crate) offered: u64,
}

impl Agent {
    fn new(id: AgentId) -> Self {
        Self {
            id,
            profile: None,
            order: 0,
            presence: Presence::Offline,
            available: true,
            edge: None,
            missed: 0,
            offline_since: Timestamp::EPOCH,
            idle_since: Timestamp::EPOCH,
            items: Few::default(),
            load: Load::default(),
            limits: Limits::NONE,
            room: 0,
            changed: 0,
            classes: Members::default(),
            share: 0,
            offered: 0,
        }
    }

    fn leave_desk(&mut self) {
        self.profile = None;
        self.limits = Limits::NONE;
        self.presence = Presence::Offline;
        self.available = true;
        self.missed = 0;
        self.idle_since = Timestamp::EPOCH;
    }

    /// Whether anything may be offered to the agent.
    pub(crate) fn takes_offers(&self) -> bool {
        self.presence == Presence::Online && self.available
    }

    /// Whether the agent was to leave once nothing is at hand, which is so now. What is parked waits for its customer,
    /// and may do so for days: it does not keep anybody.
    pub(crate) fn has_drained(&self) -> bool {
        self.presence == Presence::Draining && self.load.is_parked()
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.limits.capacity
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether one more ticket has room beside what is at hand.
    pub(crate) fn has_room(&self, demand: Demand, desk: &Desk) -> bool {
        self.limits().admit(&self.load, demand, desk.interruptions())
    }

    /// Whether the tickets take more than there is.
    pub(crate) fn is_over_capacity(&self) -> bool {
        self.limits().exceeded_by(&self.load)
    }

    /// The place in the desk file.
    pub(crate) fn order(&self) -> u32 {
        self.order
    }

    /// As what agents are chosen by.
    pub(crate) fn form(&self) -> Form {
        Form {
            share: self.share,
            idle_since: self.idle_since,
            offered: self.offered,
        }
    }

    /// Of capacity in use, by 2^32.
    fn share_in_use(&self) -> i64 {
        let share = (u64::from(self.load.taken()) << 32).checked_div(self.capacity().into());
        share.and_then(|share| i64::try_from(share).ok()).unwrap_or(i64::MAX)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Agents {
    slots: Vec<Agent>,
    by_id: FxHashMap<AgentId, AgentIx>,
    in_order: Vec<AgentIx>,
    /// Per demand: who is online and has room for one more such ticket.
    free: Vec<Bits>,
    /// Everybody who is offered work.
    there: Bits,
    abilities: Abilities,
}

impl Agents {
    pub(crate) fn get(&self, agent: AgentIx) -> &Agent {
        &self.slots[agent.at()]
    }

    pub(crate) fn get_mut(&mut self, agent: AgentIx) -> &mut Agent {
        &mut self.slots[agent.at()]
    }

    /// The agent, if on the desk.
    pub(crate) fn find(&self, id: &AgentId) -> Option<AgentIx> {
        self.known(id).filter(|agent| self.get(*agent).profile.is_some())
    }

    /// The agent, even if not on the desk any more.
    pub(crate) fn known(&self, id: &AgentId) -> Option<AgentIx> {
        self.by_id.get(id).copied()
    }

    /// The agent's place; a new one for somebody who was never heard of.
    pub(crate) fn place(&mut self, id: &AgentId) -> AgentIx {
        self.known(id).unwrap_or_else(|| {
            let agent = AgentIx::new(self.slots.len());
            self.slots.push(Agent::new(id.clone()));
            self.by_id.insert(id.clone(), agent);
            agent
        })
    }

    /// Everybody on the desk, in the file's order.
    pub(crate) fn in_order(&self) -> &[AgentIx] {
        &self.in_order
    }

    /// Everybody who was ever heard of.
    pub(crate) fn all(&self) -> impl Iterator<Item = AgentIx> + use<> {
        (0..self.slots.len()).map(AgentIx::new)
    }

    pub(crate) fn free(&self, demand: DemandIx) -> &Bits {
        &self.free[demand.0]
    }

    /// For which demands the agent has room, one bit each; those beyond the 64th are left out.
    pub(crate) fn room_of(&self, agent: AgentIx) -> u64 {
        self.get(agent).room
    }

    /// Everybody who is offered work, whether with room or not.
    pub(crate) fn there(&self) -> &Bits {
        &self.there
    }

    /// Takes over who is on the desk and what they can do. Who is not any more is offline.
    pub(crate) fn adopt(&mut self, desk: &Desk) {
        let profiles: Vec<_> = desk
            .compiled
            .agents
            .iter()
            .map(|profile| (self.place(&profile.id), profile))
            .collect();
        self.free = vec![Bits::default(); desk.demands().len()];
        self.slots.iter_mut().for_each(|slot| slot.room = 0);
        let kept: BTreeSet<_> = profiles.iter().map(|(agent, _)| *agent).collect();
        for agent in self.all().filter(|agent| !kept.contains(agent)) {
            self.get_mut(agent).leave_desk();
        }
        self.in_order = profiles.iter().map(|(agent, _)| *agent).collect();
        for (order, (agent, profile)) in (0..).zip(profiles) {
            let slot = self.get_mut(agent);
            if slot.profile.is_none() {
                // What still happened to a former agent's tickets must not count for a newcomer.
                slot.leave_desk();
            }
            slot.order = order;
            slot.limits = Limits::of(profile);
            slot.profile = Some(Box::new(profile.clone()));
        }
        self.abilities = Abilities::of(self);
    }

    /// Everybody who fits, as [`Desk::fits`] says of each.
    pub(crate) fn fitting(&self, requirement: &Requirement, desk: &Desk) -> Bits {
        self.abilities.fitting(requirement, desk, self)
    }

    /// Notes who has room and who is ranked where, by what the agent's tickets take now.
    pub(crate) fn rate(&mut self, agent: AgentIx, desk: &Desk) {
        let slot = &mut self.slots[agent.at()];
        let online = slot.takes_offers();
        self.there.set(agent.at(), online);
        let before = slot.room;
        slot.room = 0;
        for (place, (demand, free)) in desk.demands().iter().zip(&mut self.free).enumerate() {
            let has_room = online && slot.has_room(*demand, desk);
            let bit = u64::from(has_room).checked_shl(u32::try_from(place).unwrap_or(u32::MAX));
            slot.room |= bit.unwrap_or(0);
            if bit.is_none_or(|bit| bit != before & (1 << place)) {
                free.set(agent.at(), has_room);
            }
        }
        slot.share = slot.share_in_use();
    }

    pub(crate) fn is_free_for_anything(&self, agent: AgentIx) -> bool {
        self.get(agent).room != 0 || self.free.iter().skip(64).any(|free| free.contains(agent.at()))
    }
}
