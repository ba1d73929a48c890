//! Every ticket's way, and what each agent has at hand.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::core::Event;
use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, Channel, CompiledDesk, OfferId, Requirement, TicketId, Timestamp};

use crate::audit::finding::{Findings, Kind};

#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    Queued,
    Offered {
        offer: OfferId,
        agent: AgentId,
        expires_at: Timestamp,
    },
    Assigned(AgentId),
    OnHold(AgentId),
    WrappingUp(AgentId),
    Done,
    Gone,
}

impl At {
    fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Offered { .. } => "offered",
            Self::Assigned(_) => "assigned",
            Self::OnHold(_) => "on hold",
            Self::WrappingUp(_) => "wrapping up",
            Self::Done => "done",
            Self::Gone => "closed or cancelled",
        }
    }

    fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Offered { agent, .. } | Self::Assigned(agent) | Self::OnHold(agent) | Self::WrappingUp(agent) => {
                Some(agent)
            }
            Self::Queued | Self::Done | Self::Gone => None,
        }
    }
}

struct Ticket {
    at: At,
    requirement: Requirement,
}

/// What an agent has at hand.
#[derive(Default)]
pub struct Load {
    units: u32,
    by_channel: BTreeMap<Channel, u32>,
}

impl Load {
    /// What is too much, in words.
    pub fn excess(&self, profile: &AgentProfile) -> Option<String> {
        if self.units > profile.capacity {
            return Some(format!("{} units of {}", self.units, profile.capacity));
        }
        let over = self.by_channel.iter().find(|(channel, count)| {
            profile
                .channel_max
                .get(*channel)
                .is_some_and(|maximum| *count > maximum)
        });
        over.map(|(channel, count)| format!("{count} tickets of channel {channel}"))
    }
}

/// Every ticket of a desk.
#[derive(Default)]
pub struct Tickets {
    tickets: BTreeMap<TicketId, Ticket>,
    by_agent: BTreeMap<AgentId, BTreeSet<TicketId>>,
    grown: BTreeSet<AgentId>,
}

impl Tickets {
    /// What a ticket asks of an agent.
    pub fn requirement(&self, ticket: TicketId) -> Option<&Requirement> {
        self.tickets.get(&ticket).map(|ticket| &ticket.requirement)
    }

    /// Those that wait.
    pub fn queued(&self) -> impl Iterator<Item = TicketId> {
        self.tickets
            .iter()
            .filter(|(_, ticket)| ticket.at == At::Queued)
            .map(|(id, _)| *id)
    }

    /// A new ticket: numbers go up by one.
    pub fn open(&mut self, seq: u64, ticket: TicketId, requirement: &Requirement, findings: &mut Findings) {
        let expected = self.tickets.keys().next_back().map_or(1, |last| last.0 + 1);
        findings.check(
            ticket.0 == expected,
            Kind::IllegalStep,
            format!("seq {seq}"),
            format!("{ticket} follows T{}", expected - 1),
        );
        self.tickets.insert(
            ticket,
            Ticket {
                at: At::Queued,
                requirement: requirement.clone(),
            },
        );
    }

    /// Messages join only tickets that can still be opened again.
    pub fn must_be_live(&mut self, seq: u64, ticket: TicketId, findings: &mut Findings) {
        let live = self.tickets.get(&ticket).is_some_and(|ticket| ticket.at != At::Gone);
        findings.check(
            live,
            Kind::IllegalStep,
            format!("seq {seq}"),
            format!("a message joined {ticket}, which is not there"),
        );
    }

    /// An offer is made on a queued ticket.
    pub fn offer(&mut self, seq: u64, event: &Event<RoutingEvent>, findings: &mut Findings) {
        let RoutingEvent::OfferIssued {
            offer,
            ticket,
            agent,
            expires_at,
            ..
        } = &event.body
        else {
            return;
        };
        let at = At::Offered {
            offer: *offer,
            agent: agent.clone(),
            expires_at: *expires_at,
        };
        let holder = self.tickets.get(ticket).and_then(|ticket| ticket.at.agent());
        if let Some(holder) = holder {
            findings.add(
                Kind::TwoOwners,
                format!("seq {seq}"),
                format!("{ticket} is {holder}'s and was offered to {agent}"),
            );
        }
        self.step(seq, *ticket, at, |from| matches!(from, At::Queued), findings);
    }

    /// Everything that happens to a ticket after it was opened and besides offers being made.
    pub fn follow(&mut self, seq: u64, event: &Event<RoutingEvent>, findings: &mut Findings) {
        use RoutingEvent as E;
        match &event.body {
            E::OfferAccepted { offer, ticket, agent } => self.accept(seq, event.at, (*offer, *ticket, agent), findings),
            E::OfferDeclined { offer, ticket, .. }
            | E::OfferExpired { offer, ticket, .. }
            | E::OfferRevoked { offer, ticket, .. } => {
                let open = |from: &At| matches!(from, At::Offered { offer: open, .. } if open == offer);
                self.step(seq, *ticket, At::Queued, open, findings);
            }
            E::TicketHeld { ticket } => self.pass_on(seq, *ticket, At::OnHold, findings),
            E::TicketResumed { ticket } | E::WrapUpInterrupted { ticket } => {
                self.pass_on(seq, *ticket, At::Assigned, findings);
            }
            E::WrapUpStarted { ticket, .. } => self.pass_on(seq, *ticket, At::WrappingUp, findings),
            E::TicketRequeued {
                ticket, requirement, ..
            } => self.requeue(seq, *ticket, requirement, findings),
            E::TicketDone { ticket } => self.step(seq, *ticket, At::Done, |from| *from != At::Gone, findings),
            E::TicketCancelled { ticket } => self.step(seq, *ticket, At::Gone, |from| *from != At::Gone, findings),
            E::TicketClosed { ticket } => self.step(seq, *ticket, At::Gone, |from| *from == At::Done, findings),
            E::DeskActivated(_)
            | E::TicketOpened { .. }
            | E::MessageAdded { .. }
            | E::PresenceChanged { .. }
            | E::OfferIssued { .. } => {}
        }
    }

    /// Agents who got something since the last call, with all that they have.
    pub fn take_grown(&mut self, desk: &CompiledDesk) -> Vec<(AgentId, Load)> {
        let grown = std::mem::take(&mut self.grown);
        grown
            .into_iter()
            .map(|agent| (agent.clone(), self.load(&agent, desk)))
            .collect()
    }

    fn load(&self, agent: &AgentId, desk: &CompiledDesk) -> Load {
        let mut load = Load::default();
        for ticket in self
            .by_agent
            .get(agent)
            .into_iter()
            .flatten()
            .filter_map(|id| self.tickets.get(id))
        {
            let channel = ticket.requirement.channel;
            let policy = desk.channels.get(&channel);
            let on_hold = matches!(ticket.at, At::OnHold(_));
            load.units += policy.map_or(0, |policy| if on_hold { policy.hold_units } else { policy.units });
            *load.by_channel.entry(channel).or_default() += u32::from(!on_hold);
        }
        load
    }

    fn accept(
        &mut self,
        seq: u64,
        at: Timestamp,
        (offer, ticket, agent): (OfferId, TicketId, &AgentId),
        findings: &mut Findings,
    ) {
        let open = self.tickets.get(&ticket).map(|ticket| &ticket.at);
        let why = match open {
            Some(At::Offered { offer: open, .. }) if *open != offer => Some(format!("{offer} is not open on {ticket}")),
            Some(At::Offered { agent: whose, .. }) if whose != agent => {
                Some(format!("{offer} is {whose}'s, not {agent}'s"))
            }
            Some(At::Offered { expires_at, .. }) if at >= *expires_at => {
                Some(format!("{offer} had expired at {expires_at}"))
            }
            Some(At::Offered { .. }) => None,
            _ => Some(format!("{ticket} was not offered")),
        };
        if let Some(why) = why {
            findings.add(Kind::FalseAccept, format!("seq {seq}"), why);
        }
        self.put(ticket, At::Assigned(agent.clone()));
    }

    fn requeue(&mut self, seq: u64, ticket: TicketId, requirement: &Requirement, findings: &mut Findings) {
        self.step(seq, ticket, At::Queued, |from| *from != At::Gone, findings);
        if let Some(ticket) = self.tickets.get_mut(&ticket) {
            ticket.requirement = requirement.clone();
        }
    }

    /// A step inside one agent's hands: the owner stays.
    fn pass_on(&mut self, seq: u64, ticket: TicketId, to: impl FnOnce(AgentId) -> At, findings: &mut Findings) {
        let owner = self
            .tickets
            .get(&ticket)
            .filter(|ticket| !matches!(ticket.at, At::Offered { .. }));
        match owner.and_then(|ticket| ticket.at.agent()).cloned() {
            Some(owner) => self.put(ticket, to(owner)),
            None => findings.add(
                Kind::IllegalStep,
                format!("seq {seq}"),
                format!("{ticket} has no owner"),
            ),
        }
    }

    fn step(&mut self, seq: u64, ticket: TicketId, to: At, allowed: impl Fn(&At) -> bool, findings: &mut Findings) {
        let from = self.tickets.get(&ticket).map(|ticket| ticket.at.clone());
        let fine = from.as_ref().is_some_and(allowed);
        let from = from.as_ref().map_or("not there", At::name);
        findings.check(
            fine,
            Kind::IllegalStep,
            format!("seq {seq}"),
            format!("{ticket} is {from} and cannot become {}", to.name()),
        );
        self.put(ticket, to);
    }

    fn put(&mut self, id: TicketId, to: At) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        // Over-booked agents may keep what they had: only what comes on top is checked.
        let more = to
            .agent()
            .filter(|agent| ticket.at.agent() != Some(agent) || matches!(ticket.at, At::OnHold(_)));
        self.grown.extend(more.cloned());
        if let Some(agent) = ticket.at.agent() {
            self.by_agent.entry(agent.clone()).or_default().remove(&id);
        }
        if let Some(agent) = to.agent() {
            self.by_agent.entry(agent.clone()).or_default().insert(id);
        }
        ticket.at = to;
    }
}
