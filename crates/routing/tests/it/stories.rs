//! To which trace a command belongs.

use tandem_domain::routing::{AfterAnswer, Command, DeliveryOutcome};
use tandem_domain::{Channel, Presence, Trace};

use crate::support::{IntakeBuilder, agent, agent_id, answer_id, conversation_id, desk, mail};
use crate::world::World;

fn trace(number: u64) -> Trace {
    Trace(format!("00-{number:032x}-{number:016x}-01").into())
}

/// A desk on which everything comes under trace 9 but customers' messages.
fn traced() -> World {
    let mut world = World::staffed(desk([agent("ana")]));
    world.trace = trace(9);
    world
}

#[test]
fn what_is_done_about_a_ticket_belongs_to_the_trace_of_its_message() {
    let mut world = traced();
    world.trace = trace(1);
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.trace = trace(9);
    let offer = world.ticket(ticket).offer.unwrap().id;
    let accept = Command::Accept {
        agent: agent_id("ana"),
        offer,
    };
    assert_eq!(world.core.trace_of(&accept), Some(&trace(1)));
    world.run(accept).unwrap();
    let message = answer_id(1);
    let answer = Command::Answer {
        ticket,
        message,
        author: None,
        visible: true,
        then: AfterAnswer::Keep,
    };
    let report = Command::ReportDelivery {
        ticket,
        message,
        outcome: DeliveryOutcome::Delivered,
    };
    let left = Command::CustomerLeft {
        conversation: conversation_id(1),
    };
    for command in [answer, report, Command::Resolve { ticket }, left] {
        assert_eq!(world.core.trace_of(&command), Some(&trace(1)), "{command:?}");
    }
    world.restart();
    assert_eq!(world.core.trace_of(&Command::Hold { ticket }), Some(&trace(1)));
}

#[test]
fn the_customers_last_message_counts_and_a_machines_does_not() {
    let mut world = traced();
    world.trace = trace(1);
    let ticket = world.open(mail(1));
    world.trace = trace(2);
    world.intake(mail(2).in_conversation(1));
    world.trace = trace(3);
    world.intake(mail(3).in_conversation(1).automatic());
    assert_eq!(world.core.trace_of(&Command::Hold { ticket }), Some(&trace(2)));
}

#[test]
fn what_is_about_no_known_ticket_has_a_trace_of_its_own() {
    let mut world = traced();
    world.trace = Trace::default();
    let untraced = world.open(mail(1));
    let presence = Command::SetPresence {
        agent: agent_id("ana"),
        presence: Presence::Away,
    };
    let unknown = Command::Accept {
        agent: agent_id("ana"),
        offer: tandem_domain::OfferId(77),
    };
    for command in [
        presence,
        unknown,
        Command::Hold { ticket: untraced },
        Command::Intake(Box::new(mail(1))),
    ] {
        assert_eq!(world.core.trace_of(&command), None, "{command:?}");
    }
}
