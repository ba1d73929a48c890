//! A world for each state of a ticket.

use tandem_domain::RoutingState::{
    self, Abandoned, Assigned, Cancelled, Done, Merged, Offered, OnHold, Queued, Scheduled, WrappingUp,
};
use tandem_domain::routing::Command;
use tandem_domain::{Channel, MessageId, Presence, TicketId};
use uuid::Uuid;

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, mail, seconds};
use crate::world::World;

/// The answer that every ticket has got, and the one that it gets.
pub(super) const GIVEN: MessageId = MessageId(Uuid::from_u128(7));
pub(super) const NEW: MessageId = MessageId(Uuid::from_u128(8));
/// The ticket into which others are merged, if it is there.
pub(super) const OTHER: TicketId = TicketId(2);

/// A world in which ticket 1 is in this state and was answered; its offer was offer 1.
pub(super) fn world_with(state: RoutingState) -> (World, TicketId) {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.answer(ticket, GIVEN, None);
    match state {
        Queued => world.set_presence("ana", Presence::Away),
        Offered => {}
        Assigned => world.take(ticket),
        OnHold => {
            world.take(ticket);
            world.hold(ticket);
        }
        WrappingUp => {
            world.take(ticket);
            world.resolve(ticket);
        }
        Done => {
            world.take(ticket);
            world.resolve(ticket);
            world.run(Command::FinishWrapUp { ticket }).unwrap();
        }
        Cancelled => drop(world.run(Command::Cancel { ticket }).unwrap()),
        Abandoned => world.leave(1),
        Scheduled => drop(world.run(schedule(ticket, &world)).unwrap()),
        Merged => {
            let into = other(&mut world);
            world.run(Command::Merge { ticket, into }).unwrap();
        }
    }
    assert_eq!(world.state(ticket), state);
    (world, ticket)
}

/// Ticket 2, which waits for somebody who is not there.
pub(super) fn other(world: &mut World) -> TicketId {
    world.open(mail(3).needs("vip", 5))
}

fn schedule(ticket: TicketId, world: &World) -> Command {
    let until = world.now.plus(seconds(3600));
    Command::Schedule { ticket, until }
}
