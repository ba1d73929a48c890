//! Small histories, and the rows that come of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, ChannelPolicy, Choice, QueuePolicy, ServiceLevel};
use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{
    DeclineReason, Intake, RequeueReason, RevokeReason, RoutingEvent, StepPlace, UndeliveredReason,
};
use tandem_domain::{
    Actor, Cause, Channel, CompiledDesk, ConversationId, Event, LanguageTag, MessageId, OfferId, Presence, Priority,
    Proficiency, Requirement, SlaPlan, TicketId, Timestamp, Trace,
};
use tandem_measures::{Cell, Grain, Mark, Measures, Place, parse_key, table};
use uuid::Uuid;

/// Monday, 5 January 2026, 09:00 UTC: where histories begin.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_767_603_600_000_000);

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}

pub(crate) fn at(rfc3339: &str) -> Timestamp {
    let instant: jiff::Timestamp = rfc3339.parse().unwrap();
    Timestamp::from_micros(instant.as_microsecond())
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Queue `sales` is served by `inside` and `field`, `billing` by `inside`. Ana is in `inside`, Ben in both, Cem in `field`.
/// 80 % of chats are to be accepted in 30 s. A chat costs two units, one on hold.
pub(crate) fn desk() -> CompiledDesk {
    let agent = |id: &str, teams: &[&str]| AgentProfile {
        teams: teams.iter().map(|team| key(team)).collect(),
        skills: BTreeMap::new(),
        languages: BTreeMap::new(),
        capacity: 6,
        channel_max: BTreeMap::new(),
        contact: None,
        ..AgentProfile::new(key(id))
    };
    let queue = |id: &str, teams: &[&str]| QueuePolicy {
        teams: teams.iter().map(|team| key(team)).collect(),
        skills: BTreeMap::new(),
        aging: None,
        decline_pause: seconds(60),
        max_missed: 3,
        tier: 1,
        next_tier: None,
        ..QueuePolicy::new(key(id))
    };
    let policy = |units, hold_units| ChannelPolicy {
        units,
        hold_units,
        offer_ttl: seconds(30),
        wrap_up: seconds(60),
        hold_percent: None,
        auto_accept: false,
    };
    let level = ServiceLevel {
        share_percent: 80,
        within: seconds(30),
    };
    CompiledDesk {
        version: 1,
        hash: "0".repeat(64),
        default_language: None,
        min_proficiency: Proficiency::B2,
        skills: Vec::new(),
        teams: vec![key("inside"), key("field")],
        agents: vec![
            agent("ana", &["inside"]),
            agent("ben", &["inside", "field"]),
            agent("cem", &["field"]),
        ],
        queues: vec![queue("sales", &["inside", "field"]), queue("billing", &["inside"])],
        channels: [(Channel::Email, policy(1, 0)), (Channel::Chat, policy(2, 1))].into(),
        accounts: BTreeMap::new(),
        close_after: Duration::from_hours(72),
        timezone: "UTC".to_owned(),
        service_levels: [(Channel::Chat, level)].into(),
        sla: SlaPlan::default(),
        ..CompiledDesk::default()
    }
}

pub(crate) fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

pub(crate) fn requirement(queue: &str, channel: Channel, language: Option<&str>) -> Requirement {
    Requirement {
        language: language.map(|tag| (key::<LanguageTag>(tag), Proficiency::B2)),
        skills: BTreeMap::new(),
        ..Requirement::new(key(queue), channel)
    }
}

pub(crate) fn opened(ticket: u64, requirement: Requirement, received_at: Timestamp) -> RoutingEvent {
    let intake = Intake {
        message: message(u128::from(ticket)),
        conversation: ConversationId(Uuid::from_u128(u128::from(ticket))),
        account: key("front-door"),
        channel: requirement.channel,
        queue: requirement.queue.clone(),
        language: None,
        skills: BTreeMap::new(),
        tags: [].into(),
        priority: Priority::Normal,
        received_at,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    };
    RoutingEvent::TicketOpened {
        ticket: TicketId(ticket),
        intake: Box::new(intake),
        requirement: requirement.into(),
        place: StepPlace::default(),
    }
}

pub(crate) fn offered(ticket: u64, agent: &str) -> RoutingEvent {
    let winner = Rank {
        agent: key(agent),
        used: 0,
        capacity: 6,
        idle_since: START,
        score: 0,
        order: 0,
    };
    RoutingEvent::OfferIssued {
        offer: OfferId(ticket),
        ticket: TicketId(ticket),
        agent: key(agent),
        expires_at: START,
        ranking: Ranking {
            considered: 1,
            fit: 1,
            free: 1,
            winner,
            runners_up: Vec::new(),
            direct: false,
            step: 0,
            choice: Choice::default(),
            deciding: None,
        }
        .into(),
    }
}

pub(crate) fn accepted(ticket: u64, agent: &str) -> RoutingEvent {
    RoutingEvent::OfferAccepted {
        offer: OfferId(ticket),
        ticket: TicketId(ticket),
        agent: key(agent),
    }
}

pub(crate) fn declined(ticket: u64, agent: &str) -> RoutingEvent {
    RoutingEvent::OfferDeclined {
        offer: OfferId(ticket),
        ticket: TicketId(ticket),
        agent: key(agent),
        reason: DeclineReason::Busy,
        until: START,
    }
}

pub(crate) fn expired(ticket: u64, agent: &str) -> RoutingEvent {
    RoutingEvent::OfferExpired {
        offer: OfferId(ticket),
        ticket: TicketId(ticket),
        agent: key(agent),
        until: START,
    }
}

pub(crate) fn revoked(ticket: u64, agent: &str) -> RoutingEvent {
    RoutingEvent::OfferRevoked {
        offer: OfferId(ticket),
        ticket: TicketId(ticket),
        agent: key(agent),
        reason: RevokeReason::AgentLeft,
    }
}

pub(crate) fn requeued(ticket: u64, requirement: Requirement, reason: RequeueReason) -> RoutingEvent {
    RoutingEvent::TicketRequeued {
        ticket: TicketId(ticket),
        requirement: requirement.into(),
        reason,
        place: StepPlace::default(),
    }
}

pub(crate) fn answered(ticket: u64, number: u128, author: Option<&str>, visible: bool) -> RoutingEvent {
    RoutingEvent::AnswerAdded {
        ticket: TicketId(ticket),
        message: message(number),
        author: author.map(key),
        visible,
    }
}

pub(crate) fn failed(ticket: u64, number: u128) -> RoutingEvent {
    RoutingEvent::AnswerFailed {
        ticket: TicketId(ticket),
        message: message(number),
        reason: UndeliveredReason::Bounced,
    }
}

pub(crate) fn presence(agent: &str, presence: Presence) -> RoutingEvent {
    RoutingEvent::PresenceChanged {
        agent: key(agent),
        presence,
    }
}

macro_rules! about_ticket {
    ($($name:ident => $kind:ident),+ $(,)?) => {
        $(pub(crate) fn $name(ticket: u64) -> RoutingEvent {
            RoutingEvent::$kind { ticket: TicketId(ticket) }
        })+
    };
}

about_ticket! {
    held => TicketHeld,
    resumed => TicketResumed,
    done => TicketDone,
    interrupted => WrapUpInterrupted,
    cancelled => TicketCancelled,
    closed => TicketClosed,
    abandoned => TicketAbandoned,
}

pub(crate) fn wrapping_up(ticket: u64) -> RoutingEvent {
    RoutingEvent::WrapUpStarted {
        ticket: TicketId(ticket),
        until: START,
    }
}

/// By table and key.
pub(crate) type Stored = BTreeMap<(&'static str, String), Vec<u8>>;

/// A desk's history, and the rows that are stored of it.
pub(crate) struct Story {
    pub(crate) measures: Measures,
    pub(crate) stored: Stored,
    now: Timestamp,
    seq: u64,
}

impl Story {
    /// Begins with `desk` in force.
    pub(crate) fn on(desk: CompiledDesk) -> Self {
        let (measures, stored) = Default::default();
        let mut story = Self {
            measures,
            stored,
            now: START,
            seq: 0,
        };
        story.happens(RoutingEvent::DeskActivated(Box::new(desk)));
        story
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn after(&mut self, pause: u64) -> &mut Self {
        self.now = self.now.plus(seconds(pause));
        self
    }

    pub(crate) fn until(&mut self, now: Timestamp) -> &mut Self {
        self.now = now;
        self
    }

    pub(crate) fn happens(&mut self, body: RoutingEvent) -> &mut Self {
        self.seq += 1;
        observe(&mut self.measures, self.seq, self.now, body);
        store(&mut self.stored, &mut self.measures);
        self
    }

    /// A ticket comes in now.
    pub(crate) fn comes(&mut self, ticket: u64, queue: &str, channel: Channel) -> &mut Self {
        let now = self.now;
        self.happens(opened(ticket, requirement(queue, channel, Some("en")), now))
    }

    /// Everything that was counted, whoever did it.
    pub(crate) fn total(&self) -> Cell {
        self.sum(|place| place.team.is_none())
    }

    /// Everything that was counted for a team.
    pub(crate) fn of_team(&self, team: &str) -> Cell {
        self.sum(|place| place.team.as_ref().is_some_and(|own| own.as_str() == team))
    }

    /// Everything that was counted in a queue.
    pub(crate) fn in_queue(&self, queue: &str) -> Cell {
        self.sum(|place| place.team.is_none() && place.queue.as_str() == queue)
    }

    fn sum(&self, wanted: impl Fn(&Place) -> bool) -> Cell {
        let mut total = Cell::default();
        for (_, place, cell) in self.cells(Grain::Hour) {
            if wanted(&place) {
                total.merge(&cell);
            }
        }
        total
    }

    pub(crate) fn cells(&self, grain: Grain) -> Vec<(Timestamp, Place, Cell)> {
        let of_grain = self.stored.iter().filter(|((of, _), _)| *of == table::of(grain));
        let cell = of_grain.map(|((_, key), value)| {
            let (start, place) = parse_key(key).unwrap();
            (start, place, serde_json::from_slice(value).unwrap())
        });
        cell.collect()
    }
}

/// Lets one event happen.
pub(crate) fn observe(measures: &mut Measures, seq: u64, at: Timestamp, body: RoutingEvent) {
    let event = Event {
        at,
        actor: Actor::service("router"),
        cause: Cause::Timer,
        trace: Trace::default(),
        body,
    };
    let mark = Mark { seq, incarnation: 7 };
    measures.observe(mark, "Kind", &event);
}

/// Stores what has changed.
pub(crate) fn store(stored: &mut Stored, measures: &mut Measures) {
    for change in measures.take_rows() {
        let key = (change.table, change.key);
        match change.value {
            Some(value) => drop(stored.insert(key, value)),
            None => drop(stored.remove(&key)),
        }
    }
}

/// The measures as another process would take them up.
pub(crate) fn reload(stored: &Stored) -> Measures {
    let rows = |of: &'static str| stored.iter().filter(move |((table, _), _)| *table == of);
    let state = rows(table::STATE).map(|((_, key), value)| (key.as_str(), value.as_slice()));
    let mut measures = Measures::load(state).unwrap();
    for grain in Grain::ALL {
        let Some(prefix) = measures.at_hand(grain) else {
            continue;
        };
        for ((_, key), value) in rows(table::of(grain)).filter(|((_, key), _)| key.starts_with(&prefix)) {
            measures.put_cell(grain, key, value).unwrap();
        }
    }
    measures
}
