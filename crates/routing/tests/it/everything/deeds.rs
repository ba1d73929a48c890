//! Everything that can happen to a desk, far more often in the middle of things than at their ends. What cannot be done
//! just then is refused, and `World` sees to it that a refusal changes nothing.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use tandem_domain::routing::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, TicketView, TransferTarget, UndeliveredReason,
};
use tandem_domain::{AgentId, Channel, CustomerId, MessageId, OfferId, Presence, Priority, SignedMillis, TicketId};
use uuid::Uuid;

use super::desks::{AGENTS, QUEUES, VERSIONS, version};
use crate::support::{IntakeBuilder, answer_id, as_agent, conversation_id, key, level, mail, seconds, supervisor};
use crate::world::World;

#[derive(Clone, Debug)]
pub(super) struct Opening {
    customer: Option<u128>,
    channel: Channel,
    queue: &'static str,
    language: &'static str,
    vip: bool,
    tandem: bool,
    priority: Priority,
    due: Option<u64>,
}

/// What somebody does with a ticket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    Accept,
    Decline,
    Hold,
    Resume,
    Requeue,
    ToQueue(&'static str),
    ToAgent(&'static str),
    Priority(Priority),
    AdjustAge(i64),
    Pull(&'static str),
    Consult(&'static str),
    ConsultQueue(&'static str),
    EndHelp(&'static str),
    HandOver(&'static str),
    Merge(TicketId),
    Split(u8),
    Schedule(u64),
    Resolve,
    FinishWrapUp,
    Reopen,
    Cancel,
    Answer(u128, AfterAnswer),
    Report(u128, bool),
}

/// Who does it.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Supervisor,
    /// Its owner, or to whom it is offered; a supervisor where there is none.
    Holder,
    Agent(&'static str),
}

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Open(Opening),
    WriteAgain(u128),
    Leave(u128),
    Presence(&'static str, Presence),
    LoseSession(&'static str),
    Do(Index, By, Verb),
    Activate(usize),
    Wait(u64),
    /// Time passes, and nobody ticks.
    Skip(u64),
    Restart,
}

fn an_agent() -> impl Strategy<Value = &'static str> {
    select(AGENTS.to_vec())
}

fn a_queue() -> impl Strategy<Value = &'static str> {
    select(QUEUES.to_vec())
}

fn a_priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL.to_vec())
}

fn an_opening() -> impl Strategy<Value = Opening> {
    (
        prop::option::of(0..4_u128),
        select(Channel::ALL.to_vec()),
        a_queue(),
        select(vec!["en", "en", "de", "de-CH", "fr"]),
        any::<bool>(),
        any::<bool>(),
        a_priority(),
        prop::option::weighted(0.1, 1..200_u64),
    )
        .prop_map(
            |(customer, channel, queue, language, vip, tandem, priority, due)| Opening {
                customer,
                channel,
                queue,
                language,
                vip,
                tandem,
                priority,
                due,
            },
        )
}

fn a_verb() -> impl Strategy<Value = Verb> {
    let then = select(vec![
        AfterAnswer::Keep,
        AfterAnswer::AwaitCustomer,
        AfterAnswer::Resolve,
    ]);
    let age = select(vec![i64::MIN, -60_000, 60_000, i64::MAX]);
    prop_oneof![
        12 => Just(Verb::Accept),
        6 => Just(Verb::Decline),
        3 => Just(Verb::Hold),
        2 => Just(Verb::Resume),
        2 => Just(Verb::Requeue),
        2 => a_queue().prop_map(Verb::ToQueue),
        2 => an_agent().prop_map(Verb::ToAgent),
        2 => a_priority().prop_map(Verb::Priority),
        2 => age.prop_map(Verb::AdjustAge),
        3 => an_agent().prop_map(Verb::Pull),
        4 => an_agent().prop_map(Verb::Consult),
        2 => a_queue().prop_map(Verb::ConsultQueue),
        1 => an_agent().prop_map(Verb::EndHelp),
        2 => an_agent().prop_map(Verb::HandOver),
        3 => (1..20_u64).prop_map(|into| Verb::Merge(TicketId(into))),
        3 => any::<u8>().prop_map(Verb::Split),
        2 => (0..300_u64).prop_map(Verb::Schedule),
        3 => Just(Verb::Resolve),
        1 => Just(Verb::FinishWrapUp),
        1 => Just(Verb::Reopen),
        1 => Just(Verb::Cancel),
        3 => (0..6_u128, then).prop_map(|(text, then)| Verb::Answer(text, then)),
        2 => (0..6_u128, any::<bool>()).prop_map(|(text, arrives)| Verb::Report(text, arrives)),
    ]
}

pub(super) fn any_deed() -> impl Strategy<Value = Deed> {
    let presence = select(vec![
        Presence::Online,
        Presence::Online,
        Presence::Online,
        Presence::Away,
        Presence::Offline,
        Presence::Draining,
    ]);
    let by = prop_oneof![
        4 => Just(By::Supervisor),
        4 => Just(By::Holder),
        1 => an_agent().prop_map(By::Agent),
    ];
    prop_oneof![
        12 => an_opening().prop_map(Deed::Open),
        3 => (100..140_u128).prop_map(Deed::WriteAgain),
        1 => (100..140_u128).prop_map(Deed::Leave),
        5 => (an_agent(), presence).prop_map(|(who, presence)| Deed::Presence(who, presence)),
        1 => an_agent().prop_map(Deed::LoseSession),
        30 => (any::<Index>(), by, a_verb()).prop_map(|(which, by, verb)| Deed::Do(which, by, verb)),
        2 => (0..VERSIONS).prop_map(Deed::Activate),
        6 => select(vec![1, 2, 10, 20, 30, 60, 61, 130, 300, 620]).prop_map(Deed::Wait),
        1 => select(vec![1, 30, 300]).prop_map(Deed::Skip),
        2 => Just(Deed::Restart),
    ]
}

pub(super) fn act(world: &mut World, number: u128, deed: Deed) {
    match deed {
        Deed::Open(opening) => open(world, number, &opening),
        Deed::WriteAgain(conversation) => drop(world.intake(mail(number).in_conversation(conversation))),
        Deed::Leave(conversation) => world.leave(conversation),
        Deed::Presence(agent, presence) => {
            let agent = key(agent);
            drop(world.run(Command::SetPresence { agent, presence }));
        }
        Deed::LoseSession(agent) => world.lose_session(agent),
        Deed::Do(which, by, verb) => do_with_some(world, which, by, verb, number),
        // Refused while one of its tickets needs a queue that the version lacks.
        Deed::Activate(number) => drop(world.activate(version(number))),
        Deed::Wait(time) => world.pass(seconds(time)),
        Deed::Skip(time) => world.skip(seconds(time)),
        Deed::Restart => world.restart(),
    }
}

fn open(world: &mut World, number: u128, opening: &Opening) {
    let mut intake = mail(number)
        .by(opening.channel)
        .to(opening.queue)
        .in_language(opening.language)
        .with(opening.priority);
    if opening.vip {
        intake.skills = [(key("vip"), level(1))].into();
    }
    intake.customer = opening.customer.map(|customer| CustomerId(Uuid::from_u128(customer)));
    intake.tandem = opening.tandem.then(|| key("north"));
    intake.due_at = opening.due.map(|due| world.now.plus(seconds(due)));
    world.intake(intake);
}

/// Newer tickets are livelier: one of the last ten.
fn do_with_some(world: &mut World, which: Index, by: By, verb: Verb, number: u128) {
    let tickets = world.tickets();
    let lively = &tickets[tickets.len().saturating_sub(10)..];
    if lively.is_empty() {
        return;
    }
    let ticket = which.get(lively).clone();
    let by = doer(&ticket, by);
    let command = command(world, &ticket, verb, by.as_ref(), number);
    let actor = by.map_or_else(supervisor, |agent| as_agent(agent.as_str()));
    drop(world.run_as(actor, command));
}

fn doer(ticket: &TicketView, by: By) -> Option<AgentId> {
    match by {
        By::Supervisor => None,
        By::Holder => {
            let offered = ticket.offers.last().map(|offer| offer.agent.clone());
            ticket.owner.clone().or(offered)
        }
        By::Agent(agent) => Some(key(agent)),
    }
}

fn command(world: &World, view: &TicketView, verb: Verb, by: Option<&AgentId>, number: u128) -> Command {
    let ticket = view.id;
    match verb {
        Verb::Accept | Verb::Decline => answer_offer(view, verb, by),
        Verb::Hold => Command::Hold { ticket },
        Verb::Resume => Command::Resume { ticket },
        Verb::Requeue => Command::Requeue { ticket },
        Verb::ToQueue(queue) => transfer(ticket, TransferTarget::Queue(key(queue))),
        Verb::ToAgent(agent) => transfer(ticket, TransferTarget::Agent(key(agent))),
        Verb::Priority(priority) => Command::SetPriority {
            ticket,
            priority,
            seen: None,
        },
        Verb::AdjustAge(by) => Command::AdjustAge {
            ticket,
            by: SignedMillis(by),
        },
        Verb::Pull(to) => Command::Pull { ticket, to: key(to) },
        Verb::Consult(agent) => consult(ticket, TransferTarget::Agent(key(agent))),
        Verb::ConsultQueue(queue) => consult(ticket, TransferTarget::Queue(key(queue))),
        Verb::EndHelp(agent) => Command::EndHelp {
            ticket,
            agent: key(agent),
        },
        Verb::HandOver(to) => Command::HandOver {
            ticket,
            to: view.helpers.first().cloned().unwrap_or_else(|| key(to)),
        },
        Verb::Merge(into) => Command::Merge { ticket, into },
        Verb::Split(which) => Command::Split {
            ticket,
            messages: some_messages(world, ticket, which),
            conversation: conversation_id(5_000 + number),
        },
        Verb::Schedule(time) => Command::Schedule {
            ticket,
            until: world.now.plus(seconds(time)),
        },
        Verb::Resolve => Command::Resolve { ticket },
        Verb::FinishWrapUp => Command::FinishWrapUp { ticket },
        Verb::Reopen => Command::Reopen { ticket },
        Verb::Cancel => Command::Cancel { ticket },
        Verb::Answer(text, then) => Command::Answer {
            ticket,
            message: text_on(ticket, text),
            author: by.cloned(),
            visible: true,
            then,
        },
        Verb::Report(text, arrives) => Command::ReportDelivery {
            ticket,
            message: text_on(ticket, text),
            outcome: if arrives {
                DeliveryOutcome::Delivered
            } else {
                DeliveryOutcome::Failed(UndeliveredReason::Bounced)
            },
        },
    }
}

fn text_on(ticket: TicketId, text: u128) -> MessageId {
    answer_id(u128::from(ticket.0) * 10 + text)
}

fn transfer(ticket: TicketId, to: TransferTarget) -> Command {
    Command::Transfer { ticket, to, seen: None }
}

fn consult(ticket: TicketId, with: TransferTarget) -> Command {
    Command::Consult { ticket, with }
}

/// The offer that was made last, to help or to own; by whoever got it, unless somebody else tries.
fn answer_offer(view: &TicketView, verb: Verb, by: Option<&AgentId>) -> Command {
    let offer = view.help_offers.last().or(view.offers.last());
    let agent = offer.map_or_else(|| key("ann"), |offer| offer.agent.clone());
    let agent = by.cloned().unwrap_or(agent);
    let offer = offer.map_or(OfferId(view.id.0), |offer| offer.id);
    match verb {
        Verb::Accept => Command::Accept { agent, offer },
        _ => Command::Decline {
            agent,
            offer,
            reason: DeclineReason::Busy,
        },
    }
}

/// Some of the ticket's messages, by the bits of `which`.
fn some_messages(world: &World, ticket: TicketId, which: u8) -> Vec<MessageId> {
    let messages = world.messages.iter().filter(|(_, on)| **on == ticket);
    let chosen = messages.enumerate().filter(|(at, _)| which >> (at % 8) & 1 == 1);
    chosen.map(|(_, (message, _))| *message).collect()
}
