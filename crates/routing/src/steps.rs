//! Routing steps: what a queue tries first, and what it settles for later.
//!
//! A ticket that comes into a queue begins with the first step that is not passed over, and goes on when its time is
//! over or nobody is left for whom it is reserved. An open offer holds its step: what is due meanwhile is done when
//! the offer has ended. The last step neither ends nor is passed over.

mod begin;
pub(crate) mod carried;
mod lasting;
mod preferred;

use std::collections::BTreeSet;

use tandem_domain::routing::{Intake, RequeueReason, RoutingEvent, StepEnd, StepPlace};
use tandem_domain::{QueueId, Requirement, TicketId, Timestamp};

use crate::agents::{Agent, AgentIx};
use crate::classes::ClassIx;
use crate::desk::Asked;
use crate::order::WaitKey;
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::turn::Turn;
use begin::Bearings;

/// Beginning.
impl Turn<'_> {
    /// The step in which a new ticket begins, and what it asks.
    pub(crate) fn first_step(&self, intake: &Intake) -> (Requirement, StepPlace) {
        let asked = Asked::by(intake);
        let bearings = Bearings::of_intake(intake, &asked, self.now());
        self.state.step_from(&bearings, 0, self.now())
    }

    /// The step in which a ticket begins that comes into `queue`, again or from another one, and what it asks.
    pub(crate) fn first_step_in(
        &self,
        ticket: TicketId,
        queue: &QueueId,
        reason: RequeueReason,
    ) -> (Requirement, StepPlace) {
        let ticket = self.state.ticket(ticket);
        let mut bearings = self.state.bearings(ticket, queue, self.now());
        if is_handed_back(reason) {
            bearings.unwilling.extend(ticket.phase.holder());
        }
        self.state.step_from(&bearings, 0, self.now())
    }
}

/// Going on.
impl Turn<'_> {
    /// Lets every ticket go on whose step is over; before anything is offered.
    pub(crate) fn settle_steps(&mut self) {
        if self.state.touched.steps.is_empty() && !self.state.has_anybody_left() {
            return;
        }
        let mut tickets = self.state.deserted();
        tickets.append(&mut self.state.touched.steps);
        for ticket in tickets {
            self.leave_step(ticket);
        }
    }

    /// Goes on to the next step, if this one is over.
    pub(crate) fn leave_step(&mut self, id: TicketId) {
        let Some(ticket) = self.state.tickets.get(id) else {
            return;
        };
        let Some(why) = self.state.step_over(ticket, self.now()) else {
            return;
        };
        let at = self.state.requirement(ticket);
        let next = match why {
            // The queue's steps are others now, none of which the ticket has been through.
            StepEnd::DeskChanged => 0,
            StepEnd::Elapsed | StepEnd::NobodyLeft => at.step + 1,
        };
        let bearings = self.state.bearings(ticket, &at.queue, self.now());
        let (requirement, place) = self.state.step_from(&bearings, next, self.now());
        self.emit(RoutingEvent::StepEntered {
            ticket: id,
            requirement: requirement.into(),
            place,
            why,
        });
    }
}

/// Looking.
impl State {
    /// Whether a waiting ticket's step is over, and why.
    fn step_over(&self, ticket: &Ticket, now: Timestamp) -> Option<StepEnd> {
        let class = self.classes.get(ticket.class);
        let at = &class.requirement;
        if ticket.phase != Phase::Queued || self.desk().is_last_step(&at.queue, at.step) {
            return None;
        }
        let until = ticket.place.as_ref().and_then(|place| place.until);
        match until {
            None => Some(StepEnd::DeskChanged),
            Some(until) if until <= now => Some(StepEnd::Elapsed),
            Some(_) if at.only.is_empty() && class.fit.count() > 0 => None,
            Some(_) => {
                (!self.is_anybody_awaited(&class.fit.bits(), &passed_over(ticket, now))).then_some(StepEnd::NobodyLeft)
            }
        }
    }

    /// Whether a waiting ticket asks for what nobody on the desk can do, in this step or a later one. A step that nobody
    /// fits is passed over, so this is so in the last one only.
    pub(crate) fn is_unservable(&self, ticket: &Ticket) -> bool {
        ticket.phase == Phase::Queued && self.classes.get(ticket.class).fit.count() == 0
    }

    fn who_left(&self) -> impl Iterator<Item = &Agent> {
        let touched = self.touched.agents.iter().map(|agent| self.agents.get(*agent));
        touched.filter(|agent| !agent.takes_offers())
    }

    fn has_anybody_left(&self) -> bool {
        self.who_left().next().is_some()
    }

    pub(crate) fn count_unservable(&self) -> u64 {
        self.classes.hopeless().map(|class| class.waiting.len() as u64).sum()
    }

    /// Tickets that wait in steps which are reserved for somebody who has just left.
    fn deserted(&self) -> BTreeSet<TicketId> {
        let classes = self
            .who_left()
            .flat_map(|agent| agent.classes.common(&self.classes.waiting));
        let classes = classes.map(|class| self.classes.get(ClassIx::new(class)));
        let reserved = classes.filter(|class| !class.requirement.only.is_empty());
        reserved
            .flat_map(|class| class.waiting.iter().map(WaitKey::ticket))
            .collect()
    }
}

/// Whether somebody gave the ticket back, who must not be the next to get it.
pub(crate) fn is_handed_back(reason: RequeueReason) -> bool {
    matches!(reason, RequeueReason::Requested | RequeueReason::Transferred)
}

fn passed_over(ticket: &Ticket, now: Timestamp) -> Vec<AgentIx> {
    let passed = ticket.rare.passed_over.iter().filter(|passed| passed.until > now);
    passed.map(|passed| passed.agent).collect()
}
