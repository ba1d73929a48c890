//! Who is offered which ticket, and in what order.

use tandem_domain::{Channel, Presence, Priority, Proficiency, TicketId};

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, level, mail, seconds};
use crate::world::World;

/// Opens tickets while nobody is there, and says in which order one agent with one unit gets them.
fn order_served(world: &mut World, waiting: &[TicketId]) -> Vec<TicketId> {
    world.set_presence("ana", Presence::Online);
    let mut served = Vec::new();
    while served.len() < waiting.len() {
        let ticket = world.agent("ana").tickets[0];
        world.take(ticket);
        world.resolve(ticket);
        served.push(ticket);
    }
    served
}

#[test]
fn a_waiting_ticket_is_offered_the_moment_somebody_comes() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn the_queue_drains_the_moment_room_comes_up() {
    let mut world = World::staffed(desk([agent("ana").capacity(1)]));
    let (first, second) = (world.open(mail(1)), world.open(mail(2)));
    world.take(first);
    assert_eq!(world.offered_to(second), None);
    world.resolve(first);
    assert_eq!(world.offered_to(second).as_deref(), Some("ana"));
}

#[test]
fn team_skill_level_and_language_are_all_needed() {
    let capable = || {
        agent("all")
            .team("back")
            .skill("billing", 3)
            .speaks("fr", Proficiency::B2)
    };
    let ticket = || mail(1).to("billing").in_language("fr").needs("billing", 3);
    let lacking = [
        capable().team("front"),
        capable().skill("billing", 2),
        capable().speaks("fr", Proficiency::B1),
        agent("all").team("back").skill("billing", 3),
        agent("all").team("back").speaks("fr", Proficiency::C2),
    ];
    for profile in lacking {
        let mut world = World::staffed(desk([profile.clone()]));
        let ticket = world.open(ticket());
        assert_eq!(world.offered_to(ticket), None, "{profile:?}");
    }
    let mut world = World::staffed(desk([capable()]));
    let ticket = world.open(ticket());
    assert_eq!(world.offered_to(ticket).as_deref(), Some("all"));
}

#[test]
fn who_speaks_a_language_serves_its_regions() {
    let mut world = World::staffed(desk([agent("ana").speaks("pt", Proficiency::C1)]));
    let ticket = world.open(mail(1).in_language("pt-BR"));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn the_smaller_share_of_capacity_in_use_goes_first() {
    let mut world = World::staffed(desk([agent("ana").capacity(2), agent("bo").capacity(4)]));
    let tickets: Vec<_> = (1..=4).map(|number| world.open(mail(number))).collect();
    let offered: Vec<_> = tickets
        .iter()
        .map(|ticket| world.offered_to(*ticket).unwrap())
        .collect();
    // Shares after each: ana ½ – bo ¼ – bo ½ – then ana, who got hers longer ago.
    assert_eq!(offered, ["ana", "bo", "bo", "ana"]);
}

#[test]
fn of_equally_loaded_agents_the_longest_idle_goes_first_then_the_files_order() {
    let mut world = World::new(desk([agent("ana"), agent("bo"), agent("cy")]));
    world.set_presence("cy", Presence::Online);
    world.pass(seconds(1));
    world.set_presence("bo", Presence::Online);
    world.set_presence("ana", Presence::Online);
    let offered: Vec<_> = (1..=3)
        .map(|number| {
            let ticket = world.open(mail(number));
            world.offered_to(ticket).unwrap()
        })
        .collect();
    assert_eq!(offered, ["cy", "ana", "bo"]);
}

#[test]
fn the_ranking_is_kept_with_the_offer() {
    let profiles = ["ana", "bo", "cy", "di", "ed"].map(agent);
    let mut world = World::staffed(desk(profiles.into_iter().chain([agent("fay").team("back")])));
    world.set_presence("ed", Presence::Away);
    let ticket = world.open(mail(1));
    let ranking = world.explain(ticket).unwrap().chosen.unwrap();
    assert_eq!((ranking.considered, ranking.fit, ranking.free), (6, 5, 4));
    assert_eq!(ranking.winner.agent.as_str(), "ana");
    assert_eq!((ranking.winner.used, ranking.winner.capacity), (0, 2));
    let next: Vec<_> = ranking.runners_up.iter().map(|rank| rank.agent.as_str()).collect();
    assert_eq!(next, ["bo", "cy", "di"]);
    assert!(!ranking.direct);
}

#[test]
fn many_free_agents_are_ranked_as_few_are() {
    let crowd: Vec<_> = (0..200).map(|number| agent(&format!("a{number:03}"))).collect();
    let mut world = World::new(desk(crowd));
    for number in (0..200).rev() {
        world.set_presence(&format!("a{number:03}"), Presence::Online);
    }
    world.set_presence("a000", Presence::Away);
    let ticket = world.open(mail(1));
    let ranking = world.explain(ticket).unwrap().chosen.unwrap();
    assert_eq!((ranking.fit, ranking.free), (200, 199));
    assert_eq!(ranking.winner.agent.as_str(), "a001");
    assert_eq!(ranking.runners_up.len(), 3);
    world.refuse(ticket);
    assert_eq!(
        world.offered_to(ticket).as_deref(),
        Some("a002"),
        "who declined is passed over"
    );
}

#[test]
fn capacity_and_the_channels_maximum_are_kept() {
    let mut world = World::staffed(desk([agent("ana").capacity(5).at_most(1, Channel::Chat)]));
    let chats = [1, 2].map(|number| world.open(mail(number).by(Channel::Chat)));
    assert_eq!(world.offered_to(chats[1]), None, "one chat at most");
    let call = world.open(mail(3).by(Channel::Phone));
    assert_eq!(
        world.offered_to(call),
        None,
        "a call needs four units and three are left"
    );
    let mails = [4, 5, 6, 7].map(|number| world.open(mail(number)));
    assert_eq!(
        mails.map(|ticket| world.offered_to(ticket).is_some()),
        [true, true, true, false]
    );
    assert_eq!(world.agent("ana").used, 5);
}

#[test]
fn a_held_ticket_costs_its_hold_units_and_is_not_counted_for_the_maximum() {
    let mut world = World::staffed(desk([agent("ana").capacity(3).at_most(1, Channel::Chat)]));
    let first = world.open(mail(1).by(Channel::Chat));
    world.take(first);
    world.hold(first);
    assert_eq!(world.agent("ana").used, 1);
    let second = world.open(mail(2).by(Channel::Chat));
    assert_eq!(world.offered_to(second).as_deref(), Some("ana"));
}

#[test]
fn priority_goes_first_and_age_makes_up_for_it() {
    let mut world = World::new(desk([agent("ana").capacity(1)]));
    let low = world.open(mail(1).with(Priority::Low));
    let old = world.open(mail(2));
    world.pass(seconds(30 * 60));
    let high = world.open(mail(3).with(Priority::High));
    world.pass(seconds(40 * 60));
    let fresh_high = world.open(mail(4).with(Priority::High));
    // One hour of waiting is worth one step: `old` is 70 minutes old, worth a step and ten minutes.
    assert_eq!(
        order_served(&mut world, &[low, old, high, fresh_high]),
        [high, old, fresh_high, low]
    );
}

#[test]
fn without_aging_priority_always_goes_first() {
    let profile = || agent("ana").capacity(1).team("back").skill("billing", 5);
    let mut world = World::new(desk([profile()]));
    let old = world.open(mail(1).to("billing").with(Priority::Low));
    world.pass(seconds(10 * 3600));
    let urgent = world.open(mail(2).to("billing").with(Priority::Urgent));
    let normal = [3, 4].map(|number| world.open(mail(number).to("billing")));
    assert_eq!(
        order_served(&mut world, &[old, urgent, normal[0], normal[1]]),
        [urgent, normal[0], normal[1], old]
    );
}

#[test]
fn a_strict_queue_does_not_starve_one_with_aging() {
    let mut both = desk([agent("ana").capacity(1).skill("billing", 5)]);
    both.agents[0].teams = both.teams.clone();
    let mut world = World::new(both);
    let patient = world.open(mail(1).with(Priority::Low));
    world.pass(seconds(4 * 3600));
    let urgent = world.open(mail(2).to("billing").with(Priority::Urgent));
    assert_eq!(order_served(&mut world, &[patient, urgent]), [patient, urgent]);
}

#[test]
fn a_low_ticket_is_served_in_bounded_time_under_a_flood_of_urgent_ones() {
    let mut world = World::staffed(desk([agent("ana").capacity(1)]));
    let mut number = 1;
    let mut urgent = |world: &mut World| {
        number += 1;
        world.open(mail(number).with(Priority::Urgent))
    };
    let first = urgent(&mut world);
    world.take(first);
    let low = world.open(mail(1).with(Priority::Low));
    // Three steps of an hour each, and one more ticket that was there before.
    for _ in 0..20 {
        urgent(&mut world);
        world.pass(seconds(10 * 60));
        let at_hand = world.agent("ana").tickets[0];
        if world.offered_to(at_hand).is_some() {
            world.take(at_hand);
        }
        world.resolve(at_hand);
        // The next one is taken at once, so that it does not run out while time passes.
        let next = world.agent("ana").tickets[0];
        world.take(next);
    }
    assert_eq!(world.owner(low).as_deref(), Some("ana"));
}

#[test]
fn a_more_urgent_ticket_is_not_lost_behind_one_that_an_agent_declined() {
    let mut world = World::staffed(desk([agent("ana").capacity(1)]));
    let declined = world.open(mail(1).with(Priority::Urgent));
    let next = world.open(mail(2).with(Priority::Low));
    world.refuse(declined);
    assert_eq!(world.offered_to(next).as_deref(), Some("ana"));
}

#[test]
fn skills_above_what_is_asked_do_not_change_the_order() {
    let mut world = World::staffed(desk([agent("ana").skill("vip", 5), agent("bo").skill("vip", 1)]));
    let ticket = world.open(mail(1).needs("vip", level(1).get()));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}
