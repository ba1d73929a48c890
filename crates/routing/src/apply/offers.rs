//! Offers begin and end.

use std::sync::Arc;

use tandem_domain::explain::Ranking;
use tandem_domain::routing::{NoHelp, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, TicketId, Timestamp};

use crate::ended::End;
use crate::holders::{Helper, OfferKind, OpenOffer};
use crate::state::State;
use crate::ticket::{PassedOver, Phase};
use crate::timers::Timer;

impl State {
    pub(super) fn fold_offer(&mut self, body: &RoutingEvent, at: Timestamp) {
        use RoutingEvent as E;
        match body {
            E::OfferIssued {
                offer,
                ticket,
                agent,
                expires_at,
                ranking,
            } => self.offer(*offer, *ticket, agent, *expires_at, ranking, at),
            E::OfferAccepted { offer, ticket, agent } => self.accept(*offer, *ticket, agent, at),
            E::OfferDeclined {
                offer,
                ticket,
                agent,
                until,
                ..
            } => {
                self.end_offer(*offer, *ticket, agent, End::Declined, at);
                self.answered(agent);
                self.pass_over(*ticket, agent, *until, at);
            }
            E::OfferExpired {
                offer,
                ticket,
                agent,
                until,
            } => {
                self.end_offer(*offer, *ticket, agent, End::Expired, at);
                self.miss(agent);
                self.pass_over(*ticket, agent, *until, at);
            }
            E::OfferRevoked {
                offer,
                ticket,
                agent,
                reason,
            } => self.revoke(*offer, *ticket, agent, *reason, at),
            _ => self.fold_help(body, at),
        }
    }

    fn fold_help(&mut self, body: &RoutingEvent, at: Timestamp) {
        use RoutingEvent as E;
        match body {
            E::HelpOffered {
                offer,
                ticket,
                agent,
                expires_at,
                ..
            } => self.offer_help(*offer, *ticket, agent, *expires_at, at),
            E::HelpAccepted { offer, ticket, agent } => self.accept_help(*offer, *ticket, agent, at),
            E::HelpRefused {
                offer,
                ticket,
                agent,
                why,
                ..
            } => {
                self.end_offer(*offer, *ticket, agent, end_of_help(*why), at);
                match why {
                    NoHelp::Declined => self.answered(agent),
                    NoHelp::Expired => self.miss(agent),
                    NoHelp::AgentLeft | NoHelp::Withdrawn | NoHelp::TicketMoved | NoHelp::DeskChanged => {}
                }
            }
            _ => {}
        }
    }
}

fn end_of_help(why: NoHelp) -> End {
    match why {
        NoHelp::Declined => End::Declined,
        NoHelp::Expired => End::Expired,
        NoHelp::AgentLeft | NoHelp::Withdrawn | NoHelp::TicketMoved | NoHelp::DeskChanged => End::Revoked,
    }
}

/// Tickets are offered.
impl State {
    fn offer(
        &mut self,
        offer: OfferId,
        id: TicketId,
        agent: &AgentId,
        expires_at: Timestamp,
        ranking: &Arc<Ranking>,
        at: Timestamp,
    ) {
        let agent = self.agents.place(agent);
        if !ranking.direct && self.ticket(id).phase == Phase::Queued {
            self.note_turn(agent, id, at);
        }
        self.stop_pauses_if(id, |passed| passed.until <= at);
        let since = self.applied;
        if ranking.direct {
            let ticket = self.ticket_mut(id);
            ticket.care.moved = ticket.version;
        }
        let offer = OpenOffer {
            id: offer,
            agent,
            expires_at,
            since,
            kind: OfferKind::Own,
            ranking: Some(ranking.clone()),
        };
        self.add_offer(id, offer, at);
    }

    fn accept(&mut self, offer: OfferId, id: TicketId, agent: &AgentId, at: Timestamp) {
        // A journal may say what no core would have written, and is audited all the same.
        let offered_to = self.ticket(id).offer(offer).map(|open| open.agent);
        let accepted_by = offered_to.filter(|offered| self.agents.get(*offered).id == *agent);
        let owner = accepted_by.unwrap_or_else(|| self.agents.place(agent));
        self.stop_pauses(id);
        let class = self.classes.get(self.ticket(id).class);
        self.pace.accepted(&class.requirement.queue, at);
        self.note_owner(id, owner, at);
        self.alter(id, at, |ticket| {
            let accepted = ticket.take_offer(offer);
            (ticket.care.held_since, ticket.care.chosen) = (accepted.since, accepted.ranking);
            ticket.care.moved = ticket.version;
            ticket.phase = Phase::Assigned { owner };
        });
        self.ended_offers.add(offer, owner, End::Accepted);
        self.agents.get_mut(owner).missed = 0;
    }

    fn revoke(&mut self, offer: OfferId, id: TicketId, agent: &AgentId, reason: RevokeReason, at: Timestamp) {
        let end = match reason {
            RevokeReason::AcceptedElsewhere => End::AcceptedElsewhere,
            RevokeReason::AgentLeft | RevokeReason::TicketMoved | RevokeReason::DeskChanged => End::Revoked,
        };
        self.end_offer(offer, id, agent, end, at);
        if reason == RevokeReason::TicketMoved {
            self.pass_over(id, agent, self.pause_end(id, at), at);
        }
    }
}

/// Help is offered.
impl State {
    fn offer_help(&mut self, offer: OfferId, id: TicketId, agent: &AgentId, expires_at: Timestamp, at: Timestamp) {
        let offer = OpenOffer {
            id: offer,
            agent: self.agents.place(agent),
            expires_at,
            since: self.applied,
            kind: OfferKind::Help,
            ranking: None,
        };
        self.add_offer(id, offer, at);
    }

    fn accept_help(&mut self, offer: OfferId, id: TicketId, agent: &AgentId, at: Timestamp) {
        let helper = self.agents.place(agent);
        self.alter(id, at, |ticket| {
            let OpenOffer { agent, since, .. } = ticket.take_offer(offer);
            ticket.rare.helpers.push(Helper { agent, since });
        });
        self.ended_offers.add(offer, helper, End::Accepted);
        self.agents.get_mut(helper).missed = 0;
    }
}

/// What becomes of agents by it.
impl State {
    fn end_offer(&mut self, offer: OfferId, id: TicketId, agent: &AgentId, end: End, at: Timestamp) {
        self.drop_offer(id, offer, at);
        let agent = self.agents.place(agent);
        self.ended_offers.add(offer, agent, end);
    }

    /// The agent answered an offer, so none is missed in a row.
    fn answered(&mut self, agent: &AgentId) {
        let agent = self.agents.place(agent);
        self.agents.get_mut(agent).missed = 0;
    }

    fn miss(&mut self, agent: &AgentId) {
        let agent = self.agents.place(agent);
        self.agents.get_mut(agent).missed += 1;
    }

    pub(super) fn pause_end(&self, id: TicketId, at: Timestamp) -> Timestamp {
        at.plus(self.desk().decline_pause(&self.requirement(self.ticket(id)).queue))
    }

    pub(super) fn pass_over(&mut self, id: TicketId, agent: &AgentId, until: Timestamp, at: Timestamp) {
        let agent = self.agents.place(agent);
        self.stop_pauses_if(id, |passed| passed.agent == agent);
        if until <= at {
            return;
        }
        self.ticket_mut(id).rare.passed_over.push(PassedOver { agent, until });
        self.timers.start((until, id, Timer::PauseEnds(agent)));
    }

    /// A pause is over: nothing has changed, but the ticket must be looked at again.
    pub(crate) fn end_pause(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        if matches!(ticket.phase, Phase::Queued | Phase::Offered) {
            self.touched.add(ticket.class);
        }
    }
}
