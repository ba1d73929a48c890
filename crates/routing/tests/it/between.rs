//! Which queue an agent serves who could serve several.

use std::collections::BTreeMap;

use tandem_domain::desk::{AgentProfile, BetweenQueues};
use tandem_domain::explain::Deciding;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{CompiledDesk, Presence, Priority, QueueId, TicketId};

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail, queue, seconds};
use crate::world::World;

/// Queues `a`, `b` and `c` of the same team.
fn three_queues(agents: impl IntoIterator<Item = AgentProfile>, between: BetweenQueues) -> CompiledDesk {
    CompiledDesk {
        queues: vec![queue("a"), queue("b"), queue("c")],
        between_queues: between,
        ..desk(agents)
    }
}

fn shared(weights: &[(&str, u8)]) -> AgentProfile {
    AgentProfile {
        queues: weights.iter().map(|(queue, percent)| (key(queue), *percent)).collect(),
        ..agent("ana").capacity(1)
    }
}

/// Opens so many tickets in each queue, in turn.
fn fill(world: &mut World, each: usize, queues: &[&str]) {
    for round in 0..each {
        for (at, queue) in queues.iter().enumerate() {
            let number = world.history.len() as u128 * 100 + (round * 10 + at) as u128;
            world.open(mail(number).to(queue));
        }
    }
}

fn offered(world: &World) -> Option<(TicketId, QueueId)> {
    world.history.iter().rev().find_map(|event| match event.body {
        RoutingEvent::OfferIssued { ticket, .. } => Some((ticket, world.ticket(ticket).requirement.queue.clone())),
        _ => None,
    })
}

/// Serves one ticket after the other: of which queues they were.
fn served(world: &mut World, count: usize) -> Vec<String> {
    let serve = |_| {
        let (ticket, queue) = offered(world).unwrap();
        world.take(ticket);
        world.resolve(ticket);
        queue.to_string()
    };
    (0..count).map(serve).collect()
}

#[test]
fn the_queue_that_most_exceeds_its_share_of_all_that_wait_is_served() {
    let shares: BTreeMap<QueueId, u32> = [(key("a"), 700), (key("b"), 300)].into();
    let mut world = World::new(three_queues(
        [agent("ana").capacity(1)],
        BetweenQueues::Ratio(shares.clone()),
    ));
    fill(&mut world, 10, &["a", "b"]);
    world.set_presence("ana", Presence::Online);
    let (mut a, mut b) = (10i64, 10i64);
    for queue in served(&mut world, 20) {
        let excess = |length: i64, share: i64| 1000 * length - share * (a + b);
        let expected = if b == 0 || (a > 0 && excess(a, 700) > excess(b, 300)) {
            "a"
        } else {
            "b"
        };
        if a > 0 && b > 0 && excess(a, 700) != excess(b, 300) {
            assert_eq!(queue, expected, "with {a} and {b} waiting");
        }
        *(if queue == "a" { &mut a } else { &mut b }) -= 1;
    }
    assert_eq!((a, b), (0, 0));
}

#[test]
fn a_queue_without_a_share_comes_after_those_with_one() {
    let shares = [(key("a"), 500), (key("b"), 500)].into();
    let mut world = World::new(three_queues([agent("ana").capacity(1)], BetweenQueues::Ratio(shares)));
    fill(&mut world, 2, &["c"]);
    world.pass(seconds(60));
    fill(&mut world, 2, &["a", "b"]);
    world.set_presence("ana", Presence::Online);
    let order = served(&mut world, 6);
    assert_eq!(order[4..], ["c", "c"]);
}

#[test]
fn an_agents_time_is_shared_out_by_weight_in_small_portions() {
    let mut world = World::new(three_queues(
        [shared(&[("a", 60), ("b", 30), ("c", 10)])],
        BetweenQueues::Weights,
    ));
    fill(&mut world, 20, &["a", "b", "c"]);
    world.set_presence("ana", Presence::Online);
    let (ticket, _) = offered(&world).unwrap();
    let chosen = world.ticket(ticket).offer.unwrap();
    assert_eq!(
        world.explain(ticket).unwrap().chosen.unwrap().deciding,
        Some(Deciding::Turn),
        "{chosen:?}"
    );
    let order = served(&mut world, 30);
    for (queue, percent) in [("a", 60), ("b", 30), ("c", 10)] {
        for end in 1..=order.len() {
            let times = order[..end].iter().filter(|served| *served == queue).count();
            assert!(
                (times * 100).abs_diff(end * percent) <= 100,
                "{queue} {times} times in {:?}",
                &order[..end]
            );
        }
    }
}

#[test]
fn turns_go_on_after_a_restart_and_begin_anew_with_another_desk_file() {
    let desk = three_queues([shared(&[("a", 60), ("b", 40)])], BetweenQueues::Weights);
    let mut world = World::new(desk.clone());
    fill(&mut world, 20, &["a", "b"]);
    world.set_presence("ana", Presence::Online);
    served(&mut world, 3);
    world.restart();
    served(&mut world, 4);
    world.activate(desk).unwrap();
    world.restart();
    served(&mut world, 4);
}

#[test]
fn a_queue_that_had_nothing_to_serve_saves_no_turns_up() {
    let mut world = World::new(three_queues([shared(&[("a", 50), ("b", 50)])], BetweenQueues::Weights));
    fill(&mut world, 10, &["a"]);
    world.set_presence("ana", Presence::Online);
    served(&mut world, 6);
    fill(&mut world, 10, &["b"]);
    let order = served(&mut world, 7);
    assert_eq!(order[1..].iter().filter(|queue| *queue == "b").count(), 3, "{order:?}");
}

#[test]
fn whoever_has_no_weights_serves_who_waited_longest() {
    let mut world = World::new(three_queues([agent("ana").capacity(1)], BetweenQueues::Weights));
    fill(&mut world, 1, &["b"]);
    world.pass(seconds(1));
    fill(&mut world, 1, &["a"]);
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 2), ["b", "a"]);
}

#[test]
fn a_queue_of_no_weight_is_served_when_no_other_waits() {
    let mut world = World::new(three_queues([shared(&[("a", 100)])], BetweenQueues::Weights));
    fill(&mut world, 1, &["b"]);
    world.pass(seconds(1));
    fill(&mut world, 2, &["a"]);
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 3), ["a", "a", "b"]);
}

#[test]
fn a_step_of_priority_counts_as_an_hour_between_queues_where_priority_is_strict() {
    let mut desk = three_queues([agent("ana").capacity(1)], BetweenQueues::LongestWait);
    for queue in &mut desk.queues {
        queue.aging = None;
    }
    let mut world = World::new(desk);
    world.open(mail(1).to("a").at(world.now));
    world.pass(seconds(3599));
    world.open(mail(2).to("b").with(Priority::High).at(world.now));
    world.pass(seconds(2));
    world.open(mail(3).to("c").with(Priority::High).at(world.now));
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 3), ["b", "a", "c"]);
}
