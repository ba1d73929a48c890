//! Agents come and go, and time passes.

use tandem_domain::routing::{Rejection, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, Presence, TicketId};

use crate::agents::AgentIx;
use crate::timers::{Due, Timer};
use crate::turn::{Outcome, Turn};

impl Turn<'_> {
    pub(crate) fn set_presence(&mut self, id: &AgentId, presence: Presence) -> Result<Outcome, Rejection> {
        let agent = self.find_agent(id)?;
        if presence == Presence::NotResponding {
            return Err(Rejection::PresenceNotSettable(presence));
        }
        let slot = self.state.agents.get(agent);
        // Saying `Online` once more is how an agent shows that he or she is there after missed offers.
        let back = presence == Presence::Online && slot.missed > 0;
        if slot.presence != presence || back {
            self.change_presence(agent, presence);
        }
        Ok(Outcome::Agent(id.clone()))
    }

    /// An agent's session is gone: owned tickets stay with the agent, offers go to others.
    pub(crate) fn session_lost(mut self, id: &AgentId) {
        let Some(agent) = self.state.agents.find(id) else {
            return;
        };
        if self.state.agents.get(agent).presence != Presence::Offline {
            self.change_presence(agent, Presence::Offline);
            self.drain();
        }
    }

    fn change_presence(&mut self, agent: AgentIx, presence: Presence) {
        let id = self.state.agents.get(agent).id.clone();
        self.emit(RoutingEvent::PresenceChanged { agent: id, presence });
        if presence != Presence::Online {
            self.revoke_all(agent, RevokeReason::AgentLeft);
        }
    }

    /// Who wanted to finish first, and has, is gone.
    pub(crate) fn let_go(&mut self) {
        let mut seen = 0;
        while let Some(agent) = self.state.touched.agents.get(seen).copied() {
            let slot = self.state.agents.get(agent);
            if slot.has_drained() {
                let (agent, presence) = (slot.id.clone(), Presence::Offline);
                self.emit(RoutingEvent::PresenceChanged { agent, presence });
            }
            seen += 1;
        }
    }

    /// Does what is due.
    pub(crate) fn tick(mut self) {
        self.window_is_over = self.state.window_end() <= self.now();
        let list = self.state.due(self.now());
        for due in &list {
            // What was due first may have settled what was due second.
            if self.state.is_true(due) {
                self.end(due);
            }
        }
        self.state.timers.reuse(list);
        self.turn_windows();
        self.drain();
    }

    fn end(&mut self, due: &Due) {
        let (_, ticket, timer) = *due;
        match timer {
            Timer::OfferExpires(offer) => self.expire(ticket, offer),
            Timer::StepEnds => self.leave_step(ticket),
            Timer::WrapUpEnds => self.emit(RoutingEvent::TicketDone { ticket }),
            Timer::Closes => self.emit(RoutingEvent::TicketClosed { ticket }),
            Timer::Due => self.come_due(ticket),
            Timer::OwnerAbsent => self.end_absence(ticket),
            Timer::PauseEnds(_) => self.end_pause(ticket, due),
        }
    }

    fn end_pause(&mut self, ticket: TicketId, due: &Due) {
        self.state.timers.remove(due);
        self.state.tidy_timers();
        self.state.end_pause(ticket);
    }
}
