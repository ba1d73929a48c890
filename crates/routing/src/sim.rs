//! A discrete-event harness: the production core on simulated time.
//!
//! [`Simulation`] hands a [`RoutingCore`](crate::RoutingCore) commands and ticks exactly as the shell would, at the times
//! that a plan holds, and reads the events back. It decides nothing about tickets: who gets what, and when, is the core's
//! alone. What is *not* the router's (when customers come and lose patience, how long agents take, when they come and
//! go) is a [`World`]'s. The same core, world and times give the same events, always.
//!
//! ```text
//! World ── wake, patience, answer, service ──► Plan ── commands, ticks ──► RoutingCore ── events ──► World
//! ```

mod book;
mod plan;
mod run;

use std::time::Duration;

use tandem_domain::routing::{DeclineReason, Rejection, RoutingEvent};
use tandem_domain::{AgentId, Event, OfferId};

pub(crate) use book::Book;
pub use book::{AgentRecord, TicketRecord};
pub use plan::Plan;
pub use run::Simulation;

/// What happens outside of the router: customers and agents.
///
/// Everything random or assumed is decided here, so the world brings its own seeded generator where it needs one.
pub trait World {
    /// What the world plans for itself, such as the next arrival of a kind.
    type Note;

    /// The time of something that the world planned has come.
    fn wake(&mut self, note: Self::Note, plan: &mut Plan<Self::Note>);

    /// How long the customer waits, from now, before he or she leaves unless somebody accepted meanwhile. Asked when
    /// the ticket opens; none: as long as it takes.
    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        let _ = ticket;
        None
    }

    /// What the agent makes of an offer. Not asked about offers that the core has accepted by itself.
    fn answer(&mut self, ticket: &TicketRecord, agent: &AgentId, offer: OfferId) -> OfferAnswer {
        let _ = (ticket, agent, offer);
        OfferAnswer::Accept { after: Duration::ZERO }
    }

    /// How long the agent works on the ticket, from now, before resolving it; asked each time that somebody gets it as
    /// owner or takes it up again. None: what becomes of it is planned otherwise.
    fn service(&mut self, ticket: &TicketRecord, agent: &AgentId) -> Option<Duration>;

    /// How long the agent's paperwork takes; none: until wrap-up ends by itself.
    fn wrap_up(&mut self, ticket: &TicketRecord, agent: &AgentId) -> Option<Duration> {
        let _ = (ticket, agent);
        None
    }

    /// Something happened on the desk. All events are shown, in order, after the turn that made them.
    fn saw(&mut self, event: &Event<RoutingEvent>, plan: &mut Plan<Self::Note>) {
        let _ = (event, plan);
    }

    /// The ticket is done, cancelled, abandoned or merged into another one, and this is what became of it. One that is reopened ends again.
    fn ended(&mut self, ticket: &TicketRecord, plan: &mut Plan<Self::Note>);

    /// The core refused a command; nothing has changed.
    fn refused(&mut self, rejection: &Rejection);
}

/// What an agent makes of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferAnswer {
    /// Takes it, after so long.
    Accept {
        /// From the offer on.
        after: Duration,
    },
    /// Leaves it to others, after so long.
    Decline {
        /// From the offer on.
        after: Duration,
        /// Why.
        reason: DeclineReason,
    },
    /// Does not see it: it expires.
    Miss,
}
