//! Events become state. The only place where facts change.

mod messages;
mod offers;

use std::sync::Arc;

use tandem_domain::routing::{Intake, RequeueReason, RoutingEvent, StepPlace};
use tandem_domain::{AgentId, CompiledDesk, Event, Presence, Requirement, TicketId, Timestamp, Trace};

use crate::agents::{AgentIx, Agents};
use crate::answers::Answers;
use crate::candidates::Candidates;
use crate::capacity::Load;
use crate::classes::{ClassIx, Classes};
use crate::desk::Desk;
use crate::handful::Handful;
use crate::last_agents::LastAgents;
use crate::news::News;
use crate::origins::Origin;
use crate::seldom::Seldom;
use crate::several::Short;
use crate::stale::is_escalations;
use crate::state::State;
use crate::steps::is_handed_back;
use crate::thread::{Received, Thread};
use crate::ticket::{Phase, Rare, Ticket, boxed};
use crate::turns::Turns;

impl State {
    pub(crate) fn apply(&mut self, event: &Event<RoutingEvent>) {
        self.applied += 1;
        self.last_at = event.at;
        self.just_closed.forget_old(event.at);
        self.last_agents.forget_old(event.at);
        let (ticket, other) = (event.body.ticket(), event.body.other_ticket());
        self.count_event(ticket, event.at);
        self.count_event(other, event.at);
        let unmarked = ticket.filter(|_| is_escalations(event)).and_then(|id| self.marks(id));
        self.fold(&event.body, event.at);
        self.note_trace(event);
        if let Some((id, marks)) = ticket.zip(unmarked) {
            self.set_marks(id, marks);
        }
        self.note_in_work_list(ticket);
        self.note_in_work_list(other);
        self.tidy_timers();
    }

    fn fold(&mut self, body: &RoutingEvent, at: Timestamp) {
        use RoutingEvent as E;
        match body {
            E::DeskActivated(desk) => self.switch_desk((**desk).clone(), at),
            E::PresenceChanged { agent, presence } => self.set_presence(agent, *presence, at),
            E::AvailabilityChanged { agent, available } => self.set_available(agent, *available, at),
            E::TicketOpened {
                ticket,
                intake,
                requirement,
                place,
            } => self.open(*ticket, intake, (requirement, place), at),
            E::MessageAdded { .. } | E::AnswerAdded { .. } | E::AnswerDelivered { .. } | E::AnswerFailed { .. } => {
                self.fold_message(body, at);
            }
            E::OfferIssued { .. }
            | E::OfferAccepted { .. }
            | E::OfferDeclined { .. }
            | E::OfferExpired { .. }
            | E::OfferRevoked { .. }
            | E::HelpOffered { .. }
            | E::HelpAccepted { .. }
            | E::HelpRefused { .. } => self.fold_offer(body, at),
            E::TicketHeld { ticket } => self.hold(*ticket, at),
            E::TicketResumed { ticket } | E::WrapUpInterrupted { ticket } => self.take_up(*ticket, at),
            E::TicketRequeued {
                ticket,
                requirement,
                reason,
                place,
            } => self.requeue(*ticket, (requirement, place), *reason, at),
            E::StepEntered {
                ticket,
                requirement,
                place,
                ..
            } => self.queue(*ticket, requirement, place, at),
            E::WrapUpStarted { ticket, until } => self.wrap_up(*ticket, *until, at),
            E::TicketDone { ticket } => self.finish(*ticket, at),
            E::TicketCancelled { ticket } => self.withdraw(*ticket, Phase::Cancelled, at),
            E::TicketAbandoned { ticket } => self.withdraw(*ticket, Phase::Abandoned, at),
            E::TicketClosed { ticket } => self.forget(*ticket, at),
            E::PriorityChanged { ticket, priority } => self.reprioritise(*ticket, *priority),
            E::AgeAdjusted { ticket, by } => self.count_as_older(*ticket, *by),
            E::HelperLeft { ticket, agent, .. } => self.drop_helper(*ticket, agent, at),
            E::OwnerChanged { ticket, to, .. } => self.change_owner(*ticket, to, at),
            E::TicketMerged { ticket, into, .. } => self.merge(*ticket, *into, at),
            E::TicketSplit {
                ticket,
                from,
                intake,
                messages,
                requirement,
                place,
                still_waiting_since,
            } => {
                let moved = self.take_out(*from, messages, *still_waiting_since);
                self.open_with(*ticket, intake, moved, (requirement, place), at);
            }
            E::TicketScheduled { ticket, until } => self.schedule(*ticket, *until, at),
        }
    }

    fn owner(&self, ticket: TicketId) -> AgentIx {
        self.ticket(ticket)
            .phase
            .owner()
            .expect("only an owned ticket is held, resumed or wrapped up")
    }

    fn count_event(&mut self, ticket: Option<TicketId>, at: Timestamp) {
        if let Some(ticket) = ticket.and_then(|id| self.tickets.get_mut(id)) {
            ticket.version += 1;
            ticket.changed_at = at;
        }
    }

    fn note_in_work_list(&mut self, ticket: Option<TicketId>) {
        let ticket = ticket.and_then(|id| self.tickets.get(id));
        if let Some(ticket) = ticket {
            ticket.each_holder(|agent, _| note_change(&mut self.agents, &mut self.news, agent, self.applied));
        }
    }
}

/// The agent's work list is another one since this event.
pub(crate) fn note_change(agents: &mut Agents, news: &mut News, agent: AgentIx, event: u64) {
    let slot = agents.get_mut(agent);
    if slot.changed != event {
        slot.changed = event;
        news.note(event, agent);
    }
}

/// Tickets.
impl State {
    pub(crate) fn open(
        &mut self,
        id: TicketId,
        intake: &Intake,
        (requirement, place): (&Requirement, &StepPlace),
        at: Timestamp,
    ) {
        let (origin, class) = self.bearing(intake, requirement);
        self.last_ticket = id.0;
        self.insert(Ticket {
            id,
            conversation: intake.conversation,
            origin,
            customer: intake.customer,
            class,
            place: boxed(place),
            priority: intake.priority,
            phase: Phase::Queued,
            care: Seldom::default(),
            messages: 1,
            thread: Thread {
                messages: Handful::One(Received {
                    message: intake.message,
                    automatic: intake.automatic,
                    at: intake.received_at.min(at),
                }),
                ..Thread::default()
            },
            // A ticket that the router hears of late has waited all the same.
            opened_at: intake.received_at.min(at),
            rare: Rare {
                tandem: intake.tandem.clone(),
                ..Rare::default()
            }
            .into(),
            changed_at: at,
            version: 1,
            answers: Answers {
                waiting_since: Some(intake.received_at.min(at)),
                ..Answers::default()
            },
            trace: Trace::default(),
        });
    }

    /// What a new ticket has in common with others, and where it waits.
    fn bearing(&mut self, intake: &Intake, requirement: &Requirement) -> (Arc<Origin>, ClassIx) {
        let Some((origin, place, known)) = self.origins.expected(intake) else {
            return (self.origins.of(intake), self.class_of(requirement));
        };
        let class = known.unwrap_or_else(|| self.class_of(requirement));
        if known.is_none() {
            self.origins.note_class(place, class);
        }
        debug_assert_eq!(
            self.classes.find(requirement),
            Some(class),
            "such tickets wait elsewhere"
        );
        (origin, class)
    }

    fn hold(&mut self, id: TicketId, at: Timestamp) {
        let owner = self.owner(id);
        self.shift(id, Phase::OnHold { owner }, at);
    }

    fn take_up(&mut self, id: TicketId, at: Timestamp) {
        let owner = self.owner(id);
        self.shift(id, Phase::Assigned { owner }, at);
    }

    fn wrap_up(&mut self, id: TicketId, until: Timestamp, at: Timestamp) {
        let owner = self.owner(id);
        self.shift(id, Phase::WrappingUp { owner, until }, at);
    }

    fn withdraw(&mut self, id: TicketId, phase: Phase, at: Timestamp) {
        self.shift(id, phase, at);
        self.forget(id, at);
    }

    fn requeue(
        &mut self,
        id: TicketId,
        (requirement, place): (&Requirement, &StepPlace),
        reason: RequeueReason,
        at: Timestamp,
    ) {
        let holder = self.ticket(id).phase.holder().filter(|_| is_handed_back(reason));
        self.queue(id, requirement, place, at);
        let ticket = self.ticket_mut(id);
        ticket.care.chosen = None;
        ticket.care.moved = ticket.version;
        if let Some(agent) = holder {
            let agent = self.agents.get(agent).id.clone();
            self.pass_over(id, &agent, self.pause_end(id, at), at);
        }
    }

    fn finish(&mut self, id: TicketId, at: Timestamp) {
        let owner = self.ticket(id).phase.owner();
        let closes_at = at.plus(self.desk().compiled.close_after);
        self.shift(id, Phase::Done { owner, closes_at }, at);
    }
}

/// Agents and the desk.
impl State {
    fn set_presence(&mut self, agent: &AgentId, presence: Presence, at: Timestamp) {
        let agent = self.agents.place(agent);
        self.appear(agent, presence, at);
        let slot = self.agents.get_mut(agent);
        if presence == Presence::Online {
            slot.missed = 0;
            slot.idle_since = at;
        }
        self.refresh(agent);
    }

    /// Puts another version of the desk in force: who fits what and what tickets ask for is worked out anew.
    pub(crate) fn switch_desk(&mut self, compiled: CompiledDesk, at: Timestamp) {
        let desk = Desk::new(compiled);
        if self.desk.is_some() {
            self.stop_absences();
        }
        self.agents.adopt(&desk);
        self.pace.keep(|queue| desk.queue(queue).is_some());
        if !desk.prefers_last_agents() {
            self.last_agents = LastAgents::default();
        }
        let tickets = self.all_asked();
        self.desk = Some(desk);
        self.turns = Turns::default();
        self.classes = Classes::carrying(self.classes.overtaking());
        self.candidates = Candidates::default();
        self.choices.clear();
        self.origins.forget_requirements();
        self.short = Short::default();
        self.touched.clear();
        for agent in self.agents.all() {
            let slot = self.agents.get_mut(agent);
            slot.classes.clear();
            slot.load = Load::default();
        }
        for before in tickets {
            self.reclassify(&before);
        }
        self.watch_windows(at);
        for agent in self.agents.all() {
            self.refresh(agent);
        }
    }
}
