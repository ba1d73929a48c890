//! Replays a desk's events in a way that has nothing in common with the router's core, and checks each step.
//!
//! The core decides with indices and reserves; this only follows, with plain maps, and asks of every event
//! whether it was allowed where it stands. A fault that both had in common would need to be made twice.

mod agents;
mod answers;
mod eligible;
mod idle;
mod left_over;
mod load;
mod moved;
mod offers;
mod requirement;
mod steps;
mod ticket;
mod tickets;

use std::collections::BTreeMap;

use tandem_domain::core::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, CompiledDesk, MessageId, Presence, TicketId, Timestamp};

use super::finding::{Findings, Kind, Notes};
use agents::Agents;
pub(crate) use moved::Moved;
use tickets::Tickets;

/// Where every message, ticket and agent of a desk stands after its journal.
#[derive(Default)]
pub(crate) struct History {
    desk: Option<CompiledDesk>,
    tickets: Tickets,
    agents: Agents,
    /// On which ticket each message is.
    pub(crate) messages: BTreeMap<MessageId, TicketId>,
    /// On which ticket each answer and each note is.
    pub(crate) answers: BTreeMap<MessageId, Answered>,
    /// Where those went that did not stay where they were put first.
    pub(crate) moved: BTreeMap<MessageId, Moved>,
    /// When the last event happened: everything that was due until then had been done before it.
    last_at: Timestamp,
}

/// Where an answer or a note is.
#[derive(Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) ticket: TicketId,
    /// The number of the record that says so.
    pub(crate) seq: u64,
}

/// Whether an event could happen where it stands; only then does the router's core know how to replay it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Possible,
    Impossible,
}

impl History {
    /// Follows one event.
    pub(crate) fn follow(&mut self, seq: u64, event: &Event<RoutingEvent>, findings: &mut Findings) -> Step {
        let mut notes = findings.at(seq);
        self.last_at = event.at;
        let impossible = match &event.body {
            RoutingEvent::DeskActivated(desk) => self.activate(desk),
            _ if self.desk.is_none() => Some("the desk has no desk file yet".to_owned()),
            RoutingEvent::PresenceChanged { agent, presence } => self.set_presence(agent, *presence),
            RoutingEvent::AvailabilityChanged { agent, available } => {
                self.agents.set_available(agent, *available);
                None
            }
            RoutingEvent::TicketSplit { .. } | RoutingEvent::TicketMerged { .. } => {
                let nothing_there = self.move_messages(seq, &event.body, &mut notes);
                nothing_there.or(self.follow_ticket(seq, event, &mut notes))
            }
            _ => self.follow_ticket(seq, event, &mut notes),
        };
        match impossible {
            None => Step::Possible,
            Some(why) => {
                notes.add(Kind::IllegalStep, why);
                Step::Impossible
            }
        }
    }

    fn activate(&mut self, desk: &CompiledDesk) -> Option<String> {
        let before = self.desk.as_ref().map_or(0, |desk| desk.version);
        self.agents.keep_only(desk);
        self.tickets.adopt(desk);
        self.desk = Some(desk.clone());
        (desk.version != before + 1).then(|| format!("version {} follows version {before}", desk.version))
    }

    fn set_presence(&mut self, agent: &AgentId, presence: Presence) -> Option<String> {
        let desk = self.desk.as_ref()?;
        self.agents.set_presence(agent, presence);
        agents::profile(desk, agent)
            .is_none()
            .then(|| format!("{agent} is not on the desk"))
    }

    fn follow_ticket(&mut self, seq: u64, event: &Event<RoutingEvent>, notes: &mut Notes) -> Option<String> {
        let desk = self.desk.as_ref()?;
        match &event.body {
            RoutingEvent::TicketOpened { ticket, intake, .. } => {
                put_message(&mut self.messages, intake.message, *ticket, notes);
            }
            RoutingEvent::MessageAdded { ticket, message, .. } => {
                put_message(&mut self.messages, *message, *ticket, notes);
            }
            RoutingEvent::AnswerAdded { ticket, message, .. } => {
                let (answer, ticket) = (*message, *ticket);
                let new = !self.messages.contains_key(&answer);
                notes.check(new, Kind::MessageTwice, || {
                    format!("{answer} came in, and is given on {ticket}")
                });
                let first = *self.answers.entry(answer).or_insert(Answered { ticket, seq });
                notes.check(first.ticket == ticket, Kind::MessageTwice, || {
                    format!("answer {answer} is on {} and on {ticket}", first.ticket)
                });
            }
            RoutingEvent::OfferIssued {
                ticket, agent, ranking, ..
            } => {
                self.check_offer(desk, *ticket, (agent, ranking.direct), event.at, notes);
            }
            _ => {}
        }
        self.tickets.follow(desk, event, notes)
    }

    /// Whether the agent may be offered the ticket. Offers by hand are made whatever the skills.
    fn check_offer(
        &self,
        desk: &CompiledDesk,
        id: TicketId,
        (agent, direct): (&AgentId, bool),
        at: Timestamp,
        notes: &mut Notes,
    ) {
        let Some(ticket) = self.tickets.get(id) else { return };
        notes.check(self.agents.is_online(agent), Kind::NotOnline, || {
            format!("{id} was offered to {agent}")
        });
        let Some(profile) = agents::profile(desk, agent) else {
            return notes.add(Kind::NotEligible, format_args!("{agent} is not on the desk"));
        };
        if direct {
            return;
        }
        if let Some(lack) = eligible::lack(desk, profile, ticket.requirement()) {
            notes.add(
                Kind::NotEligible,
                format_args!("{id} was offered to {agent}, who lacks {lack}"),
            );
        }
        notes.check(!ticket.passes_over(agent, at), Kind::NotPassedOver, || {
            format!("{id} was offered to {agent}, who had just declined, missed or handed it back")
        });
    }

    /// Checks that no eligible idle agent and eligible waiting ticket exist side by side at the history's end.
    pub(crate) fn check_idle(&self, findings: &mut Findings) {
        if let Some(desk) = &self.desk {
            idle::check(desk, &self.tickets, &self.agents, self.last_at, findings);
        }
    }
}

/// A message stays where it was put first.
fn put_message(messages: &mut BTreeMap<MessageId, TicketId>, message: MessageId, ticket: TicketId, notes: &mut Notes) {
    let first = *messages.entry(message).or_insert(ticket);
    notes.check(first == ticket, Kind::MessageTwice, || {
        format!("message {message} is on {first} and on {ticket}")
    });
}

#[cfg(test)]
mod tests;
