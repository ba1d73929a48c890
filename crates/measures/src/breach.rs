//! Breaches of SLA clocks, from the escalation journal. It is a stream of its own, so they have rows of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tandem_domain::escalation::{ClockEvent, EscalationEvent, TicketFacts};
use tandem_domain::{Channel, ClockKind, LanguageTag, QueueId, RowChange, TicketId, Timestamp};

use crate::rows::{self, Damaged, table};
use crate::{Grain, Place};

/// SLA clocks that were breached, by what they measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreachCounts {
    /// Time to accept.
    pub accept: u64,
    /// First response.
    pub first_response: u64,
    /// Next response.
    pub next_response: u64,
    /// Resolution.
    pub resolution: u64,
}

impl BreachCounts {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.accept += other.accept;
        self.first_response += other.first_response;
        self.next_response += other.next_response;
        self.resolution += other.resolution;
    }

    fn count(&mut self, kind: ClockKind) {
        *match kind {
            ClockKind::Accept => &mut self.accept,
            ClockKind::FirstResponse => &mut self.first_response,
            ClockKind::NextResponse => &mut self.next_response,
            ClockKind::Resolution => &mut self.resolution,
        } += 1;
    }
}

/// What the escalation journal says of a ticket that it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Followed {
    queue: QueueId,
    channel: Channel,
    language: Option<LanguageTag>,
}

impl From<&TicketFacts> for Followed {
    fn from(facts: &TicketFacts) -> Self {
        Self {
            queue: facts.queue.clone(),
            channel: facts.channel,
            language: facts.language.clone(),
        }
    }
}

impl Followed {
    fn place(&self) -> Place {
        Place {
            queue: self.queue.clone(),
            channel: self.channel,
            language: self.language.clone(),
            team: None,
        }
    }
}

/// Some events of the escalation journal, taken together.
#[derive(Clone, Debug, Default)]
pub struct Breaches {
    begun_anew: bool,
    /// None: not followed any more.
    followed: BTreeMap<TicketId, Option<Followed>>,
    changed: BTreeMap<TicketId, Option<Followed>>,
    counted: BTreeMap<String, BreachCounts>,
}

impl Breaches {
    /// Takes up what is known of a ticket: the value of the row [`followed_key`] of [`table::FOLLOWED`].
    ///
    /// # Errors
    /// If the row is damaged.
    pub fn know(&mut self, ticket: TicketId, value: &[u8]) -> Result<(), Damaged> {
        let followed = rows::read(&followed_key(ticket), value)?;
        self.followed.insert(ticket, Some(followed));
        Ok(())
    }

    /// Takes the next event. A breach of a ticket that is not known counts for nothing.
    pub fn observe(&mut self, event: &EscalationEvent) {
        match event {
            EscalationEvent::TicketFollowed { ticket, facts, .. } => self.set(*ticket, Some(facts.as_ref().into())),
            EscalationEvent::TicketForgotten { ticket } => self.set(*ticket, None),
            EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, .. }) => {
                self.count(clock.ticket, clock.kind, *due_at);
            }
            EscalationEvent::BegunAnew => {
                *self = Self {
                    begun_anew: true,
                    ..Self::default()
                };
            }
            _ => {}
        }
    }

    fn set(&mut self, ticket: TicketId, followed: Option<Followed>) {
        self.followed.insert(ticket, followed.clone());
        self.changed.insert(ticket, followed);
    }

    fn count(&mut self, ticket: TicketId, kind: ClockKind, due_at: Timestamp) {
        if let Some(Some(followed)) = self.followed.get(&ticket) {
            let key = breach_key(due_at, &followed.place());
            self.counted.entry(key).or_default().count(kind);
        }
    }

    /// Whether nothing holds that came from the escalation journal before: all rows of
    /// [`table::FROM_ESCALATION`] are to be deleted before those of [`Self::rows`] are put.
    #[must_use]
    pub fn have_begun_anew(&self) -> bool {
        self.begun_anew
    }

    /// The keys in [`table::BREACHES`] whose rows change.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.counted.keys()
    }

    /// Adds what a row of [`table::BREACHES`] holds already.
    ///
    /// # Errors
    /// If the row is damaged.
    pub fn add_stored(&mut self, key: &str, value: &[u8]) -> Result<(), Damaged> {
        let stored: BreachCounts = rows::read(key, value)?;
        self.counted.entry(key.to_owned()).or_default().add(&stored);
        Ok(())
    }

    /// The rows that change.
    #[must_use]
    pub fn rows(&self) -> Vec<RowChange> {
        let changed = self.changed.iter();
        let followed =
            changed.map(|(ticket, followed)| rows::change(table::FOLLOWED, followed_key(*ticket), followed.as_ref()));
        let counted = self
            .counted
            .iter()
            .map(|(key, counts)| rows::put(table::BREACHES, key.clone(), counts));
        followed.chain(counted).collect()
    }
}

/// The ticket that the event says to have missed a target.
#[must_use]
pub fn breached_ticket(event: &EscalationEvent) -> Option<TicketId> {
    match event {
        EscalationEvent::Clock(clock, ClockEvent::Breached { .. }) => Some(clock.ticket),
        _ => None,
    }
}

/// The key of a ticket's row in [`table::FOLLOWED`].
#[must_use]
pub fn followed_key(ticket: TicketId) -> String {
    format!("{:020}", ticket.0)
}

/// The key of the row in [`table::BREACHES`] in which a breach counts. Minutes begin at the same time in every zone.
#[must_use]
pub fn breach_key(due_at: Timestamp, place: &Place) -> String {
    let minute = i64::try_from(Grain::Minute.length().as_micros()).unwrap_or(i64::MAX);
    let start = Timestamp::from_micros(due_at.as_micros() - due_at.as_micros().rem_euclid(minute));
    place.key(start)
}
