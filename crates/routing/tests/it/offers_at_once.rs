//! One ticket, several offers at once: whoever accepts first has it.

use proptest::prelude::*;
use tandem_domain::routing::{Command, DeclineReason, Rejection, RevokeReason, RoutingEvent};
use tandem_domain::{Channel, CompiledDesk, OfferId, Presence, Priority, RoutingState, TicketId};

use crate::support::*;
use crate::world::World;

/// Queue `support` offers each ticket to three agents at once.
fn three_at_once(agents: &[&str]) -> CompiledDesk {
    let mut desk = desk(agents.iter().map(|id| agent(id).capacity(1)));
    desk.queues[0].offers_at_once = 3;
    desk
}

fn asked(world: &World, ticket: TicketId) -> Vec<String> {
    let offers = world.ticket(ticket).offers;
    offers.into_iter().map(|offer| offer.agent.to_string()).collect()
}

fn offer_to(world: &World, ticket: TicketId, agent: &str) -> OfferId {
    let offers = world.ticket(ticket).offers;
    offers
        .into_iter()
        .find(|offer| offer.agent.as_str() == agent)
        .unwrap()
        .id
}

#[test]
fn the_best_are_asked_at_once_and_each_keeps_room_for_it() {
    let mut world = World::staffed(three_at_once(&["ana", "bo", "cy", "di"]));
    let ticket = world.open(mail(1));
    assert_eq!(asked(&world, ticket), ["ana", "bo", "cy"]);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"), "the first of them");
    let used: Vec<_> = world.agents().iter().map(|agent| agent.used).collect();
    assert_eq!(used, [1, 1, 1, 0]);
}

#[test]
fn everybody_finds_the_own_offer_in_the_own_work_list() {
    let mut world = World::staffed(three_at_once(&["ana", "bo"]));
    let ticket = world.open(mail(1));
    for agent in ["ana", "bo"] {
        let items = world.work_list(agent).unwrap().items;
        let mine = items[0].offer.as_ref().unwrap();
        assert_eq!((mine.agent.as_str(), mine.id), (agent, offer_to(&world, ticket, agent)));
    }
}

#[test]
fn the_first_accept_wins_and_the_others_lose_theirs_in_the_same_turn() {
    let mut world = World::staffed(three_at_once(&["ana", "bo", "cy"]));
    let ticket = world.open(mail(1));
    let (late, offer) = (offer_to(&world, ticket, "ana"), offer_to(&world, ticket, "bo"));
    world.accept("bo", offer).unwrap();
    let told: Vec<_> = world.last_turn().iter().map(|event| &event.body).collect();
    let withdrawn = |event: &&&RoutingEvent| {
        let elsewhere = RevokeReason::AcceptedElsewhere;
        matches!(event, RoutingEvent::OfferRevoked { reason, .. } if *reason == elsewhere)
    };
    assert_eq!(told.iter().filter(withdrawn).count(), 2);
    assert!(
        matches!(told.last(), Some(RoutingEvent::OfferAccepted { .. })),
        "the last word"
    );
    assert_eq!(
        (world.state(ticket), world.owner(ticket).as_deref()),
        (RoutingState::Assigned, Some("bo"))
    );
    assert_eq!((world.agent("ana").used, world.agent("cy").used), (0, 0));
    let refused = world.accept("ana", late).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "offer {late} is over: somebody else accepted the ticket first; look at the work list for what is offered now"
        )
    );
}

#[test]
fn nobody_is_blamed_or_passed_over_for_an_offer_that_somebody_else_accepted() {
    let mut world = World::staffed(three_at_once(&["ana", "bo"]));
    let ticket = world.open(mail(1));
    world.accept("bo", offer_to(&world, ticket, "bo")).unwrap();
    assert_eq!(world.agent("ana").missed, 0);
    world.run(Command::Requeue { ticket }).unwrap();
    assert_eq!(asked(&world, ticket), ["ana"]);
}

#[test]
fn who_declines_is_replaced_while_the_others_stand() {
    let mut world = World::staffed(three_at_once(&["ana", "bo", "cy", "di"]));
    let ticket = world.open(mail(1));
    let kept = [offer_to(&world, ticket, "ana"), offer_to(&world, ticket, "cy")];
    world.decline("bo", offer_to(&world, ticket, "bo")).unwrap();
    assert_eq!(asked(&world, ticket), ["ana", "cy", "di"]);
    assert_eq!(kept, [offer_to(&world, ticket, "ana"), offer_to(&world, ticket, "cy")]);
    world.pass(seconds(60));
    assert_eq!(asked(&world, ticket), ["ana", "cy", "di"], "no place is free for bo");
}

#[test]
fn who_was_passed_over_is_asked_again_where_a_place_is_free() {
    let mut world = World::staffed(three_at_once(&["ana", "bo"]));
    let ticket = world.open(mail(1));
    world.decline("bo", offer_to(&world, ticket, "bo")).unwrap();
    assert_eq!(asked(&world, ticket), ["ana"]);
    world.pass(seconds(60));
    assert_eq!(asked(&world, ticket), ["ana", "bo"]);
}

#[test]
fn whoever_comes_online_joins_those_who_are_asked() {
    let mut world = World::new(three_at_once(&["ana", "bo"]));
    world.set_presence("bo", Presence::Online);
    let ticket = world.open(mail(1));
    assert_eq!(asked(&world, ticket), ["bo"]);
    world.set_presence("ana", Presence::Online);
    assert_eq!(asked(&world, ticket), ["bo", "ana"]);
}

#[test]
fn each_offer_expires_by_itself() {
    let mut world = World::new(three_at_once(&["ana", "bo"]));
    world.set_presence("ana", Presence::Online);
    let ticket = world.open(mail(1));
    world.pass(seconds(100));
    world.set_presence("bo", Presence::Online);
    world.pass(seconds(200));
    assert_eq!(
        (asked(&world, ticket), world.state(ticket)),
        (vec!["bo".to_owned()], RoutingState::Offered)
    );
    assert_eq!((world.agent("ana").missed, world.agent("bo").missed), (1, 0));
    world.pass(seconds(60));
    assert_eq!(asked(&world, ticket), ["bo", "ana"], "her pause is over");
    world.pass(seconds(40));
    assert_eq!(asked(&world, ticket), ["ana"]);
}

#[test]
fn a_ticket_that_waits_goes_before_the_second_offer_of_another() {
    let mut world = World::new(three_at_once(&["ana", "bo", "cy"]));
    let (first, second) = (world.open(mail(1)), world.open(mail(2).with(Priority::Low)));
    for agent in ["ana", "bo", "cy"] {
        world.set_presence(agent, Presence::Online);
    }
    assert_eq!(
        (asked(&world, first), asked(&world, second)),
        (vec!["ana".to_owned(), "cy".to_owned()], vec!["bo".to_owned()])
    );
}

#[test]
fn what_is_offered_by_hand_is_offered_to_one() {
    let mut world = World::staffed(three_at_once(&["ana", "bo", "cy"]));
    let ticket = world.open(mail(1));
    world.transfer_to_agent(ticket, "cy").unwrap_err();
    world.decline("cy", offer_to(&world, ticket, "cy")).unwrap();
    world.transfer_to_agent(ticket, "cy").unwrap();
    assert_eq!(asked(&world, ticket), ["cy"]);
    world.refuse(ticket);
    assert!(asked(&world, ticket).is_empty(), "{:?}", asked(&world, ticket));
}

#[test]
fn whoever_goes_away_loses_only_his_or_her_own_offer() {
    let mut world = World::staffed(three_at_once(&["ana", "bo"]));
    let ticket = world.open(mail(1));
    world.set_presence("ana", Presence::Away);
    assert_eq!(
        (asked(&world, ticket), world.state(ticket)),
        (vec!["bo".to_owned()], RoutingState::Offered)
    );
}

#[test]
fn a_ticket_that_moves_takes_all_its_offers_back() {
    let ends: [fn(TicketId) -> Command; 3] = [
        |ticket| Command::Cancel { ticket },
        |ticket| Command::Resolve { ticket },
        |ticket| Command::Requeue { ticket },
    ];
    for end in ends {
        let mut world = World::staffed(three_at_once(&["ana", "bo", "cy"]));
        let ticket = world.open(mail(1));
        let offers = world.ticket(ticket).offers;
        world.run(end(ticket)).unwrap();
        assert!(
            world.agents().iter().all(|agent| agent.tickets.is_empty()),
            "whoever hands back is passed over"
        );
        for offer in offers {
            let refused = world.accept(offer.agent.as_str(), offer.id).unwrap_err();
            assert!(matches!(refused, Rejection::OfferOver { .. }), "{refused}");
        }
    }
}

#[test]
fn an_offer_is_answered_once_by_whom_it_was_made_to() {
    let mut world = World::staffed(three_at_once(&["ana", "bo"]));
    let ticket = world.open(mail(1));
    let offer = offer_to(&world, ticket, "ana");
    assert!(matches!(world.accept("bo", offer), Err(Rejection::ForeignOffer { .. })));
    assert!(matches!(
        world.decline("bo", offer),
        Err(Rejection::ForeignOffer { .. })
    ));
    world.accept("ana", offer).unwrap();
    assert!(matches!(world.accept("ana", offer), Err(Rejection::OfferOver { .. })));
    assert!(matches!(world.decline("ana", offer), Err(Rejection::OfferOver { .. })));
}

#[test]
fn an_offer_that_accepts_itself_is_told_of_and_goes_to_one() {
    let mut desk = three_at_once(&["ana", "bo"]);
    desk.queues[0].auto_accept = true;
    let mut world = World::staffed(desk);
    let ticket = world.open(mail(1));
    let told: Vec<_> = world.last_turn().iter().map(|event| &event.body).collect();
    assert!(matches!(
        told[..],
        [
            RoutingEvent::TicketOpened { .. },
            RoutingEvent::OfferIssued { .. },
            RoutingEvent::OfferAccepted { .. }
        ]
    ));
    assert_eq!(
        (world.owner(ticket).as_deref(), world.agent("bo").used),
        (Some("ana"), 0)
    );
}

#[test]
fn a_channel_may_accept_for_its_agents_too() {
    let mut desk = desk([agent("ana")]);
    desk.channels.get_mut(&Channel::Chat).unwrap().auto_accept = true;
    let mut world = World::staffed(desk);
    let (chat, other) = (world.open(mail(1).by(Channel::Chat)), world.open(mail(2)));
    assert_eq!(
        (world.state(chat), world.state(other)),
        (RoutingState::Assigned, RoutingState::Queued)
    );
}

#[derive(Clone, Debug)]
enum Step {
    Mail(Priority, Channel),
    /// The n-th open offer of all is answered.
    Answer(usize, bool),
    Presence(usize, Presence),
    Requeue(u64),
    Resolve(u64),
    Wait(u64),
    Restart,
    Activate(u8),
}

fn a_step() -> impl Strategy<Value = Step> {
    let presence = prop::sample::select(vec![
        Presence::Online,
        Presence::Online,
        Presence::Away,
        Presence::Draining,
    ]);
    let channel = prop::sample::select(vec![Channel::Email, Channel::Chat]);
    prop_oneof![
        4 => (prop::sample::select(Priority::ALL.to_vec()), channel).prop_map(|(priority, channel)| Step::Mail(priority, channel)),
        6 => (0..20_usize, prop::bool::weighted(0.6)).prop_map(|(offer, yes)| Step::Answer(offer, yes)),
        3 => (0..AGENTS.len(), presence).prop_map(|(agent, presence)| Step::Presence(agent, presence)),
        1 => (1..10_u64).prop_map(Step::Requeue),
        3 => (1..10_u64).prop_map(Step::Resolve),
        3 => (0..400_u64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => (1..5_u8).prop_map(Step::Activate),
    ]
}

const AGENTS: [&str; 5] = ["ana", "bo", "cy", "di", "eve"];

fn asks(offers_at_once: u8) -> CompiledDesk {
    let mut desk = three_at_once(&AGENTS);
    desk.agents[1].capacity = 3;
    desk.agents[2].capacity = 4;
    desk.queues[0].offers_at_once = offers_at_once;
    desk.queues[0].max_missed = 2;
    desk
}

fn take_step(world: &mut World, step: &Step, messages: &mut u128) {
    match *step {
        Step::Mail(priority, channel) => {
            *messages += 1;
            world.open(mail(*messages).with(priority).by(channel));
        }
        Step::Answer(place, yes) => {
            let open: Vec<_> = world.tickets().into_iter().flat_map(|ticket| ticket.offers).collect();
            if let Some(offer) = open.get(place % open.len().max(1)) {
                let (agent, offer) = (offer.agent.clone(), offer.id);
                let reason = DeclineReason::Busy;
                let decline = Command::Decline {
                    agent: agent.clone(),
                    offer,
                    reason,
                };
                world
                    .run(if yes { Command::Accept { agent, offer } } else { decline })
                    .unwrap();
            }
        }
        Step::Presence(agent, presence) => world.set_presence(AGENTS[agent], presence),
        Step::Requeue(ticket) => drop(world.run(Command::Requeue {
            ticket: TicketId(ticket),
        })),
        Step::Resolve(ticket) => drop(world.run(Command::Resolve {
            ticket: TicketId(ticket),
        })),
        Step::Wait(time) => world.pass(seconds(time)),
        Step::Restart => world.restart(),
        Step::Activate(offers_at_once) => drop(world.activate(asks(offers_at_once)).unwrap()),
    }
}

/// Each offer ends once; a ticket's accept leaves none of its offers open.
fn offers_end_once(world: &World) {
    let mut open: std::collections::BTreeMap<OfferId, TicketId> = std::collections::BTreeMap::new();
    for event in &world.history {
        match &event.body {
            RoutingEvent::OfferIssued { offer, ticket, .. } => assert_eq!(open.insert(*offer, *ticket), None),
            RoutingEvent::OfferAccepted { offer, ticket, .. } => {
                assert_eq!(open.remove(offer), Some(*ticket));
                assert!(
                    open.values().all(|other| other != ticket),
                    "offers outlive the accept of {ticket}"
                );
            }
            RoutingEvent::OfferDeclined { offer, ticket, .. }
            | RoutingEvent::OfferExpired { offer, ticket, .. }
            | RoutingEvent::OfferRevoked { offer, ticket, .. } => assert_eq!(open.remove(offer), Some(*ticket)),
            _ => {}
        }
    }
    let shown: std::collections::BTreeMap<_, _> = world
        .tickets()
        .iter()
        .flat_map(|ticket| ticket.offers.iter().map(|offer| (offer.id, ticket.id)))
        .collect();
    assert_eq!(open, shown);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// The world checks determinism, replay, capacity and that nobody idles after every step.
    #[test]
    fn over_random_histories_every_offer_ends_once_and_none_outlives_its_tickets_accept(
        at_once in 1..5_u8,
        steps in prop::collection::vec(a_step(), 1..60),
    ) {
        let mut world = World::staffed(asks(at_once));
        let mut messages = 0;
        for step in &steps {
            take_step(&mut world, step, &mut messages);
        }
        offers_end_once(&world);
        crate::replay::replays(&world.history);
    }
}
