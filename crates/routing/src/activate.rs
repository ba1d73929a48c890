//! A new version of the desk comes into force, live.

use std::collections::BTreeMap;

use tandem_domain::routing::{HelpEnd, Rejection, Reply, RequeueReason, RevokeReason, RoutingEvent};
use tandem_domain::{CompiledDesk, QueueId, TicketId};

use crate::agents::AgentIx;
use crate::holders::OpenOffer;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn};

impl Turn<'_> {
    pub(crate) fn activate(&mut self, mut desk: Box<CompiledDesk>) -> Result<Outcome, Rejection> {
        self.refuse_dropped_queues(&desk)?;
        let version = self.state.desk.as_ref().map_or(0, |desk| desk.compiled.version) + 1;
        desk.version = version;
        self.emit(RoutingEvent::DeskActivated(desk));
        self.release_removed_agents();
        self.adopt_windows();
        self.revoke_misfits();
        Ok(Outcome::Reply(Reply::Activated { version }))
    }

    /// A resolved ticket does not keep its queue alive: if it is reopened, the first queue takes it.
    fn refuse_dropped_queues(&self, new: &CompiledDesk) -> Result<(), Rejection> {
        let Some(old) = &self.state.desk else { return Ok(()) };
        let mut open: BTreeMap<&QueueId, u64> = BTreeMap::new();
        for ticket in self.state.tickets.values().filter(|ticket| ticket.is_open()) {
            *open.entry(&self.state.requirement(ticket).queue).or_default() += 1;
        }
        let mut dropped = old
            .compiled
            .queues
            .iter()
            .filter(|old| new.queues.iter().all(|queue| queue.id != old.id));
        let in_use = dropped.find_map(|queue| Some((queue, *open.get(&queue.id)?)));
        in_use.map_or(Ok(()), |(queue, tickets)| {
            Err(Rejection::QueueInUse {
                queue: queue.id.clone(),
                tickets,
            })
        })
    }

    fn release_removed_agents(&mut self) {
        for agent in self.state.agents.all() {
            if self.state.profile(agent).is_none() {
                self.release(agent);
            }
        }
    }

    fn release(&mut self, agent: AgentIx) {
        for ticket in self.items(agent) {
            let known = self.state.ticket(ticket);
            if known.rare.helpers.iter().any(|helper| helper.agent == agent) {
                self.dismiss(ticket, agent, HelpEnd::AgentRemoved);
                continue;
            }
            match known.phase {
                _ if known.care.offers.iter().any(|offer| offer.agent == agent) => {
                    self.revoke_from(agent, ticket, RevokeReason::DeskChanged);
                }
                // Its customer is served.
                Phase::WrappingUp { .. } => self.emit(RoutingEvent::TicketDone { ticket }),
                _ => self.put_back(ticket, RequeueReason::AgentRemoved),
            }
        }
    }

    /// Takes back offers that the new version would not make; the newest first where somebody has too many.
    fn revoke_misfits(&mut self) {
        for agent in self.state.agents.in_order().to_vec() {
            for ticket in self.items(agent).into_iter().rev() {
                if !self.has_room_still(agent, ticket) || !self.may_keep_offer(agent, ticket) {
                    self.revoke_from(agent, ticket, RevokeReason::DeskChanged);
                }
            }
        }
    }

    fn has_room_still(&self, agent: AgentIx, ticket: TicketId) -> bool {
        let (slot, channel) = (
            self.state.agents.get(agent),
            self.state.demand(self.state.ticket(ticket)).channel,
        );
        slot.limits()
            .keep(&slot.load, channel, self.state.desk().interruptions())
    }

    /// An offer made by hand was made whatever the agent's skills.
    fn may_keep_offer(&self, agent: AgentIx, ticket: TicketId) -> bool {
        let ticket = self.state.ticket(ticket);
        let mut offers = ticket.care.offers.iter().filter(|offer| offer.agent == agent);
        offers.any(OpenOffer::is_direct) || self.state.agents.get(agent).classes.contains(ticket.class.at())
    }

    fn items(&self, agent: AgentIx) -> Vec<TicketId> {
        self.state
            .agents
            .get(agent)
            .items
            .iter()
            .map(|(_, ticket)| *ticket)
            .collect()
    }
}
