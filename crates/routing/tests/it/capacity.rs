//! How much work an agent may have. The policy itself is checked in every test, from `policy.rs`.

use proptest::prelude::*;
use tandem_domain::explain::Lack;
use tandem_domain::routing::{Command, RevokeReason, RoutingEvent};
use tandem_domain::{Channel, CompiledDesk, Presence, RoutingState, TicketId};

use crate::support::*;
use crate::world::World;

/// A call, which takes all of ana's four units, may interrupt mails.
fn calls_interrupt_mails() -> CompiledDesk {
    let mut desk = desk([agent("ana").capacity(4)]);
    desk.interruptible_by = [(Channel::Email, [Channel::Phone].into())].into();
    desk
}

fn busy_with_mails(world: &mut World, mails: u128) -> Vec<TicketId> {
    let opened = (1..=mails).map(|number| {
        let ticket = world.open(mail(number));
        world.take(ticket);
        ticket
    });
    opened.collect()
}

#[test]
fn a_queue_may_ask_another_price_than_its_channel() {
    let mut desk = desk([agent("ana").capacity(5)]);
    desk.queues[0].units = [(Channel::Email, 3)].into();
    let mut world = World::staffed(desk);
    let (dear, chat, second) = (
        world.open(mail(1)),
        world.open(mail(2).by(Channel::Chat)),
        world.open(mail(3)),
    );
    assert_eq!(
        (world.agent("ana").used, world.state(second)),
        (5, RoutingState::Queued)
    );
    assert_eq!(
        world.explain(second).unwrap().candidates[0].lacks,
        [Lack::Capacity { needs: 3, free: 0 }]
    );
    world.take(dear);
    world.take(chat);
    world.transfer_to_queue(dear, "billing").unwrap();
    assert_eq!(
        world.agent("ana").used,
        2 + 3,
        "the other mail was offered in its place"
    );
}

#[test]
fn parked_work_takes_its_share_and_is_shown_in_whole_units() {
    let mut desk = desk([agent("ana").capacity(4)]);
    desk.channels.get_mut(&Channel::Chat).unwrap().hold_percent = Some(25);
    let mut world = World::staffed(desk);
    for number in 1..=3 {
        let chat = world.open(mail(number).by(Channel::Chat));
        world.take(chat);
        world.hold(chat);
    }
    assert_eq!(world.agent("ana").used, 2, "one and a half");
    let chat = world.open(mail(4).by(Channel::Chat));
    assert_eq!(world.offered_to(chat).as_deref(), Some("ana"));
    assert_eq!(
        (world.agent("ana").used, world.agent("ana").over_capacity),
        (4, false),
        "three and a half"
    );
    let last = world.open(mail(5));
    assert_eq!(world.state(last), RoutingState::Queued, "half a unit is no room");
}

#[test]
fn a_call_interrupts_mails_and_is_marked_as_more_than_there_is_room_for() {
    let mut world = World::staffed(calls_interrupt_mails());
    let mails = busy_with_mails(&mut world, 3);
    let call = world.open(mail(9).by(Channel::Phone));
    assert_eq!(world.offered_to(call).as_deref(), Some("ana"));
    assert_eq!((world.agent("ana").used, world.agent("ana").over_capacity), (7, true));
    world.take(call);
    assert!(world.ticket(call).over_capacity && !world.ticket(mails[0]).over_capacity);
    let next = world.open(mail(10));
    assert_eq!(
        world.state(next),
        RoutingState::Queued,
        "nothing new while it does not fit"
    );
    world.resolve(call);
    world.run(Command::FinishWrapUp { ticket: call }).unwrap();
    assert_eq!(
        (world.agent("ana").over_capacity, world.offered_to(next).as_deref()),
        (false, Some("ana"))
    );
}

#[test]
fn mails_do_not_interrupt_a_call_nor_one_call_another() {
    let mut world = World::staffed(calls_interrupt_mails());
    let call = world.open(mail(1).by(Channel::Phone));
    let (written, second) = (world.open(mail(2)), world.open(mail(3).by(Channel::Phone)));
    assert_eq!(world.offered_to(call).as_deref(), Some("ana"));
    assert_eq!(
        (world.state(written), world.state(second)),
        (RoutingState::Queued, RoutingState::Queued)
    );
}

#[test]
fn an_offer_that_was_let_in_over_others_survives_the_same_desk_file() {
    let mut world = World::staffed(calls_interrupt_mails());
    busy_with_mails(&mut world, 3);
    let (written, call) = (world.open(mail(8)), world.open(mail(9).by(Channel::Phone)));
    world.activate(calls_interrupt_mails()).unwrap();
    assert_eq!(
        (world.state(written), world.state(call)),
        (RoutingState::Offered, RoutingState::Offered)
    );
    let mut strict = calls_interrupt_mails();
    strict.interruptible_by.clear();
    world.activate(strict).unwrap();
    let revoked = world.history.iter().filter(|event| {
        let changed = RevokeReason::DeskChanged;
        matches!(event.body, RoutingEvent::OfferRevoked { reason, .. } if reason == changed)
    });
    assert_eq!(
        (revoked.count(), world.state(written)),
        (1, RoutingState::Offered),
        "the newest goes first"
    );
}

#[test]
fn work_that_comes_back_beyond_a_channels_maximum_is_taken_too() {
    let mut world = World::staffed(desk([agent("ana").capacity(9).at_most(1, Channel::Chat)]));
    let held = world.open(mail(1).by(Channel::Chat));
    world.take(held);
    world.hold(held);
    let second = world.open(mail(2).by(Channel::Chat));
    world.take(second);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(held), RoutingState::Assigned);
    assert!(!world.agent("ana").over_capacity, "there are units enough");
    let third = world.open(mail(4).by(Channel::Chat));
    assert_eq!(world.state(third), RoutingState::Queued);
}

#[test]
fn an_owner_who_is_away_does_not_get_it_back() {
    for presence in [Presence::Away, Presence::Offline] {
        let mut world = World::staffed(desk([agent("ana")]));
        let ticket = world.open(mail(1));
        world.take(ticket);
        world.hold(ticket);
        world.set_presence("ana", presence);
        world.intake(mail(2).in_conversation(1));
        assert_eq!(world.state(ticket), RoutingState::Queued);
    }
}

#[test]
fn the_mark_stays_with_the_ticket_until_it_moves_and_survives_a_restart() {
    let mut world = World::staffed(desk([agent("ana").capacity(1)]));
    let held = busy_with_mails(&mut world, 1)[0];
    world.hold(held);
    let other = world.open(mail(2));
    world.take(other);
    world.run(Command::Resume { ticket: held }).unwrap();
    world.restart();
    world.answer(held, answer_id(1), Some("ana"));
    assert!(world.ticket(held).over_capacity);
    world.hold(held);
    assert!(!world.ticket(held).over_capacity && !world.agent("ana").over_capacity);
}

#[derive(Clone, Debug)]
enum Step {
    Message(Channel),
    Work(u64, u8),
    CustomerWrites(u128),
    Presence(bool),
    Desk(u8),
    Restart,
    Wait(u64),
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => prop::sample::select(Channel::ALL.to_vec()).prop_map(Step::Message),
        8 => (1..15_u64, 0..4_u8).prop_map(|(ticket, verb)| Step::Work(ticket, verb)),
        2 => (1..15_u128).prop_map(Step::CustomerWrites),
        1 => any::<bool>().prop_map(Step::Presence),
        1 => (0..8_u8).prop_map(Step::Desk),
        1 => Just(Step::Restart),
        2 => (0..200_u64).prop_map(Step::Wait),
    ]
}

/// Prices, parts, interruptions and maxima, switched on and off by the bits of `features`.
fn any_desk(features: u8) -> CompiledDesk {
    let mut desk = desk([
        agent("ana").capacity(6).at_most(2, Channel::Chat),
        agent("bo").capacity(4),
    ]);
    if features & 1 != 0 {
        desk.interruptible_by = [
            (Channel::Email, [Channel::Phone, Channel::Chat].into()),
            (Channel::Chat, [Channel::Phone].into()),
        ]
        .into();
    }
    if features & 2 != 0 {
        desk.queues[0].units = [(Channel::Email, 2), (Channel::Chat, 3)].into();
    }
    if features & 4 != 0 {
        for channel in desk.channels.values_mut() {
            channel.hold_percent = Some(33);
        }
    }
    desk
}

fn take_step(world: &mut World, step: &Step, messages: &mut u128) {
    match *step {
        Step::Message(channel) => {
            *messages += 1;
            world.open(mail(*messages).by(channel));
        }
        Step::Work(ticket, _) if ticket > world.tickets().len() as u64 => {}
        Step::Work(ticket, verb) => {
            let ticket = TicketId(ticket);
            match (world.state(ticket), verb) {
                (RoutingState::Offered, 0) => world.refuse(ticket),
                (RoutingState::Offered, _) => world.take(ticket),
                (RoutingState::Assigned, 0 | 1) => world.hold(ticket),
                (RoutingState::OnHold, 0 | 1) => drop(world.run(Command::Resume { ticket })),
                (RoutingState::Assigned | RoutingState::OnHold, _) => world.resolve(ticket),
                (RoutingState::WrappingUp, _) => drop(world.run(Command::FinishWrapUp { ticket }).unwrap()),
                _ => {}
            }
        }
        Step::CustomerWrites(conversation) if conversation <= *messages => {
            let message = mail(1_000_000 + conversation + 1000 * world.history.len() as u128);
            world.intake(message.in_conversation(conversation));
        }
        Step::CustomerWrites(_) => {}
        Step::Presence(online) => world.set_presence("bo", if online { Presence::Online } else { Presence::Draining }),
        Step::Desk(features) => drop(world.activate(any_desk(features)).unwrap()),
        Step::Restart => world.restart(),
        Step::Wait(time) => world.pass(seconds(time)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// The world compares what everybody has with the policy after every step.
    #[test]
    fn over_random_histories_nobody_ever_has_more_than_the_policy_allows(
        features in 0..8_u8,
        steps in prop::collection::vec(a_step(), 1..60),
    ) {
        let mut world = World::staffed(any_desk(features));
        let mut messages = 0;
        for step in &steps {
            take_step(&mut world, step, &mut messages);
        }
    }
}
