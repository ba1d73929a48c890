//! An agent as the shortlists know him or her: all that a choice reads, side by side.

use tandem_domain::AgentId;
use tandem_domain::desk::Choice;

use super::Wanted;
use crate::agents::Agent;
use crate::choice::{Draw, Form, Merit, value};
use crate::classes::ClassIx;

/// What most agents are chosen by, on one line of the processor's caches.
#[derive(Debug, Default)]
#[repr(align(32))]
pub(super) struct Key {
    form: Form,
    order: u32,
}

impl Key {
    /// Takes over how the agent is now; whether anything is different.
    pub(super) fn learn(&mut self, agent: &Agent) -> bool {
        let now = (agent.form(), agent.order());
        let same = now == (self.form, self.order);
        (self.form, self.order) = now;
        !same
    }

    /// What the agent is worth, if this is said of him or her.
    pub(super) fn merit(&self, choice: Choice, standing: i64) -> Merit {
        Merit {
            value: value(choice, &self.form, standing),
            idle_since: self.form.idle_since,
            order: self.order,
        }
    }
}

#[derive(Debug)]
pub(super) struct Known {
    /// Units taken, and units that there are.
    pub(super) used: u32,
    pub(super) capacity: u32,
    /// For which demands there is room, one bit each.
    pub(super) free: u64,
    pub(super) id: AgentId,
    /// Where he or she stands.
    pub(super) seats: Vec<Seat>,
    draw: Draw,
}

/// A place on a shortlist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) class: ClassIx,
    /// What is said of the agent for as long as the desk file is in force.
    pub(super) standing: i64,
}

impl Known {
    pub(super) fn new(agent: &Agent) -> Self {
        Self {
            used: 0,
            capacity: 0,
            free: 0,
            id: agent.id.clone(),
            seats: Vec::new(),
            draw: Draw::of(&agent.id, agent.profile.as_ref().map_or(1, |profile| profile.weight)),
        }
    }

    /// Takes over how the agent is now.
    pub(super) fn learn(&mut self, agent: &Agent, free: u64) {
        self.free = free;
        (self.used, self.capacity) = (agent.load.used(), agent.capacity());
    }

    /// There is no shortlist of this class any more.
    pub(super) fn leave(&mut self, class: ClassIx) {
        if let Some(at) = self.seats.iter().position(|seat| seat.class == class) {
            self.seats.swap_remove(at);
        }
    }

    pub(super) fn has_room(&self, demand: usize) -> bool {
        self.free >> demand & 1 == 1
    }

    /// What was drawn by lot.
    pub(super) fn draw(&self, wanted: &Wanted) -> i64 {
        self.draw.of_offer(wanted.offer)
    }

    /// Whether another draw is better for sure, as can be said without the trouble of reckoning by how much.
    pub(super) fn cannot_beat(&self, value: i64, wanted: &Wanted) -> bool {
        self.draw.at_least(wanted.offer) > value
    }
}
