//! The router's events as `tandem.v1.RouterEvent`.

mod answer;
mod desk;
mod encode;
mod handling;
mod intake;
pub mod news;
mod offer;
mod place;
mod read;
pub mod view;

use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Event, Trace};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;
use tandem_routing::RoutingCore;

use super::envelope::{self, Codec, Parts, codec};
use crate::{DecodeError, Encoded, Journaled, Lexicon, Topic};

impl Journaled for RoutingCore {
    const SERVICE: &'static str = "router";
    const LEVEL: u32 = 1;

    fn encode(event: &Event<RoutingEvent>) -> Encoded {
        envelope::encode::<Router>(event)
    }

    fn read(kind: &str, payload: &[u8], lexicon: &mut Lexicon) -> Result<Event<RoutingEvent>, DecodeError> {
        read::event(kind, payload, lexicon)
    }

    fn trace_of(&self, command: &Command) -> Option<&Trace> {
        Self::trace_of(self, command)
    }

    /// An agent's work list is announced when one of its tickets or the agent has changed, a chat's
    /// conversation when its ticket has moved or was answered.
    fn topics(&self, events: &[Event<RoutingEvent>]) -> Vec<Topic> {
        let agents = self.changed_work_lists(events.len());
        let chats = self.changed_chats(events).into_iter();
        let most = if agents.len() > news::MOST_AGENTS {
            0
        } else {
            news::MOST_TICKETS
        };
        agents
            .into_iter()
            .map(|agent| Topic {
                news: self
                    .work_list(&agent, most)
                    .map(|list| news::write(&list))
                    .unwrap_or_default(),
                name: format!("agent.{agent}"),
            })
            .chain(chats.map(|conversation| Topic::new(format!("conversation.{conversation}"))))
            .collect()
    }
}

codec!(Router of RoutingEvent as RouterEvent, [
    DeskActivated,
    TicketOpened,
    MessageAdded,
    PresenceChanged,
    OfferIssued,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferRevoked,
    TicketHeld,
    TicketResumed,
    TicketRequeued,
    WrapUpStarted,
    TicketDone,
    WrapUpInterrupted,
    TicketCancelled,
    TicketClosed,
    TicketAbandoned,
    AnswerAdded,
    AnswerDelivered,
    AnswerFailed,
    PriorityChanged,
    StepEntered,
    AgeAdjusted,
    AvailabilityChanged,
    HelpOffered,
    HelpAccepted,
    HelpRefused,
    HelperLeft,
    OwnerChanged,
    TicketMerged,
    TicketSplit,
    TicketScheduled,
]);
