//! Offers: made, answered, expired, taken back.

use tandem_domain::explain::Ranking;
use tandem_domain::routing::{DeclineReason, Rejection, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, Presence, TicketId};

use crate::agents::AgentIx;
use crate::ended::End;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn};

/// Answers.
impl Turn<'_> {
    pub(crate) fn accept(&mut self, agent: &AgentId, offer: OfferId) -> Result<Outcome, Rejection> {
        let ticket = self.open_offer(agent, offer)?;
        self.emit(RoutingEvent::OfferAccepted {
            offer,
            ticket,
            agent: agent.clone(),
        });
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn decline(
        &mut self,
        agent: &AgentId,
        offer: OfferId,
        reason: DeclineReason,
    ) -> Result<Outcome, Rejection> {
        let ticket = self.open_offer(agent, offer)?;
        let until = self.now().plus(self.decline_pause(ticket));
        self.emit(RoutingEvent::OfferDeclined {
            offer,
            ticket,
            agent: agent.clone(),
            reason,
            until,
        });
        Ok(Outcome::Ticket(ticket))
    }

    /// The ticket of an offer that this agent can answer now.
    fn open_offer(&self, agent: &AgentId, offer: OfferId) -> Result<TicketId, Rejection> {
        self.find_agent(agent)?;
        let caller = self.calling_agent()?;
        if let Some(other) = caller.filter(|caller| caller != agent) {
            return Err(Rejection::ForeignOffer { offer, agent: other });
        }
        let Some(ticket) = self.state.offers.get(&offer) else {
            return Err(self.ended(agent, offer));
        };
        let Phase::Offered {
            agent: to, expires_at, ..
        } = self.state.ticket(*ticket).phase
        else {
            unreachable!("an open offer's ticket is offered");
        };
        if self.state.agents.get(to).id != *agent {
            return Err(Rejection::ForeignOffer {
                offer,
                agent: agent.clone(),
            });
        }
        // Whether an answer comes in time is decided by time, not by when the tick runs.
        if self.now() >= expires_at {
            return Err(Rejection::OfferOver {
                offer,
                why: End::Expired.to_string(),
            });
        }
        Ok(*ticket)
    }

    fn ended(&self, agent: &AgentId, offer: OfferId) -> Rejection {
        match self.state.ended_offers.get(offer) {
            Some((to, _)) if to != agent => Rejection::ForeignOffer {
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
            slot.presence == Presence::Online,
            "{ticket} would be offered to {}, who is not online",
            slot.id
        );
        assert!(
            slot.has_room(demand, self.state.desk()),
            "{ticket} would overbook {}",
            slot.id
        );
        let expires_at = self.now().plus(policy.offer_ttl);
        let (offer, agent) = (OfferId(self.state.last_offer + 1), slot.id.clone());
        self.emit(RoutingEvent::OfferIssued {
            offer,
            ticket,
            agent,
            expires_at,
            ranking,
        });
    }

    /// Offers a waiting ticket to an agent who was named by hand, whatever his or her skills.
    pub(crate) fn offer_directly(&mut self, ticket: TicketId, agent: AgentIx) {
        let selection = self.state.select(self.state.ticket(ticket), self.now());
        let winner = self.state.agents.get(agent).rank();
        let ranking = Ranking {
            winner,
            runners_up: Vec::new(),
            direct: true,
            ..self.state.ranking(&selection, agent)
        };
        self.offer(ticket, agent, ranking);
    }

    /// Takes back a ticket's open offer.
    pub(crate) fn revoke(&mut self, ticket: TicketId, reason: RevokeReason) {
        if let Phase::Offered { offer, agent, .. } = self.state.ticket(ticket).phase {
            let agent = self.state.agents.get(agent).id.clone();
            self.emit(RoutingEvent::OfferRevoked {
                offer,
                ticket,
                agent,
                reason,
            });
        }
    }

    /// Takes back all open offers to an agent.
    pub(crate) fn revoke_all(&mut self, agent: AgentIx, reason: RevokeReason) {
        let items: Vec<_> = self
            .state
            .agents
            .get(agent)
            .items
            .iter()
            .map(|(_, ticket)| *ticket)
            .collect();
        for ticket in items {
            self.revoke(ticket, reason);
        }
    }

    /// Nobody answered in time.
    pub(crate) fn expire(&mut self, ticket: TicketId) {
        let Phase::Offered {
            offer,
            agent: missed_by,
            ..
        } = self.state.ticket(ticket).phase
        else {
            return;
        };
        let until = self.now().plus(self.decline_pause(ticket));
        let agent = self.state.agents.get(missed_by).id.clone();
        self.emit(RoutingEvent::OfferExpired {
            offer,
            ticket,
            agent: agent.clone(),
            until,
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
