//! Any event at all.

use std::time::Duration;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::desk::Choice;
use tandem_domain::explain::{Deciding, Rank, Ranking};
use tandem_domain::expression::Expression;
use tandem_domain::routing::{
    DeclineReason, HelpEnd, Intake, NoHelp, OwnerChange, RequeueReason, RevokeReason, RoutingEvent, SkipReason,
    Skipped, StepEnd, StepPlace, UndeliveredReason,
};
use tandem_domain::{
    Actor, Cause, Channel, ConversationId, CustomerId, Event, LanguageTag, MessageId, OfferId, Presence, Priority,
    Proficiency, Requirement, Role, SignedMillis, SkillLevel, TicketId, Timestamp, Trace,
};
use uuid::Uuid;

use super::desk::compiled_desk;

/// A key of any sort.
pub(crate) fn key<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug + 'static>() -> BoxedStrategy<T> {
    "[a-z0-9][a-z0-9_-]{0,20}"
        .prop_map(|text| text.parse().expect("of the right form"))
        .boxed()
}

pub(crate) fn keys<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug + 'static>()
-> impl Strategy<Value = Vec<T>> {
    vec(key(), 0..4)
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    (0..=4_102_444_800_000_000_i64).prop_map(Timestamp::from_micros)
}

pub(crate) fn duration() -> impl Strategy<Value = Duration> {
    (0..=1_000_000_000_u64, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

pub(crate) fn language() -> impl Strategy<Value = LanguageTag> {
    select(vec!["de", "pt-BR", "zh-Hant-TW", "en"]).prop_map(|tag| tag.parse().expect("a tag"))
}

pub(crate) fn channel() -> impl Strategy<Value = Channel> {
    select(Channel::ALL.to_vec())
}

pub(crate) fn proficiency() -> impl Strategy<Value = Proficiency> {
    use Proficiency::{A1, A2, B1, B2, C1, C2};
    select(vec![A1, A2, B1, B2, C1, C2])
}

fn presence() -> impl Strategy<Value = Presence> {
    select(vec![
        Presence::Offline,
        Presence::Online,
        Presence::Away,
        Presence::NotResponding,
        Presence::Draining,
    ])
}

pub(crate) fn level() -> impl Strategy<Value = SkillLevel> {
    (1..=5_u8).prop_map(|level| SkillLevel::new(level).expect("from 1 to 5"))
}

pub(crate) fn expression() -> impl Strategy<Value = Expression> {
    let texts = vec![
        "billing >= 3 and (lang.de >= B2 or lang.en >= C1) and not (team == partner)",
        "agent in [ana, bo] or site != berlin",
        "attr.seniority >= 3 and tier >= 2",
        "attr.vip == yes or region not in [eu, us]",
    ];
    select(texts).prop_map(|text| Expression::parse(text).expect("an expression"))
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let skills = btree_map(key(), level(), 0..4);
    let step = (any::<u16>(), option::of(expression()), keys(), keys());
    (key(), channel(), option::of((language(), proficiency())), skills, step).prop_map(
        |(queue, channel, language, skills, (step, expression, pool, only))| Requirement {
            language,
            skills,
            step,
            expression,
            pool,
            only,
            ..Requirement::new(queue, channel)
        },
    )
}

fn place() -> impl Strategy<Value = StepPlace> {
    let skipped = (any::<u16>(), select(SkipReason::ALL.to_vec())).prop_map(|(step, why)| Skipped { step, why });
    (any::<u16>(), option::of(time()), vec(skipped, 0..3)).prop_map(|(step, until, skipped)| StepPlace {
        step,
        until,
        skipped,
    })
}

fn intake() -> impl Strategy<Value = Intake> {
    let ids = (any::<u128>(), any::<u128>(), key(), channel(), key());
    let content = (
        option::of(language()),
        btree_map(key(), level(), 0..3),
        btree_set(key(), 0..3),
    );
    let rest = (priority(), time(), any::<bool>());
    let by = (
        option::of(any::<u128>().prop_map(|id| CustomerId(Uuid::from_u128(id)))),
        option::of(key()),
        option::of(time()),
    );
    (ids, content, rest, by).prop_map(
        |(ids, (language, skills, tags), (priority, received_at, automatic), (customer, tandem, due_at))| Intake {
            message: MessageId(Uuid::from_u128(ids.0)),
            conversation: ConversationId(Uuid::from_u128(ids.1)),
            account: ids.2,
            channel: ids.3,
            queue: ids.4,
            language,
            skills,
            tags,
            priority,
            received_at,
            automatic,
            customer,
            tandem,
            due_at,
        },
    )
}

fn rank() -> impl Strategy<Value = Rank> {
    let load = (any::<u32>(), any::<u32>(), time());
    (key(), load, any::<i64>(), any::<u32>()).prop_map(|(agent, (used, capacity, idle_since), score, order)| Rank {
        agent,
        used,
        capacity,
        idle_since,
        score,
        order,
    })
}

fn ranking() -> impl Strategy<Value = Ranking> {
    let counts = (any::<u32>(), any::<u32>(), any::<u32>());
    let how = (
        any::<u16>(),
        select(Choice::ALL.to_vec()),
        option::of(select(Deciding::ALL.to_vec())),
    );
    (counts, rank(), vec(rank(), 0..3), any::<bool>(), how).prop_map(
        |((considered, fit, free), winner, runners_up, direct, (step, choice, deciding))| Ranking {
            considered,
            fit,
            free,
            winner,
            runners_up,
            direct,
            step,
            choice,
            deciding,
        },
    )
}

fn ticket() -> impl Strategy<Value = TicketId> {
    any::<u64>().prop_map(TicketId)
}

fn offer() -> impl Strategy<Value = OfferId> {
    any::<u64>().prop_map(OfferId)
}

/// What happens to a desk and to tickets.
fn ticket_event() -> impl Strategy<Value = RoutingEvent> {
    use RequeueReason::{AgentRemoved, CustomerReplied, Due, OwnerAbsent, Reopened, Requested, Transferred};
    let reasons = [
        Requested,
        Transferred,
        AgentRemoved,
        Reopened,
        CustomerReplied,
        OwnerAbsent,
        Due,
    ];
    let reason = select(reasons.to_vec());
    prop_oneof![
        compiled_desk().prop_map(|desk| RoutingEvent::DeskActivated(Box::new(desk))),
        (ticket(), intake(), requirement(), place()).prop_map(|(ticket, intake, requirement, place)| {
            RoutingEvent::TicketOpened {
                ticket,
                intake: Box::new(intake),
                requirement: requirement.into(),
                place,
            }
        }),
        (ticket(), any::<u128>(), any::<bool>(), time()).prop_map(|(ticket, message, automatic, received_at)| {
            RoutingEvent::MessageAdded {
                ticket,
                message: MessageId(Uuid::from_u128(message)),
                automatic,
                received_at,
            }
        }),
        (key(), presence()).prop_map(|(agent, presence)| RoutingEvent::PresenceChanged { agent, presence }),
        ticket().prop_map(|ticket| RoutingEvent::TicketHeld { ticket }),
        ticket().prop_map(|ticket| RoutingEvent::TicketResumed { ticket }),
        (ticket(), requirement(), reason, place()).prop_map(|(ticket, requirement, reason, place)| {
            RoutingEvent::TicketRequeued {
                ticket,
                requirement: requirement.into(),
                reason,
                place,
            }
        }),
        (ticket(), time()).prop_map(|(ticket, until)| RoutingEvent::WrapUpStarted { ticket, until }),
        ticket().prop_map(|ticket| RoutingEvent::TicketDone { ticket }),
        ticket().prop_map(|ticket| RoutingEvent::WrapUpInterrupted { ticket }),
        ticket().prop_map(|ticket| RoutingEvent::TicketCancelled { ticket }),
        ticket().prop_map(|ticket| RoutingEvent::TicketClosed { ticket }),
        ticket().prop_map(|ticket| RoutingEvent::TicketAbandoned { ticket }),
        (ticket(), priority()).prop_map(|(ticket, priority)| RoutingEvent::PriorityChanged { ticket, priority }),
    ]
}

fn priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL.to_vec())
}

fn message() -> impl Strategy<Value = MessageId> {
    any::<u128>().prop_map(|id| MessageId(Uuid::from_u128(id)))
}

fn answer_event() -> impl Strategy<Value = RoutingEvent> {
    let reason = select(UndeliveredReason::ALL.to_vec());
    prop_oneof![
        (ticket(), message(), option::of(key()), any::<bool>()).prop_map(|(ticket, message, author, visible)| {
            RoutingEvent::AnswerAdded {
                ticket,
                message,
                author,
                visible,
            }
        }),
        (ticket(), message()).prop_map(|(ticket, message)| RoutingEvent::AnswerDelivered { ticket, message }),
        (ticket(), message(), reason).prop_map(|(ticket, message, reason)| RoutingEvent::AnswerFailed {
            ticket,
            message,
            reason
        }),
    ]
}

fn decline_reason() -> impl Strategy<Value = DeclineReason> {
    use DeclineReason::{Busy, Conflict, Other, WrongSkill};
    select(vec![Busy, WrongSkill, Conflict, Other])
}

fn offer_event() -> impl Strategy<Value = RoutingEvent> {
    let declined = decline_reason();
    let revoked = select(vec![
        RevokeReason::AgentLeft,
        RevokeReason::TicketMoved,
        RevokeReason::DeskChanged,
        RevokeReason::AcceptedElsewhere,
    ]);
    prop_oneof![
        (offer(), ticket(), key(), time(), ranking()).prop_map(|(offer, ticket, agent, expires_at, ranking)| {
            RoutingEvent::OfferIssued {
                offer,
                ticket,
                agent,
                expires_at,
                ranking: ranking.into(),
            }
        }),
        (offer(), ticket(), key()).prop_map(|(offer, ticket, agent)| RoutingEvent::OfferAccepted {
            offer,
            ticket,
            agent
        }),
        (offer(), ticket(), key(), declined, time()).prop_map(|(offer, ticket, agent, reason, until)| {
            RoutingEvent::OfferDeclined {
                offer,
                ticket,
                agent,
                reason,
                until,
            }
        }),
        (offer(), ticket(), key(), time()).prop_map(|(offer, ticket, agent, until)| RoutingEvent::OfferExpired {
            offer,
            ticket,
            agent,
            until
        }),
        (offer(), ticket(), key(), revoked).prop_map(|(offer, ticket, agent, reason)| RoutingEvent::OfferRevoked {
            offer,
            ticket,
            agent,
            reason
        }),
    ]
}

fn help_event() -> impl Strategy<Value = RoutingEvent> {
    let (refused, left) = (select(NoHelp::ALL.to_vec()), select(HelpEnd::ALL.to_vec()));
    prop_oneof![
        (offer(), ticket(), key(), time(), option::of(key())).prop_map(
            |(offer, ticket, agent, expires_at, asked_by)| {
                RoutingEvent::HelpOffered {
                    offer,
                    ticket,
                    agent,
                    expires_at,
                    asked_by,
                }
            }
        ),
        (offer(), ticket(), key()).prop_map(|(offer, ticket, agent)| RoutingEvent::HelpAccepted {
            offer,
            ticket,
            agent
        }),
        (offer(), ticket(), key(), refused, decline_reason()).prop_map(|(offer, ticket, agent, why, reason)| {
            RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent,
                why,
                declined: (why == NoHelp::Declined).then_some(reason),
            }
        }),
        (ticket(), key(), left).prop_map(|(ticket, agent, why)| RoutingEvent::HelperLeft { ticket, agent, why }),
        (key(), any::<bool>()).prop_map(|(agent, available)| RoutingEvent::AvailabilityChanged { agent, available }),
    ]
}

fn handling_event() -> impl Strategy<Value = RoutingEvent> {
    let (ends, changes) = (select(StepEnd::ALL.to_vec()), select(OwnerChange::ALL.to_vec()));
    prop_oneof![
        (ticket(), requirement(), place(), ends).prop_map(|(ticket, requirement, place, why)| {
            RoutingEvent::StepEntered {
                ticket,
                requirement: requirement.into(),
                place,
                why,
            }
        }),
        (ticket(), any::<i64>()).prop_map(|(ticket, by)| RoutingEvent::AgeAdjusted {
            ticket,
            by: SignedMillis(by)
        }),
        (ticket(), option::of(key()), key(), changes).prop_map(|(ticket, from, to, why)| RoutingEvent::OwnerChanged {
            ticket,
            from,
            to,
            why
        }),
        (ticket(), ticket(), vec(message(), 0..4)).prop_map(|(ticket, into, messages)| RoutingEvent::TicketMerged {
            ticket,
            into,
            messages
        }),
        (
            ticket(),
            ticket(),
            intake(),
            vec(message(), 1..4),
            requirement(),
            place(),
            option::of(time())
        )
            .prop_map(
                |(ticket, from, intake, messages, requirement, place, still_waiting_since)| RoutingEvent::TicketSplit {
                    ticket,
                    from,
                    intake: Box::new(intake),
                    messages,
                    requirement: requirement.into(),
                    place,
                    still_waiting_since,
                }
            ),
        (ticket(), time()).prop_map(|(ticket, until)| RoutingEvent::TicketScheduled { ticket, until }),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        (".{0,10}", ".{0,10}").prop_map(|(method, id)| Cause::Request {
            method: method.into(),
            id: id.into(),
        }),
        Just(Cause::Timer),
        Just(Cause::SessionLost),
        ".{0,10}".prop_map(|id| Cause::Event(id.into())),
    ]
}

/// Any event around such a body.
pub(crate) fn event_of<B: std::fmt::Debug>(body: impl Strategy<Value = B>) -> impl Strategy<Value = Event<B>> {
    let actor = (select(Role::ALL.to_vec()), ".{0,10}").prop_map(|(role, subject)| Actor {
        role,
        subject: subject.into(),
    });
    (time(), actor, cause(), ".{0,10}", body).prop_map(|(at, actor, cause, trace, body)| Event {
        at,
        actor,
        cause,
        trace: Trace(trace.into()),
        body,
    })
}

/// Any event of any kind.
pub(crate) fn event() -> impl Strategy<Value = Event<RoutingEvent>> {
    event_of(prop_oneof![
        ticket_event(),
        offer_event(),
        answer_event(),
        help_event(),
        handling_event()
    ])
}
