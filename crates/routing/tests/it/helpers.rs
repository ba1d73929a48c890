//! Owners ask for help.

use tandem_domain::routing::{Command, HelpEnd, NoHelp, Rejection, RoutingEvent, TransferTarget};
use tandem_domain::{OfferId, Presence, RoutingState, TicketId};

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, mail, seconds};
use crate::world::World;

fn consult(ticket: TicketId, agent: &str) -> Command {
    let with = TransferTarget::Agent(key(agent));
    Command::Consult { ticket, with }
}

fn accept(offer: OfferId, agent: &str) -> Command {
    let agent = key(agent);
    Command::Accept { agent, offer }
}

/// `ana` owns a ticket; `bo` is of another team, and so are six more.
fn owned() -> (World, TicketId) {
    let others = ["bo", "cy", "di", "ed", "fe", "gus", "hal"].map(|name| agent(name).team("back").skill("billing", 4));
    let mut world = World::staffed(desk([agent("ana")].into_iter().chain(others)));
    let ticket = world.open(mail(1));
    world.take(ticket);
    (world, ticket)
}

fn asked(world: &World, ticket: TicketId) -> OfferId {
    world.ticket(ticket).help_offers.last().unwrap().id
}

fn helped_by(names: &[&str]) -> (World, TicketId) {
    let (mut world, ticket) = owned();
    for name in names {
        world.run(consult(ticket, name)).unwrap();
        let offer = asked(&world, ticket);
        world.run_as(as_agent(name), accept(offer, name)).unwrap();
    }
    (world, ticket)
}

#[test]
fn a_helper_has_the_ticket_too_and_the_owner_stays_the_owner() {
    let (world, ticket) = helped_by(&["bo"]);
    let view = world.ticket(ticket);
    assert_eq!((view.state, view.owner), (RoutingState::Assigned, Some(key("ana"))));
    assert_eq!(view.helpers, [key("bo")]);
    let helper = world.agent("bo");
    assert_eq!((helper.used, helper.helping), (1, vec![ticket]));
}

#[test]
fn help_that_is_declined_or_missed_leaves_the_ticket_where_it_is() {
    let (mut world, ticket) = owned();
    world.run_as(as_agent("ana"), consult(ticket, "bo")).unwrap();
    let offer = asked(&world, ticket);
    world.decline("bo", offer).unwrap();
    assert!(matches!(
        &world.last_turn()[0].body,
        RoutingEvent::HelpRefused {
            why: NoHelp::Declined,
            declined: Some(_),
            ..
        }
    ));
    world.run_as(as_agent("ana"), consult(ticket, "bo")).unwrap();
    world.pass(seconds(300));
    let view = world.ticket(ticket);
    assert_eq!((view.state, view.help_offers), (RoutingState::Assigned, vec![]));
    assert_eq!(world.agent("bo").missed, 1);
}

#[test]
fn a_queue_is_asked_for_whoever_is_least_busy() {
    let (mut world, ticket) = owned();
    let busy = world.open(mail(2).to("billing"));
    world.take(busy);
    let owner = world.ticket(busy).owner.unwrap();
    let with = TransferTarget::Queue(key("billing"));
    world.run(Command::Consult { ticket, with }).unwrap();
    let asked = &world.ticket(ticket).help_offers[0].agent;
    assert!(*asked != owner && *asked != key("ana"), "{asked}");
}

#[test]
fn of_a_queue_whoever_has_its_skills_is_asked() {
    let novice = agent("bo").team("back").skill("billing", 1);
    let expert = agent("cy").team("back").skill("billing", 4);
    let mut world = World::staffed(desk([agent("ana"), novice, expert]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    let with = TransferTarget::Queue(key("billing"));
    world.run(Command::Consult { ticket, with }).unwrap();
    assert_eq!(world.ticket(ticket).help_offers[0].agent, key("cy"));
}

#[test]
fn a_queue_of_which_nobody_is_there_cannot_help() {
    let (mut world, ticket) = owned();
    for name in ["bo", "cy", "di", "ed", "fe", "gus", "hal"] {
        world.set_presence(name, Presence::Offline);
    }
    let with = TransferTarget::Queue(key("billing"));
    let refused = world.run(Command::Consult { ticket, with });
    assert!(matches!(refused, Err(Rejection::NobodyFree { .. })), "{refused:?}");
    let with = TransferTarget::Queue(key("biling"));
    let refused = world.run(Command::Consult { ticket, with });
    assert!(matches!(refused, Err(Rejection::Unknown { similar: Some(of), .. }) if of == "billing"));
}

#[test]
fn five_may_help_or_be_asked_to() {
    let (mut world, ticket) = helped_by(&["bo", "cy", "di"]);
    world.run(consult(ticket, "ed")).unwrap();
    world.run(consult(ticket, "fe")).unwrap();
    let sixth = world.run(consult(ticket, "gus"));
    assert_eq!(sixth, Err(Rejection::HelpersFull { ticket, most: 5 }));
    let twice = world.run(consult(ticket, "bo"));
    assert!(matches!(twice, Err(Rejection::HelpersFull { .. })));
}

#[test]
fn nobody_is_asked_twice_nor_the_owner() {
    let (mut world, ticket) = helped_by(&["bo"]);
    for name in ["bo", "ana"] {
        let refused = world.run(consult(ticket, name));
        assert!(matches!(refused, Err(Rejection::AgentUnavailable { why, .. }) if why.contains("already")));
    }
}

#[test]
fn a_helper_leaves_and_the_owner_may_send_one_away() {
    let (mut world, ticket) = helped_by(&["bo", "cy"]);
    let leave = |agent: &str| Command::EndHelp {
        ticket,
        agent: key(agent),
    };
    let stranger = world.run_as(as_agent("bo"), leave("cy"));
    assert!(matches!(stranger, Err(Rejection::NotOwner { .. })), "{stranger:?}");
    world.run_as(as_agent("bo"), leave("bo")).unwrap();
    world.run_as(as_agent("ana"), leave("cy")).unwrap();
    let ends: Vec<_> = world
        .history
        .iter()
        .filter_map(|event| match &event.body {
            RoutingEvent::HelperLeft { why, .. } => Some(*why),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [HelpEnd::Left, HelpEnd::Dismissed]);
    assert!(world.ticket(ticket).helpers.is_empty());
}

#[test]
fn an_owner_hands_the_ticket_over_to_a_helper_and_is_free() {
    let (mut world, ticket) = helped_by(&["bo", "cy"]);
    let to = |name: &str| Command::HandOver { ticket, to: key(name) };
    let stranger = world.run_as(as_agent("ana"), to("di"));
    assert!(
        matches!(stranger, Err(Rejection::AgentUnavailable { .. })),
        "{stranger:?}"
    );
    world.run_as(as_agent("ana"), to("bo")).unwrap();
    let view = world.ticket(ticket);
    assert_eq!((view.owner, view.helpers), (Some(key("bo")), vec![key("cy")]));
    assert!(world.agent("ana").tickets.is_empty());
    assert_eq!(world.agent("bo").used, 1);
}

#[test]
fn helpers_go_when_the_ticket_leaves_its_owner() {
    for ends in [
        |ticket| Command::Requeue { ticket },
        |ticket| Command::Resolve { ticket },
        |ticket| Command::Cancel { ticket },
    ] {
        let (mut world, ticket) = helped_by(&["bo"]);
        world.run(consult(ticket, "cy")).unwrap();
        world.run(ends(ticket)).unwrap();
        assert!(world.agent("bo").tickets.is_empty() && world.agent("cy").tickets.is_empty());
    }
}

#[test]
fn a_helper_who_is_not_on_the_desk_any_more_does_not_help() {
    let (mut world, ticket) = helped_by(&["bo"]);
    world.activate(desk([agent("ana")])).unwrap();
    let view = world.ticket(ticket);
    assert_eq!((view.owner, view.helpers), (Some(key("ana")), vec![]));
}

#[test]
fn a_helper_who_is_given_the_ticket_owns_it() {
    let (mut world, ticket) = helped_by(&["bo"]);
    world.run(Command::Pull { ticket, to: key("bo") }).unwrap();
    let view = world.ticket(ticket);
    assert_eq!((view.owner, view.helpers), (Some(key("bo")), vec![]));
}
