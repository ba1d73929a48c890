//! An agent as the shortlists know him or her: all that a choice reads, side by side.

use tandem_domain::AgentId;
use tandem_domain::desk::Choice;

use super::Wanted;
use crate::agents::Agent;
use crate::choice::{Draw, Form, Merit, standing, value};
use crate::classes::ClassIx;

#[derive(Debug)]
pub(super) struct Known {
    form: Form,
    order: u32,
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
            form: Form::default(),
            order: 0,
            used: 0,
            capacity: 0,
            free: 0,
            id: agent.id.clone(),
            seats: Vec::new(),
            draw: Draw::of(&agent.id, agent.profile.as_ref().map_or(1, |profile| profile.weight)),
        }
    }

    /// Takes over how the agent is now; whether anything is different.
    pub(super) fn learn(&mut self, agent: &Agent, free: u64) -> bool {
        let now = (agent.form(), agent.order(), free);
        let same = now == (self.form, self.order, self.free);
        (self.form, self.order, self.free) = now;
        (self.used, self.capacity) = (agent.load.used(), agent.capacity());
        !same
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

    /// What the agent is worth, if this is said of him or her.
    pub(super) fn merit_by(&self, choice: Choice, standing: i64) -> Merit {
        Merit {
            value: value(choice, &self.form, standing),
            idle_since: self.form.idle_since,
            order: self.order,
        }
    }

    pub(super) fn merit(&self, wanted: &Wanted, agent: &Agent) -> Merit {
        let of_profile = match (wanted.choice, &agent.profile) {
            (Choice::LeastLoaded | Choice::LongestIdle | Choice::RoundRobin, _) | (_, None) => 0,
            (Choice::Weighted, _) => self.draw.of_offer(wanted.offer),
            (choice, Some(profile)) => standing(choice, profile, wanted.requirement),
        };
        self.merit_by(wanted.choice, of_profile)
    }

    /// Whether the agent is worth less than this for sure, as can be said without the trouble of reckoning how much.
    pub(super) fn cannot_beat(&self, value: i64, wanted: &Wanted) -> bool {
        wanted.choice == Choice::Weighted && self.draw.at_least(wanted.offer) > value
    }
}
