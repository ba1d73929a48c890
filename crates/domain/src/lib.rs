//! The words that every part of Tandem speaks: tickets, agents, desks, the events that
//! happen to them, and the [`Core`] trait that turns commands into events.
//!
//! **Architecture invariant:** nothing in here knows a runtime, a database, a wire format or
//! the machine's clock. Time and ids are arguments.

pub mod agent;
pub mod calendar;
pub mod channel;
pub mod core;
pub mod desk;
pub mod error;
pub mod escalation;
pub mod explain;
pub mod expression;
pub mod id;
pub mod language;
pub mod requirement;
pub mod routing;
pub mod sla;
pub mod ticket;
pub mod time;

pub use agent::Presence;
pub use calendar::Schedule;
pub use channel::Channel;
pub use core::{Actor, Cause, Context, Core, Event, RestoreError, Role, RowChange, Trace};
pub use desk::CompiledDesk;
pub use error::ErrorCode;
pub use id::{
    AccountId, AgentId, AttributeId, AttributeKey, CalendarId, ContactId, ConversationId, CustomerId, DeskId,
    EscalationId, IdSource, InvalidKey, LadderId, MessageId, NotificationId, OfferId, PolicyId, QueueId, RegionId,
    RoleId, SecretName, SiteId, SkillId, StepId, Tag, TandemId, TeamId, TicketId,
};
pub use language::{LanguageTag, Proficiency};
pub use requirement::{Requirement, SkillLevel};
pub use sla::{ClockKind, SlaPlan};
pub use ticket::{Priority, RoutingState, TicketStatus};
pub use time::{Clock, SignedMillis, Timestamp};
