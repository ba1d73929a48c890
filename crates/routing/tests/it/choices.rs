//! Each way in which a queue chooses among those who fit and are free, and what is kept of it with the offer.

use std::collections::BTreeMap;

use tandem_domain::desk::{AgentProfile, Choice};
use tandem_domain::explain::{Deciding, Ranking};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{CompiledDesk, Proficiency, TicketId};

use crate::support::*;
use crate::world::World;

fn choosing(choice: Choice, agents: impl IntoIterator<Item = AgentProfile>) -> CompiledDesk {
    let mut desk = desk(agents);
    desk.queues[0].choice = choice;
    desk
}

fn ranking(world: &World) -> Ranking {
    let issued = world.last_turn().iter().find_map(|event| match &event.body {
        RoutingEvent::OfferIssued { ranking, .. } => Some(ranking),
        _ => None,
    });
    Ranking::clone(issued.unwrap())
}

/// To whom the next mails go, each accepted before the next comes.
fn served_by(world: &mut World, mails: std::ops::Range<u128>) -> Vec<String> {
    let serve = |number| {
        let ticket = world.open(mail(number));
        let agent = world.offered_to(ticket).unwrap();
        world.take(ticket);
        agent
    };
    mails.map(serve).collect()
}

#[test]
fn the_least_loaded_goes_by_the_share_of_capacity() {
    let agents = [agent("ana").capacity(2), agent("bo").capacity(4)];
    let mut world = World::staffed(choosing(Choice::LeastLoaded, agents));
    assert_eq!(served_by(&mut world, 1..6), ["ana", "bo", "bo", "ana", "bo"]);
}

#[test]
fn the_longest_idle_goes_whatever_he_or_she_has() {
    let agents = [
        agent("ana").capacity(9),
        agent("bo").capacity(1),
        agent("cy").capacity(9),
    ];
    let mut world = World::new(choosing(Choice::LongestIdle, agents));
    for agent in ["cy", "ana", "bo"] {
        world.set_presence(agent, tandem_domain::Presence::Online);
        world.skip(seconds(1));
    }
    world.open(mail(1));
    let ranking = ranking(&world);
    assert_eq!(ranking.winner.agent.as_str(), "cy");
    assert_eq!(ranking.deciding, Some(Deciding::LongerIdle));
    assert_eq!(ranking.winner.score, 0);
}

#[test]
fn the_best_skilled_has_the_higher_levels_in_what_is_asked() {
    let agents = [
        agent("ana").skill("vip", 3).skill("billing", 5),
        agent("bo").skill("vip", 5),
        agent("cy").skill("vip", 4).speaks("en", Proficiency::C2),
    ];
    let mut world = World::staffed(choosing(Choice::BestSkilled, agents));
    world.open(mail(1).needs("vip", 2));
    let ranking = ranking(&world);
    // Five and C1 (5) are as much as four and C2 (6); billing is not asked.
    let scores: Vec<_> = std::iter::once(&ranking.winner).chain(&ranking.runners_up).collect();
    let scores: Vec<_> = scores.iter().map(|rank| (rank.agent.as_str(), rank.score)).collect();
    assert_eq!(scores, [("bo", -10), ("cy", -10), ("ana", -8)]);
    assert_eq!(ranking.deciding, Some(Deciding::FileOrder));
}

#[test]
fn who_can_do_much_else_is_kept_free() {
    let agents = [
        agent("ana").skill("vip", 5).skill("billing", 5),
        agent("bo")
            .skill("vip", 1)
            .speaks("fr", Proficiency::C1)
            .speaks("de", Proficiency::C1),
        agent("cy").skill("vip", 1),
    ];
    let mut world = World::staffed(choosing(Choice::LeastOverSkilled, agents));
    world.open(mail(1).needs("vip", 1));
    let ranking = ranking(&world);
    let order: Vec<_> = std::iter::once(&ranking.winner).chain(&ranking.runners_up).collect();
    let order: Vec<_> = order.iter().map(|rank| (rank.agent.as_str(), rank.score)).collect();
    assert_eq!(order, [("cy", 0), ("ana", 1), ("bo", 2)]);
    assert_eq!(ranking.deciding, Some(Deciding::Score));
}

#[test]
fn everybody_has_a_turn_in_a_round_robin() {
    let agents = ["ana", "bo", "cy"].map(|id| agent(id).capacity(9));
    let mut world = World::staffed(choosing(Choice::RoundRobin, agents));
    assert_eq!(served_by(&mut world, 1..7), ["ana", "bo", "cy", "ana", "bo", "cy"]);
}

#[test]
fn the_cheapest_goes_first_as_long_as_there_is_room() {
    let cost = |id: &str, cost| AgentProfile { cost, ..agent(id) };
    let mut world = World::staffed(choosing(Choice::Cheapest, [cost("ana", 30), cost("bo", 20)]));
    assert_eq!(served_by(&mut world, 1..5), ["bo", "bo", "ana", "ana"]);
}

#[test]
fn weights_say_how_often_somebody_is_drawn() {
    let weighing = |id: &str, weight| AgentProfile {
        weight,
        ..agent(id).capacity(10_000)
    };
    let mut world = World::staffed(choosing(Choice::Weighted, [weighing("ana", 1), weighing("bo", 4)]));
    let mut drawn: BTreeMap<String, usize> = BTreeMap::new();
    for agent in served_by(&mut world, 1..121) {
        *drawn.entry(agent).or_default() += 1;
    }
    // Four in five, give or take four standard deviations.
    assert!((78..=114).contains(&drawn["bo"]), "{drawn:?}");
}

#[test]
fn a_choice_stays_the_same_over_many_tickets_agents_and_desk_files() {
    for choice in Choice::ALL {
        let agents = || {
            (0..8_u8).map(|number| AgentProfile {
                cost: u32::from(number % 3),
                weight: u32::from(number % 4) + 1,
                ..agent(&format!("a{number}")).skill("vip", number % 5 + 1).capacity(2)
            })
        };
        let mut world = World::staffed(choosing(*choice, agents()));
        // Enough for the class to be kept in order, which debug builds compare with looking at everybody.
        for number in 1..31_u64 {
            let ticket = world.open(mail(number.into()).needs("vip", u8::try_from(number % 3).unwrap() + 1));
            if world.offered_to(ticket).is_some() {
                world.take(ticket);
            }
            if number.is_multiple_of(2) {
                world.resolve(TicketId(number / 2));
            }
            world.skip(seconds(1));
        }
    }
}
