//! The escalation service's events: written and read back; and what they ask of the router.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_desk::{DecodeError, Journaled};
use tandem_domain::escalation::{
    ClockEvent, ClockId, EscalationEvent, Plan, Standing, Step, Telling, Terms, TicketFacts, Tier,
};
use tandem_domain::routing::{Command, TransferTarget};
use tandem_domain::{ClockKind, DeskId, EscalationId, Event, MessageId, NotificationId, Priority, TicketId};
use tandem_sla::SlaCore;
use uuid::Uuid;

use super::events::{channel, duration, event_of, key, keys, language, time};
use super::plan::plan;

fn ticket() -> impl Strategy<Value = TicketId> {
    any::<u64>().prop_map(TicketId)
}

fn escalation() -> impl Strategy<Value = EscalationId> {
    any::<u64>().prop_map(EscalationId)
}

fn message() -> impl Strategy<Value = MessageId> {
    any::<u128>().prop_map(|id| MessageId(Uuid::from_u128(id)))
}

fn priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL.to_vec())
}

fn clock() -> impl Strategy<Value = ClockId> {
    (ticket(), select(ClockKind::ALL.to_vec()), any::<u32>()).prop_map(|(ticket, kind, occurrence)| ClockId {
        ticket,
        kind,
        occurrence,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let parts = (
        option::of(key()),
        option::of(key()),
        option::of(duration()),
        option::of(key()),
    );
    parts.prop_map(|(policy, calendar, target, ladder)| Terms {
        policy,
        calendar,
        target,
        ladder,
    })
}

fn step() -> impl Strategy<Value = Step> {
    (key(), any::<u32>(), any::<u32>()).prop_map(|(ladder, rung, repeat)| Step { ladder, rung, repeat })
}

fn facts() -> impl Strategy<Value = TicketFacts> {
    let parts = (
        key(),
        channel(),
        option::of(language()),
        priority(),
        btree_set(key(), 0..3),
    );
    parts.prop_map(|(queue, channel, language, priority, tags)| TicketFacts {
        queue,
        channel,
        language,
        priority,
        tags,
    })
}

fn adopted() -> impl Strategy<Value = Plan> {
    let tier = (key(), 1..=3_u8, option::of(key())).prop_map(|(queue, tier, next)| Tier { queue, tier, next });
    (any::<u64>(), plan(), vec(tier, 0..3), btree_map(key(), key(), 0..3)).prop_map(|(version, sla, tiers, agents)| {
        Plan {
            version,
            sla,
            tiers,
            agents,
        }
    })
}

fn clock_event() -> impl Strategy<Value = ClockEvent> {
    prop_oneof![
        (time(), terms()).prop_map(|(since, terms)| ClockEvent::Started { since, terms }),
        (time(), duration()).prop_map(|(paused_at, elapsed)| ClockEvent::Paused { paused_at, elapsed }),
        time().prop_map(|since| ClockEvent::Resumed { since }),
        (time(), duration(), option::of(message())).prop_map(|(met_at, elapsed, answer)| ClockEvent::Met {
            met_at,
            elapsed,
            answer
        }),
        (time(), duration()).prop_map(|(due_at, late_by)| ClockEvent::Breached { due_at, late_by }),
        (time(), duration()).prop_map(|(cancelled_at, elapsed)| ClockEvent::Cancelled { cancelled_at, elapsed }),
        (time(), time(), duration(), terms()).prop_map(|(reopened_at, since, elapsed, terms)| ClockEvent::Reopened {
            reopened_at,
            since,
            elapsed,
            terms
        }),
        (time(), duration(), terms()).prop_map(|(retargeted_at, elapsed, terms)| ClockEvent::Retargeted {
            retargeted_at,
            elapsed,
            terms
        }),
    ]
}

fn telling() -> impl Strategy<Value = Telling> {
    let ids = (any::<u64>(), escalation(), clock(), step());
    let rest = (time(), duration(), key(), priority(), keys());
    (ids, rest).prop_map(|(ids, rest)| Telling {
        notification: NotificationId(ids.0),
        escalation: ids.1,
        clock: ids.2,
        step: ids.3,
        due_at: rest.0,
        late_by: rest.1,
        queue: rest.2,
        priority: rest.3,
        contacts: rest.4,
    })
}

fn ticket_event() -> impl Strategy<Value = EscalationEvent> {
    let standing = select(vec![Standing::Open, Standing::OnHold, Standing::Resolved]);
    prop_oneof![
        (ticket(), facts(), standing, option::of(key())).prop_map(|(ticket, facts, standing, owner)| {
            EscalationEvent::TicketFollowed {
                ticket,
                facts: Box::new(facts),
                standing,
                owner,
            }
        }),
        (ticket(), message(), time()).prop_map(|(ticket, message, answered_at)| EscalationEvent::AnswerCounted {
            ticket,
            message,
            answered_at
        }),
        (ticket(), message()).prop_map(|(ticket, message)| EscalationEvent::AnswerDiscounted { ticket, message }),
        ticket().prop_map(|ticket| EscalationEvent::TicketForgotten { ticket }),
        (any::<u64>(), any::<u64>(), btree_map(ticket(), any::<u64>(), 0..3)).prop_map(
            |(through, incarnation, versions)| EscalationEvent::RouterFollowed {
                through,
                incarnation,
                versions
            }
        ),
        Just(EscalationEvent::BegunAnew),
    ]
}

fn rung_event() -> impl Strategy<Value = EscalationEvent> {
    prop_oneof![
        (escalation(), clock(), step(), time(), duration()).prop_map(|(escalation, clock, step, due_at, late_by)| {
            EscalationEvent::RungReached {
                escalation,
                clock,
                step,
                due_at,
                late_by,
            }
        }),
        (escalation(), ticket(), priority(), any::<u64>()).prop_map(|(escalation, ticket, priority, seen)| {
            EscalationEvent::PriorityRaiseAsked {
                escalation,
                ticket,
                priority,
                seen,
            }
        }),
        (escalation(), ticket(), key(), any::<u64>()).prop_map(|(escalation, ticket, queue, seen)| {
            EscalationEvent::MoveAsked {
                escalation,
                ticket,
                queue,
                seen,
            }
        }),
        telling().prop_map(|telling| EscalationEvent::ContactsTold(Box::new(telling))),
        escalation().prop_map(|escalation| EscalationEvent::EscalationAcknowledged { escalation }),
    ]
}

/// Any event of any kind.
pub(crate) fn event() -> impl Strategy<Value = Event<EscalationEvent>> {
    event_of(prop_oneof![
        adopted().prop_map(|plan| EscalationEvent::PlanAdopted(Box::new(plan))),
        (clock(), clock_event()).prop_map(|(clock, happened)| EscalationEvent::Clock(clock, happened)),
        ticket_event(),
        rung_event(),
    ])
}

proptest! {
    #[test]
    fn every_event_is_read_back_as_it_was_written(event in event()) {
        let encoded = SlaCore::encode(&event);
        prop_assert_eq!(encoded.level, 1);
        prop_assert_eq!(SlaCore::decode(encoded.kind, &encoded.payload), Ok(event));
    }

    #[test]
    fn an_event_of_an_unknown_kind_is_refused(event in event(), kind in "[A-Z][a-z]{3,8}Invented") {
        let encoded = SlaCore::encode(&event);
        let unknown = Err(DecodeError::UnknownKind(kind.clone()));
        prop_assert_eq!(SlaCore::decode(&kind, &encoded.payload), unknown);
    }

    #[test]
    fn damaged_bytes_never_panic(event in event(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let encoded = SlaCore::encode(&event);
        let mut damaged = encoded.payload.to_vec();
        let at = at.index(damaged.len());
        damaged[at] = value;
        let _ = SlaCore::decode(encoded.kind, &damaged);
        let _ = SlaCore::decode(encoded.kind, &encoded.payload[..at]);
    }

    #[test]
    fn only_what_a_rung_asks_of_the_router_is_an_effect(event in event()) {
        let desk: DeskId = "acme".parse().unwrap();
        let effect = SlaCore::effect(&desk, &event);
        let asked: Option<Command> = effect.as_ref().map(|effect| serde_json::from_slice(&effect.command).unwrap());
        let wanted = match event.body {
            EscalationEvent::PriorityRaiseAsked { ticket, priority, seen, .. } => {
                Some(Command::SetPriority { ticket, priority, seen: Some(seen) })
            }
            EscalationEvent::MoveAsked { ticket, queue, seen, .. } => {
                Some(Command::Transfer { ticket, to: TransferTarget::Queue(queue), seen: Some(seen) })
            }
            _ => None,
        };
        prop_assert_eq!(asked, wanted);
        prop_assert!(effect.is_none_or(|effect| effect.service == "router" && effect.desk == desk));
    }
}
