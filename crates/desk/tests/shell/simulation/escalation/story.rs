//! What a router's journal says of one desk's tickets, and which rungs follow from it by plain arithmetic.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::desk::CompiledDesk;
use tandem_domain::escalation::{ClockId, Heard, Observed, Step};
use tandem_domain::routing::{Intake, RoutingEvent, StepPlace};
use tandem_domain::sla::{Action, Ladder, Policy, Recipient, Repeat, RungAt, SlaPlan};
use tandem_domain::{
    Actor, Cause, Channel, ClockKind, ConversationId, Event, MessageId, Priority, Proficiency, Requirement, TicketId,
    Timestamp, Trace,
};
use uuid::Uuid;

/// Of the router's records.
pub(super) const INCARNATION: u64 = 5;
/// Tickets of a desk.
const TICKETS: u64 = 100;
/// One comes so often.
const EVERY: Duration = Duration::from_mins(1);
/// The promised first response.
const TARGET: Duration = Duration::from_hours(1);
/// From the breach on, somebody is told again and again.
const AGAIN: Duration = Duration::from_mins(10);
const TIMES: u32 = 10;

/// A rung that is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rung {
    pub(super) clock: ClockId,
    pub(super) step: Step,
    pub(super) due_at: Timestamp,
}

pub(super) struct Story {
    events: Vec<Event<RoutingEvent>>,
    /// When each ticket was opened, and when it was answered, if it was.
    tickets: BTreeMap<TicketId, (Timestamp, Option<Timestamp>)>,
    end: Timestamp,
}

fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = vec![event(
            Timestamp::EPOCH,
            RoutingEvent::DeskActivated(Box::new(compiled())),
        )];
        let mut tickets = BTreeMap::new();
        for number in 1..=TICKETS {
            let (ticket, at) = (
                TicketId(number),
                Timestamp::EPOCH.plus(EVERY * u32::try_from(number).unwrap()),
            );
            events.push(event(at, opened(ticket, at)));
            // An answer may come at the very moment at which a rung is due.
            let answered = rng
                .random_bool(0.3)
                .then(|| at.plus(Duration::from_mins(rng.random_range(1..200))));
            events.extend(answered.map(|at| event(at, answer(ticket))));
            tickets.insert(ticket, (at, answered));
        }
        events.sort_by_key(|event| event.at);
        let end = events.last().unwrap().at.plus(Duration::from_hours(5));
        Self { events, tickets, end }
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.events.len() as u64
    }

    /// What the journal holds behind `after`, up to `through`.
    pub(super) fn heard(&self, after: u64, through: u64) -> Heard {
        let place = |seq| usize::try_from(seq).unwrap();
        let events = (after + 1..).zip(&self.events[place(after)..place(through)]);
        let events = events.map(|(seq, event)| Observed {
            seq,
            event: event.clone(),
        });
        Heard {
            after,
            through,
            incarnation: INCARNATION,
            events: events.collect(),
        }
    }

    /// Nothing happens behind `seq` before then.
    pub(super) fn watermark(&self, seq: u64) -> Timestamp {
        let next = self.events.get(usize::try_from(seq).unwrap());
        next.map_or(self.end, |event| event.at)
    }

    /// Every rung that is due before its ticket is answered.
    pub(super) fn rungs(&self) -> Vec<Rung> {
        let mut rungs = Vec::new();
        for (ticket, (opened, answered)) in &self.tickets {
            let half = (0, 0, TARGET / 2);
            let repeated = (0..=TIMES).map(|repeat| (1, repeat, TARGET + AGAIN * repeat));
            for (rung, repeat, after) in [half].into_iter().chain(repeated) {
                let due_at = opened.plus(after);
                if due_at < answered.unwrap_or(self.end) {
                    let kind = ClockKind::FirstResponse;
                    let clock = ClockId {
                        ticket: *ticket,
                        kind,
                        occurrence: 1,
                    };
                    let ladder = key("up");
                    let step = Step { ladder, rung, repeat };
                    rungs.push(Rung { clock, step, due_at });
                }
            }
        }
        rungs.sort_unstable();
        rungs
    }
}

fn event(at: Timestamp, body: RoutingEvent) -> Event<RoutingEvent> {
    Event {
        at,
        actor: Actor::service("router"),
        cause: Cause::Timer,
        trace: Trace::default(),
        body,
    }
}

fn opened(ticket: TicketId, at: Timestamp) -> RoutingEvent {
    let intake = Intake {
        message: MessageId(Uuid::from_u128(ticket.0.into())),
        conversation: ConversationId(Uuid::from_u128(ticket.0.into())),
        account: key("mail"),
        channel: Channel::Email,
        queue: key("support"),
        language: None,
        skills: BTreeMap::new(),
        tags: BTreeSet::new(),
        priority: Priority::Normal,
        received_at: at,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    };
    let requirement = Requirement {
        language: None,
        skills: BTreeMap::new(),
        ..Requirement::new(key("support"), Channel::Email)
    };
    RoutingEvent::TicketOpened {
        ticket,
        intake: Box::new(intake),
        requirement: requirement.into(),
        place: StepPlace::default(),
    }
}

fn answer(ticket: TicketId) -> RoutingEvent {
    RoutingEvent::AnswerAdded {
        ticket,
        message: MessageId(Uuid::from_u128(u128::from(ticket.0) + 1_000_000)),
        author: None,
        visible: true,
    }
}

fn compiled() -> CompiledDesk {
    let tell = || vec![Action::Tell(vec![Recipient::Contact(key("boss"))])];
    let rung = |at, repeat| tandem_domain::sla::Rung {
        at,
        actions: tell(),
        repeat,
    };
    let again = Repeat {
        every: AGAIN,
        times: TIMES,
    };
    let policy = Policy {
        id: key("hour"),
        queues: BTreeSet::new(),
        channels: BTreeSet::new(),
        languages: BTreeSet::new(),
        priorities: BTreeSet::new(),
        tags: BTreeSet::new(),
        calendar: None,
        targets: [(ClockKind::FirstResponse, [(Priority::Normal, TARGET)].into())].into(),
        ladders: [(ClockKind::FirstResponse, key("up"))].into(),
    };
    let sla = SlaPlan {
        policies: vec![policy],
        ladders: vec![Ladder {
            id: key("up"),
            rungs: vec![rung(RungAt::Share(50), None), rung(RungAt::Breach, Some(again))],
        }],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    };
    CompiledDesk {
        version: 1,
        hash: "0".repeat(64),
        default_language: None,
        min_proficiency: Proficiency::A1,
        skills: Vec::new(),
        teams: Vec::new(),
        agents: Vec::new(),
        queues: Vec::new(),
        channels: BTreeMap::new(),
        accounts: BTreeMap::new(),
        close_after: Duration::from_hours(24),
        timezone: "UTC".to_owned(),
        service_levels: BTreeMap::new(),
        sla,
        ..CompiledDesk::default()
    }
}
