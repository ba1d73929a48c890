//! A history follows from its own inputs, which can be had back from its events.

use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, RoutingEvent, TransferTarget};
use tandem_domain::{Actor, Channel, Context, Core, Event, Presence, RoutingState};
use tandem_routing::RoutingCore;
use tandem_routing::replay::{Divergence, Input, Replayer};

use crate::support::{IntakeBuilder, agent, agent_id, answer_id, as_agent, conversation_id, desk, mail, seconds};
use crate::world::{World, desk_id};

type Inputs = Result<Vec<(Input, Context)>, Divergence>;

/// Feeds a fresh core with what the history was made of; the inputs, with their contexts.
fn replay(history: &[Event<RoutingEvent>]) -> Inputs {
    inputs(history, Replayer::deciding(RoutingCore::new(&desk_id())))
}

/// The inputs as they are told from what is believed.
fn believe(history: &[Event<RoutingEvent>]) -> Inputs {
    inputs(history, Replayer::believing(&RoutingCore::new(&desk_id())))
}

fn inputs(history: &[Event<RoutingEvent>], mut replayer: Replayer) -> Inputs {
    let mut inputs = Vec::new();
    let mut each = |replayed: tandem_routing::replay::Replayed| {
        assert!(!replayed.events.is_empty());
        inputs.push((replayed.input, replayed.context));
    };
    for event in history {
        replayer.take(event.clone(), &mut each)?;
    }
    replayer.finish(&mut each)?;
    Ok(inputs)
}

/// The inputs of a history make it, event by event. Each request has an id of its own, as the shell sees to: without
/// that, what two requests of one microsecond did could not always be told apart.
pub(crate) fn replays(history: &[Event<RoutingEvent>]) {
    let inputs = replay(history).unwrap_or_else(|divergence| panic!("{divergence:#?}"));
    let mut core = RoutingCore::new(&desk_id());
    let mut made = Vec::new();
    for (input, context) in &inputs {
        core.feed(input, context, &mut made).unwrap();
    }
    assert!(made == history, "the inputs make another history");
    let believed = believe(history).unwrap_or_else(|divergence| panic!("{divergence:#?}"));
    assert_eq!(believed, inputs);
}

fn commands(history: &[Event<RoutingEvent>]) -> Vec<Command> {
    let inputs = replay(history).unwrap_or_else(|divergence| panic!("{divergence:#?}"));
    let commands = inputs.into_iter().filter_map(|(input, _)| match input {
        Input::Command(command) => Some(*command),
        Input::Tick | Input::SessionLost(_) => None,
    });
    commands.collect()
}

#[test]
fn an_answer_brings_back_what_was_asked_for_with_it() {
    for then in [AfterAnswer::Keep, AfterAnswer::AwaitCustomer, AfterAnswer::Resolve] {
        let mut world = World::staffed(desk([agent("ana")]));
        let ticket = world.open(mail(1).by(Channel::Chat));
        world.take(ticket);
        let answer = Command::Answer {
            ticket,
            message: answer_id(1),
            author: Some(agent_id("ana")),
            visible: true,
            then,
        };
        world.run(answer.clone()).unwrap();
        assert_eq!(commands(&world.history).last(), Some(&answer));
    }
}

#[test]
fn a_transfer_by_hand_and_one_to_a_queue_are_told_apart() {
    for to in ["ana", "bo"] {
        let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
        let ticket = world.open(mail(1));
        world.take(ticket);
        let other = if world.owner(ticket).as_deref() == Some("ana") {
            "bo"
        } else {
            "ana"
        };
        if to == "ana" {
            world.transfer_to_agent(ticket, other).unwrap();
        } else {
            world.transfer_to_queue(ticket, "support").unwrap();
        }
        replays(&world.history);
    }
}

#[test]
fn why_somebody_does_not_help_comes_back() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    let helper = if world.owner(ticket).as_deref() == Some("ana") {
        "bo"
    } else {
        "ana"
    };
    let with = TransferTarget::Agent(agent_id(helper));
    world.run(Command::Consult { ticket, with }).unwrap();
    let decline = Command::Decline {
        agent: agent_id(helper),
        offer: world.ticket(ticket).help_offers[0].id,
        reason: DeclineReason::Conflict,
    };
    world.run(decline.clone()).unwrap();
    assert_eq!(commands(&world.history).last(), Some(&decline));
    replays(&world.history);
}

#[test]
fn a_customer_who_leaves_is_not_a_cancelled_ticket() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    assert_eq!(world.state(ticket), RoutingState::Offered);
    world.leave(1);
    let left = Command::CustomerLeft {
        conversation: conversation_id(1),
    };
    assert_eq!(commands(&world.history).last(), Some(&left));
}

#[test]
fn two_inputs_at_the_same_moment_of_the_same_cause_are_two() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    world.open(mail(1));
    world.open(mail(2));
    world.lose_session("ana");
    world.lose_session("bo");
    let inputs = replay(&world.history).unwrap();
    let lost: Vec<_> = inputs
        .iter()
        .filter(|(input, _)| matches!(input, Input::SessionLost(_)))
        .collect();
    assert_eq!(lost.len(), 2);
    replays(&world.history);
}

#[test]
fn a_timer_that_was_late_is_late_again() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.skip(seconds(45));
    world.pass(seconds(0));
    assert_eq!(world.state(ticket), RoutingState::Offered);
    replays(&world.history);
}

#[test]
fn a_pause_that_ended_unheard_changes_nothing() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.refuse(ticket);
    world.set_presence("ana", Presence::Away);
    world.pass(seconds(100));
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.state(ticket), RoutingState::Offered);
    replays(&world.history);
}

#[test]
fn a_history_that_another_program_decided_is_told_and_can_be_believed() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.pass(seconds(1));
    world.take(ticket);
    let mut history = world.history.clone();
    let (place, issued) = history
        .iter_mut()
        .enumerate()
        .find(|(_, event)| matches!(event.body, RoutingEvent::OfferIssued { .. }))
        .unwrap();
    let RoutingEvent::OfferIssued { ranking, .. } = &mut issued.body else {
        unreachable!("it was found as one")
    };
    std::sync::Arc::make_mut(ranking).free += 1;
    let divergence = replay(&history).unwrap_err();
    assert_eq!(divergence.at, place as u64);
    assert_eq!(*divergence.recorded, history[place]);
    assert_eq!(divergence.made.as_deref(), Some(&world.history[place]));
    let believed = believe(&history).unwrap();
    assert!(
        matches!(&believed.last().unwrap().0, Input::Command(command) if matches!(**command, Command::Accept { .. }))
    );
}

#[test]
fn inputs_come_back_with_who_gave_them_and_when() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    let offer = world.offer_of(ticket);
    world.skip(seconds(7));
    let accept = Command::Accept {
        agent: agent_id("ana"),
        offer,
    };
    world.run_as(as_agent("ana"), accept.clone()).unwrap();
    let inputs = replay(&world.history).unwrap();
    let (input, context) = inputs.last().unwrap();
    assert_eq!(*input, Input::Command(Box::new(accept)));
    assert_eq!((context.now, &context.actor), (world.now, &as_agent("ana")));
    assert_ne!(context.actor, Actor::service("router"));
}
