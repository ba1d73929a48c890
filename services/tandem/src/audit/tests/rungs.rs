//! Escalation journals, by the core itself: nothing is found in them, unless a fault is planted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::desk::CompiledDesk;
use tandem_domain::escalation::{Command, EscalationEvent, Heard, Observed};
use tandem_domain::routing::{Intake, RequeueReason, RoutingEvent, StepPlace, UndeliveredReason};
use tandem_domain::sla::{Action, Calendar, Ladder, Policy, Recipient, Repeat, Rung, RungAt, SlaPlan, Window};
use tandem_domain::{
    Actor, Cause, Channel, ClockKind, Context, ConversationId, Core, Event, MessageId, OfferId, Priority, Proficiency,
    Requirement, TicketId, Timestamp, Trace,
};
use tandem_sla::SlaCore;
use uuid::Uuid;

use super::story::{acme, key};
use crate::audit::escalation::compare;
use crate::audit::finding::{Findings, Kind};

type Events<B> = Vec<(u64, Event<B>)>;

#[test]
fn whatever_happened_nothing_is_found_in_what_the_core_made_of_it() {
    for seed in 0..60 {
        let (router, journal) = story(seed);
        let mut findings = Findings::new(acme());
        compare(&journal, &router, &mut findings);
        assert_eq!(findings.list, [], "seed {seed}");
    }
}

/// What is found in a journal with such a fault.
pub(super) fn planted(kind: Kind) -> Vec<Kind> {
    let (router, mut journal) = story(1);
    let reached = |event: &EscalationEvent| matches!(event, EscalationEvent::RungReached { .. });
    let place = journal.iter().position(|(_, event)| reached(&event.body));
    let place = place.expect("a rung was reached");
    match kind {
        Kind::RungTwice => journal.insert(place, journal[place].clone()),
        Kind::RungMissed => drop(journal.remove(place)),
        _ => {
            if let EscalationEvent::RungReached { due_at, .. } = &mut journal[place].1.body {
                *due_at = due_at.minus(Duration::from_secs(1));
            }
        }
    }
    let mut findings = Findings::new(acme());
    compare(&journal, &router, &mut findings);
    findings.list.into_iter().map(|finding| finding.kind).collect()
}

/// A router's journal, and what the core made of it.
fn story(seed: u64) -> (Events<RoutingEvent>, Events<EscalationEvent>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut at = Timestamp::from_micros(1_774_400_000_000_000);
    let mut router = vec![(1, event(at, RoutingEvent::DeskActivated(Box::new(compiled(0)))))];
    let mut resolved = BTreeSet::new();
    for seq in 2..200 {
        at = at.plus(Duration::from_secs(rng.random_range(0..4000)));
        let body = possible(happens(&mut rng, seq, at), &mut resolved);
        router.push((seq, event(at, body)));
    }
    let mut core = SlaCore::new(&acme());
    let mut out = Vec::new();
    for stretch in router.chunks(7) {
        let heard = Heard {
            after: stretch[0].0 - 1,
            through: stretch[stretch.len() - 1].0,
            incarnation: 1,
            events: stretch
                .iter()
                .map(|(seq, event)| Observed {
                    seq: *seq,
                    event: event.clone(),
                })
                .collect(),
        };
        let told = core.handle(Command::Observe(heard), &context(at), &mut out);
        assert!(told.is_ok(), "{told:?}");
    }
    let journal = (1..).zip(out).collect();
    (router, journal)
}

/// No router sets a resolved ticket aside.
fn possible(body: RoutingEvent, resolved: &mut BTreeSet<TicketId>) -> RoutingEvent {
    match body {
        RoutingEvent::TicketHeld { ticket } if resolved.remove(&ticket) => RoutingEvent::WrapUpInterrupted { ticket },
        RoutingEvent::WrapUpStarted { ticket, .. } => {
            resolved.insert(ticket);
            body
        }
        RoutingEvent::OfferAccepted { ticket, .. }
        | RoutingEvent::TicketResumed { ticket }
        | RoutingEvent::TicketRequeued { ticket, .. } => {
            resolved.remove(&ticket);
            body
        }
        body => body,
    }
}

fn happens(rng: &mut StdRng, seq: u64, at: Timestamp) -> RoutingEvent {
    let ticket = TicketId(rng.random_range(1..6));
    let answer = MessageId(Uuid::from_u128(rng.random_range(0..40)));
    let until = at;
    match rng.random_range(0..14) {
        0..=2 => opened(TicketId(seq), at),
        3 => RoutingEvent::OfferAccepted {
            offer: OfferId(1),
            ticket,
            agent: key("ana"),
        },
        4 => RoutingEvent::TicketHeld { ticket },
        5 => RoutingEvent::TicketResumed { ticket },
        6 => RoutingEvent::WrapUpStarted { ticket, until },
        7 => RoutingEvent::TicketRequeued {
            ticket,
            requirement: requirement(["first", "second"][rng.random_range(0..2)]).into(),
            reason: RequeueReason::Reopened,
            place: StepPlace::default(),
        },
        8 => RoutingEvent::PriorityChanged {
            ticket,
            priority: Priority::ALL[rng.random_range(0..4)],
        },
        9 => RoutingEvent::AnswerFailed {
            ticket,
            message: answer,
            reason: UndeliveredReason::Bounced,
        },
        10 => RoutingEvent::MessageAdded {
            ticket,
            message: answer,
            automatic: false,
            received_at: at.minus(Duration::from_secs(rng.random_range(0..600))),
        },
        11 => RoutingEvent::DeskActivated(Box::new(compiled(rng.random_range(0..2)))),
        12 if rng.random_bool(0.2) => RoutingEvent::TicketClosed { ticket },
        _ => RoutingEvent::AnswerAdded {
            ticket,
            message: answer,
            author: None,
            visible: true,
        },
    }
}

fn opened(ticket: TicketId, at: Timestamp) -> RoutingEvent {
    let intake = Intake {
        message: MessageId(Uuid::from_u128(ticket.0.into())),
        conversation: ConversationId(Uuid::from_u128(ticket.0.into())),
        account: key("mail"),
        channel: Channel::Email,
        queue: key("first"),
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
    RoutingEvent::TicketOpened {
        ticket,
        intake: Box::new(intake),
        requirement: requirement("first").into(),
        place: StepPlace::default(),
    }
}

fn requirement(queue: &str) -> Requirement {
    Requirement {
        language: None,
        skills: BTreeMap::new(),
        ..Requirement::new(key(queue), Channel::Email)
    }
}

fn event<B>(at: Timestamp, body: B) -> Event<B> {
    context(at).event(body)
}

fn context(now: Timestamp) -> Context {
    Context {
        now,
        actor: Actor::service("test"),
        cause: Cause::Timer,
        trace: Trace::default(),
    }
}

/// Two versions of a desk, which differ in what they promise and when they work.
fn compiled(version: u16) -> CompiledDesk {
    let kinds = [
        ClockKind::Accept,
        ClockKind::FirstResponse,
        ClockKind::NextResponse,
        ClockKind::Resolution,
    ];
    let policy = |id: &str, hours: u64, calendar| Policy {
        id: key(id),
        queues: [key(id)].into(),
        channels: BTreeSet::new(),
        languages: BTreeSet::new(),
        priorities: BTreeSet::new(),
        tags: BTreeSet::new(),
        calendar,
        targets: kinds.map(|kind| (kind, targets(hours))).into(),
        ladders: kinds.map(|kind| (kind, key("up"))).into(),
    };
    let window = Window {
        from_minute: 20 * 60 + version * 60,
        to_minute: 8 * 60,
    };
    let nights = Calendar {
        id: key("nights"),
        timezone: "Europe/Berlin".to_owned(),
        hours: (1..=7).map(|day| (day, vec![window])).collect(),
        holidays: Vec::new(),
    };
    let rung = |at, repeat| Rung {
        at,
        actions: vec![Action::Tell(vec![Recipient::Contact(key("boss"))])],
        repeat,
    };
    let again = Repeat {
        every: Duration::from_mins(25),
        times: 3,
    };
    // Where a rung stands changes from version to version; which one it is does not.
    let first = (version > 0).then(|| rung(RungAt::Share(20), None));
    let always = [rung(RungAt::Share(33), None), rung(RungAt::Breach, Some(again))];
    let sla = SlaPlan {
        calendars: vec![nights],
        policies: vec![
            policy("first", 3 + u64::from(version), Some(key("nights"))),
            policy("second", 5, None),
        ],
        ladders: vec![Ladder {
            id: key("up"),
            rungs: first.into_iter().chain(always).collect(),
        }],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    };
    CompiledDesk {
        version: u64::from(version) + 1,
        hash: String::new(),
        default_language: None,
        min_proficiency: Proficiency::A1,
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

fn targets(hours: u64) -> BTreeMap<Priority, Duration> {
    let all = Priority::ALL.iter().zip(1..);
    all.map(|(priority, more)| (*priority, Duration::from_hours(hours * more)))
        .collect()
}
