//! Replays a desk's events in a way that has nothing in common with the router's core, and checks each step.
//!
//! The core decides with indices and reserves; this only follows, with plain maps, and asks of every event
//! whether it was allowed where it stands. A fault that both had in common would need to be made twice.

mod agents;
mod tickets;

use std::collections::BTreeMap;

use tandem_domain::core::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{CompiledDesk, MessageId, TicketId};

use super::finding::{Findings, Kind};
use agents::Agents;
use tickets::Tickets;

/// Where every message, ticket and agent of a desk stands after its journal.
#[derive(Default)]
pub struct History {
    desk: Option<CompiledDesk>,
    tickets: Tickets,
    agents: Agents,
    /// On which ticket each message is.
    pub messages: BTreeMap<MessageId, TicketId>,
}

impl History {
    /// Follows one event.
    pub fn follow(&mut self, seq: u64, event: &Event<RoutingEvent>, findings: &mut Findings) {
        use RoutingEvent as E;
        match &event.body {
            E::DeskActivated(desk) => self.activate(desk),
            E::TicketOpened {
                ticket,
                intake,
                requirement,
            } => {
                self.put_message(seq, intake.message, *ticket, findings);
                self.tickets.open(seq, *ticket, requirement, findings);
            }
            E::MessageAdded { ticket, message, .. } => {
                self.put_message(seq, *message, *ticket, findings);
                self.tickets.must_be_live(seq, *ticket, findings);
            }
            E::PresenceChanged { agent, presence } => self.agents.set_presence(agent, *presence),
            E::OfferIssued {
                ticket, agent, ranking, ..
            } => {
                self.tickets.offer(seq, event, findings);
                self.check_offer(seq, *ticket, agent, ranking.direct, findings);
            }
            _ => self.tickets.follow(seq, event, findings),
        }
        self.check_capacity(seq, findings);
    }

    /// Tickets that wait.
    pub fn queued(&self) -> impl Iterator<Item = TicketId> {
        self.tickets.queued()
    }

    fn activate(&mut self, desk: &CompiledDesk) {
        self.agents.keep_only(desk);
        self.desk = Some(desk.clone());
    }

    fn put_message(&mut self, seq: u64, message: MessageId, ticket: TicketId, findings: &mut Findings) {
        if let Some(other) = self.messages.insert(message, ticket) {
            findings.add(
                Kind::MessageTwice,
                format!("seq {seq}"),
                format!("message {message} is on {other} and on {ticket}"),
            );
        }
    }

    fn check_offer(
        &self,
        seq: u64,
        ticket: TicketId,
        agent: &tandem_domain::AgentId,
        direct: bool,
        findings: &mut Findings,
    ) {
        let (Some(desk), Some(requirement)) = (&self.desk, self.tickets.requirement(ticket)) else {
            return;
        };
        let subject = format!("seq {seq}");
        findings.check(
            self.agents.is_online(agent),
            Kind::NotOnline,
            &subject,
            format!("{ticket} was offered to {agent}"),
        );
        let Some(profile) = desk.agents.iter().find(|profile| profile.id == *agent) else {
            findings.add(Kind::NotEligible, subject, format!("{agent} is not on the desk"));
            return;
        };
        if !direct && let Some(lack) = agents::lack(desk, profile, requirement) {
            findings.add(
                Kind::NotEligible,
                subject,
                format!("{ticket} was offered to {agent}, who lacks {lack}"),
            );
        }
    }

    /// A smaller desk file may leave agents with more than it allows; what they had may stay, nothing may come on top.
    fn check_capacity(&mut self, seq: u64, findings: &mut Findings) {
        let Some(desk) = &self.desk else { return };
        for (agent, load) in self.tickets.take_grown(desk) {
            let Some(profile) = desk.agents.iter().find(|profile| profile.id == agent) else {
                continue;
            };
            if let Some(excess) = load.excess(profile) {
                findings.add(
                    Kind::OverCapacity,
                    format!("seq {seq}"),
                    format!("{agent} has {excess}"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
