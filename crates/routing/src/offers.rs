//! Offers: made, answered, expired, taken back.

use tandem_domain::explain::Ranking;
use tandem_domain::routing::{DeclineReason, NoHelp, Rejection, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, Presence, TicketId};

use crate::agents::AgentIx;
use crate::ended::End;
use crate::holders::OfferKind;
use crate::state::State;
use crate::turn::{Outcome, Turn};

/// Answers.
impl Turn<'_> {
    pub(crate) fn accept(&mut self, agent: &AgentId, offer: OfferId) -> Result<Outcome, Rejection> {
        let (ticket, kind) = self.open_offer(agent, offer)?;
        match kind {
            OfferKind::Own => self.take(ticket, offer),
            OfferKind::Help => self.emit(RoutingEvent::HelpAccepted {
                offer,
                ticket,
                agent: agent.clone(),
            }),
        }
        Ok(Outcome::Ticket(ticket))
    }

    /// Makes whoever has the offer the owner. Others lose theirs first, so that the last thing told of the ticket is
    /// whose it is.
    fn take(&mut self, ticket: TicketId, offer: OfferId) {
        let known = self.state.ticket(ticket);
        let others: Vec<_> = known
            .own_offers()
            .filter(|other| other.id != offer)
            .map(|other| other.id)
            .collect();
        let agent = known
            .offer(offer)
            .map(|offer| self.state.agents.get(offer.agent).id.clone());
        for other in others {
            self.withdraw(ticket, other, RevokeReason::AcceptedElsewhere);
        }
        self.emit(RoutingEvent::OfferAccepted {
            offer,
            ticket,
            agent: agent.expect("only open offers are accepted"),
        });
    }

    pub(crate) fn decline(
        &mut self,
        agent: &AgentId,
        offer: OfferId,
        reason: DeclineReason,
    ) -> Result<Outcome, Rejection> {
        let (ticket, kind) = self.open_offer(agent, offer)?;
        let agent = agent.clone();
        self.emit(match kind {
            OfferKind::Own => RoutingEvent::OfferDeclined {
                offer,
                ticket,
                agent,
                reason,
                until: self.now().plus(self.decline_pause(ticket)),
            },
            OfferKind::Help => RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent,
                why: NoHelp::Declined,
                declined: Some(reason),
            },
        });
        Ok(Outcome::Ticket(ticket))
    }

    /// The ticket of an offer that this agent can answer now.
    fn open_offer(&self, agent: &AgentId, offer: OfferId) -> Result<(TicketId, OfferKind), Rejection> {
        let known = self.state.offers.get(offer).copied();
        let open = known.map(|ticket| {
            let open = self.state.ticket(ticket).offer(offer);
            (ticket, open.expect("open offers are on their tickets"))
        });
        let offered_to = open.map(|(_, open)| self.state.agents.get(open.agent));
        if offered_to.is_none_or(|offered_to| offered_to.id != *agent || offered_to.profile.is_none()) {
            self.find_agent(agent)?;
        }
        let caller = self.calling_agent()?;
        if let Some(other) = caller.filter(|caller| caller != agent) {
            return Err(Rejection::ForeignOffer { offer, agent: other });
        }
        let Some((ticket, open)) = open else {
            return Err(self.ended(agent, offer));
        };
        if self.state.agents.get(open.agent).id != *agent {
            return Err(Rejection::ForeignOffer {
                offer,
                agent: agent.clone(),
            });
        }
        // Whether an answer comes in time is decided by time, not by when the tick runs.
        if self.now() >= open.expires_at {
            return Err(Rejection::OfferOver {
                offer,
                why: End::Expired.to_string(),
            });
        }
        Ok((ticket, open.kind))
    }

    fn ended(&self, agent: &AgentId, offer: OfferId) -> Rejection {
        match self.state.ended_offers.get(offer) {
            Some((to, _)) if self.state.agents.get(to).id != *agent => Rejection::ForeignOffer {
                offer,
                agent: agent.clone(),
            },
            Some((_, end)) => Rejection::OfferOver {
                offer,
                why: end.to_string(),
            },
            None if offer.0 == 0 || offer.0 > self.state.last_offer => Rejection::OfferOver {
                offer,
                why: "it was never issued".to_owned(),
            },
            None => Rejection::OfferOver {
                offer,
                why: "it ended long ago".to_owned(),
            },
        }
    }
}

/// Offers begin and end.
impl Turn<'_> {
    /// Offers a waiting ticket to the agent whom the ranking names first.
    pub(crate) fn offer(&mut self, ticket: TicketId, agent: AgentIx, ranking: Ranking) {
        let demand = self.state.demand(self.state.ticket(ticket));
        let policy = self.state.desk().channel(demand.channel);
        let slot = self.state.agents.get(agent);
        assert!(
            slot.takes_offers(),
            "{ticket} would be offered to {}, who takes no offers",
            slot.id
        );
        assert!(
            slot.has_room(demand, self.state.desk()),
            "{ticket} would overbook {}",
            slot.id
        );
        let expires_at = self.now().plus(policy.offer_ttl);
        let accepted = self.state.accepts_itself(ticket);
        let (offer, id) = (OfferId(self.state.last_offer + 1), slot.id.clone());
        self.emit(RoutingEvent::OfferIssued {
            offer,
            ticket,
            agent: id,
            expires_at,
            ranking: ranking.into(),
        });
        if accepted {
            self.take(ticket, offer);
        }
    }

    /// Offers a waiting ticket to an agent who was named by hand, whatever his or her skills.
    pub(crate) fn offer_directly(&mut self, ticket: TicketId, agent: AgentIx) {
        let selection = self.state.choose(ticket, 0, self.now());
        let class = self.state.ticket(ticket).class;
        let ranking = Ranking {
            direct: true,
            ..self.state.ranking(class, &selection, agent)
        };
        self.offer(ticket, agent, ranking);
    }

    /// Takes back all open offers of a ticket.
    pub(crate) fn revoke(&mut self, ticket: TicketId, reason: RevokeReason) {
        let offers: Vec<_> = self
            .state
            .ticket(ticket)
            .care
            .offers
            .iter()
            .map(|offer| offer.id)
            .collect();
        for offer in offers {
            self.withdraw(ticket, offer, reason);
        }
    }

    /// Takes back what is offered of a ticket to an agent.
    pub(crate) fn revoke_from(&mut self, agent: AgentIx, ticket: TicketId, reason: RevokeReason) {
        let mut offers = self.state.ticket(ticket).care.offers.iter();
        if let Some(offer) = offers.find(|offer| offer.agent == agent).map(|offer| offer.id) {
            self.withdraw(ticket, offer, reason);
        }
    }

    /// Takes back an offer to help, of somebody who is to have the ticket itself.
    pub(crate) fn withdraw_from(&mut self, agent: AgentIx, ticket: TicketId) {
        self.revoke_from(agent, ticket, RevokeReason::AcceptedElsewhere);
    }

    /// Takes back all open offers to an agent.
    pub(crate) fn revoke_all(&mut self, agent: AgentIx, reason: RevokeReason) {
        let items = &self.state.agents.get(agent).items;
        for ticket in items.iter().map(|(_, ticket)| *ticket).collect::<Vec<_>>() {
            self.revoke_from(agent, ticket, reason);
        }
    }

    fn withdraw(&mut self, ticket: TicketId, offer: OfferId, reason: RevokeReason) {
        let Some(open) = self.state.ticket(ticket).offer(offer) else {
            return;
        };
        let agent = self.state.agents.get(open.agent).id.clone();
        self.emit(match open.kind {
            OfferKind::Own => RoutingEvent::OfferRevoked {
                offer,
                ticket,
                agent,
                reason,
            },
            OfferKind::Help => RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent,
                why: without_help(reason),
                declined: None,
            },
        });
    }

    /// An offer was not answered in time.
    pub(crate) fn expire(&mut self, ticket: TicketId, offer: OfferId) {
        let Some(open) = self.state.ticket(ticket).offer(offer) else {
            return;
        };
        let (missed_by, kind) = (open.agent, open.kind);
        let agent = self.state.agents.get(missed_by).id.clone();
        self.emit(match kind {
            OfferKind::Own => RoutingEvent::OfferExpired {
                offer,
                ticket,
                agent: agent.clone(),
                until: self.now().plus(self.decline_pause(ticket)),
            },
            OfferKind::Help => RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent: agent.clone(),
                why: NoHelp::Expired,
                declined: None,
            },
        });
        if self.missed_too_many(missed_by, ticket) {
            self.emit(RoutingEvent::PresenceChanged {
                agent,
                presence: Presence::NotResponding,
            });
            self.revoke_all(missed_by, RevokeReason::AgentLeft);
        }
    }

    /// By the policy of the queue whose ticket was missed last; a limit of zero is none.
    fn missed_too_many(&self, agent: AgentIx, ticket: TicketId) -> bool {
        let queue = &self.state.requirement(self.state.ticket(ticket)).queue;
        let limit = self.state.desk().queue(queue).map_or(0, |policy| policy.max_missed);
        limit > 0 && self.state.agents.get(agent).missed >= limit
    }

    fn decline_pause(&self, ticket: TicketId) -> std::time::Duration {
        let queue = &self.state.requirement(self.state.ticket(ticket)).queue;
        self.state.desk().decline_pause(queue)
    }
}

fn without_help(reason: RevokeReason) -> NoHelp {
    match reason {
        RevokeReason::AgentLeft => NoHelp::AgentLeft,
        RevokeReason::TicketMoved => NoHelp::TicketMoved,
        RevokeReason::DeskChanged => NoHelp::DeskChanged,
        RevokeReason::AcceptedElsewhere => NoHelp::Withdrawn,
    }
}

impl State {
    /// Whether queue or channel spare their agents the answer.
    pub(crate) fn accepts_itself(&self, ticket: TicketId) -> bool {
        let class = self.classes.get(self.ticket(ticket).class);
        self.classes.queue(class.queue).auto_accept || self.desk().channel(class.requirement.channel).auto_accept
    }
}
