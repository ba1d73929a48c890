//! Who is passed over for which ticket, from the history.

use std::collections::BTreeMap;

use tandem_domain::routing::{RequeueReason, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, QueueId, TicketId, Timestamp};

use crate::world::World;

/// Until when whom is passed over for what.
pub(super) type Pauses = BTreeMap<(TicketId, AgentId), Timestamp>;

pub(super) fn pauses(world: &World) -> Pauses {
    let mut told = Told::default();
    for event in &world.history {
        told.note_place(event);
        told.note_pause(event);
        told.note_owner(event);
    }
    told.pauses
}

/// What the history has told so far.
#[derive(Default)]
struct Told<'a> {
    desk: Option<&'a CompiledDesk>,
    queues: BTreeMap<TicketId, &'a QueueId>,
    owners: BTreeMap<TicketId, &'a AgentId>,
    pauses: Pauses,
}

impl<'a> Told<'a> {
    /// Which desk is in force, and in which queue a ticket is.
    fn note_place(&mut self, event: &'a Event<RoutingEvent>) {
        match &event.body {
            RoutingEvent::DeskActivated(activated) => self.desk = Some(activated),
            RoutingEvent::TicketOpened {
                ticket, requirement, ..
            }
            | RoutingEvent::TicketSplit {
                ticket, requirement, ..
            }
            | RoutingEvent::TicketRequeued {
                ticket, requirement, ..
            } => {
                self.queues.insert(*ticket, &requirement.queue);
            }
            _ => {}
        }
    }

    /// Who is passed over from now on: who did not take the ticket, or handed it back.
    fn note_pause(&mut self, event: &Event<RoutingEvent>) {
        match &event.body {
            RoutingEvent::OfferDeclined {
                ticket, agent, until, ..
            }
            | RoutingEvent::OfferExpired {
                ticket, agent, until, ..
            } => self.pause(*ticket, agent, *until),
            RoutingEvent::OfferRevoked {
                ticket,
                agent,
                reason: RevokeReason::TicketMoved,
                ..
            } => self.pause(*ticket, agent, self.end(*ticket, event.at)),
            RoutingEvent::TicketRequeued {
                ticket,
                reason: RequeueReason::Requested | RequeueReason::Transferred,
                ..
            } => {
                if let Some(&owner) = self.owners.get(ticket) {
                    self.pause(*ticket, owner, self.end(*ticket, event.at));
                }
            }
            _ => {}
        }
    }

    /// Whose the ticket is. With an owner, and with a new beginning, nobody is passed over any more.
    fn note_owner(&mut self, event: &'a Event<RoutingEvent>) {
        match &event.body {
            RoutingEvent::OfferAccepted { ticket, agent, .. }
            | RoutingEvent::OwnerChanged { ticket, to: agent, .. } => {
                self.owners.insert(*ticket, agent);
                self.forgive(*ticket);
            }
            RoutingEvent::TicketScheduled { ticket, .. } => {
                self.owners.remove(ticket);
                self.forgive(*ticket);
            }
            RoutingEvent::TicketDone { ticket } | RoutingEvent::TicketRequeued { ticket, .. } => {
                self.owners.remove(ticket);
            }
            _ => {}
        }
    }

    fn pause(&mut self, ticket: TicketId, agent: &AgentId, until: Timestamp) {
        self.pauses.insert((ticket, agent.clone()), until);
    }

    fn forgive(&mut self, ticket: TicketId) {
        self.pauses.retain(|(of, _), _| *of != ticket);
    }

    /// When a pause that begins now ends: as the queue, in the desk file of the time, says.
    fn end(&self, ticket: TicketId, now: Timestamp) -> Timestamp {
        let queue = self.queues[&ticket];
        let policy = self.desk.unwrap().queues.iter().find(|policy| policy.id == *queue);
        now.plus(policy.map(|policy| policy.decline_pause).unwrap_or_default())
    }
}
