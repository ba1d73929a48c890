//! Why a ticket is where it is.

use tandem_domain::explain::Lack;
use tandem_domain::routing::{Answer, Command, Query, RoutingEvent};
use tandem_domain::{Channel, Core, Presence, Proficiency, TicketId};
use tandem_routing::RoutingCore;

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, level, mail, seconds};
use crate::world::{World, desk_id};

fn summary(world: &World, ticket: TicketId) -> String {
    world.explain(ticket).unwrap().summary
}

#[test]
fn says_who_fits_and_why_none_is_free() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    world.set_presence("bo", Presence::Away);
    for number in 1..=2 {
        world.open(mail(number));
    }
    let waiting = world.open(mail(3));
    assert_eq!(
        summary(&world, waiting),
        "waits: 2 agents fit, none is free: ana has no room (2 of 2 units), bo is away"
    );
}

#[test]
fn in_the_middle_of_a_turn_whoever_is_free_is_said_to_be() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let mut core = RoutingCore::new(&desk_id());
    let offered = |event: &RoutingEvent| matches!(event, RoutingEvent::OfferIssued { .. });
    let before = world.history.iter().take_while(|event| !offered(&event.body));
    before.for_each(|event| core.apply(event));
    let Answer::Explain(Some(then)) = core.query(&Query::Explain(ticket), world.now) else {
        panic!("the ticket is open")
    };
    assert_eq!(
        then.summary,
        "waits: of 2 agents who fit, ana and 1 more are free: the next offers are just being made"
    );
}

#[test]
fn says_why_nobody_fits() {
    let mut world = World::staffed(desk([
        agent("ana").speaks("fr", Proficiency::B1),
        agent("bo").team("back"),
        agent("cy").speaks("fr", Proficiency::C2).skill("vip", 1),
    ]));
    let ticket = world.open(mail(1).in_language("fr").needs("vip", 2));
    assert_eq!(
        summary(&world, ticket),
        "waits: none of 3 agents fits: cy has skill vip at 1 (needs 2), \
         ana lacks skill vip (needs 2) and speaks fr at B1 (needs B2), \
         bo is not in team front and lacks skill vip (needs 2) and does not speak fr (needs B2)"
    );
}

#[test]
fn says_that_there_is_nobody_at_all() {
    let mut world = World::new(desk([]));
    let ticket = world.open(mail(1));
    assert_eq!(summary(&world, ticket), "waits: the desk has no agents");
}

#[test]
fn names_three_and_counts_the_rest() {
    let mut world = World::new(desk(["ana", "bo", "cy", "di", "ed"].map(agent)));
    let ticket = world.open(mail(1));
    assert_eq!(
        summary(&world, ticket),
        "waits: 5 agents fit, none is free: ana is offline, bo is offline, cy is offline, and 2 more"
    );
}

#[test]
fn lists_everything_that_an_agent_lacks() {
    let mut world = World::staffed(desk([agent("ana").capacity(3).at_most(1, Channel::Chat)]));
    for number in 1..=2 {
        world.open(mail(number).by(Channel::Email));
    }
    let chat = world.open(mail(3).by(Channel::Chat));
    let lacks = |world: &World, ticket| world.explain(ticket).unwrap().candidates[0].lacks.clone();
    assert_eq!(lacks(&world, chat), [Lack::Capacity { needs: 2, free: 1 }]);
    world.set_presence("ana", Presence::Away);
    assert_eq!(lacks(&world, chat), [Lack::Presence { is: Presence::Away }]);
}

#[test]
fn the_channels_maximum_and_pauses_are_lacks() {
    let mut world = World::staffed(desk([agent("ana").capacity(9).at_most(1, Channel::Chat)]));
    let first = world.open(mail(1).by(Channel::Chat));
    let second = world.open(mail(2).by(Channel::Chat));
    let lacks = |world: &World, ticket| world.explain(ticket).unwrap().candidates[0].lacks.clone();
    assert_eq!(lacks(&world, second), [Lack::ChannelMaximum { has: 1, maximum: 1 }]);
    world.refuse(first);
    let until = world.now.plus(seconds(60));
    let declined = world.explain(first).unwrap();
    assert!(declined.candidates[0].lacks.contains(&Lack::PassedOver { until }));
    assert_eq!(declined.next_change, Some(until));
    assert!(declined.summary.contains("passed over until"), "{}", declined.summary);
}

#[test]
fn team_skill_and_language_are_lacks() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).to("billing").in_language("pl"));
    assert_eq!(
        world.explain(ticket).unwrap().candidates[0].lacks,
        [
            Lack::Team {
                needs: vec![key("back")]
            },
            Lack::Skill {
                skill: key("billing"),
                needs: level(2),
                has: None
            },
            Lack::Language {
                language: key("pl"),
                needs: Proficiency::B2,
                has: None
            },
        ]
    );
}

#[test]
fn candidates_come_best_first_and_only_those_who_lack_nothing_are_ranked() {
    let mut world = World::staffed(desk([
        agent("far").team("back").speaks("fr", Proficiency::A1),
        agent("near").capacity(0),
        agent("busy"),
        agent("free"),
    ]));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("busy"));
    let explanation = world.explain(ticket).unwrap();
    let order: Vec<_> = explanation
        .candidates
        .iter()
        .map(|candidate| candidate.agent.as_str())
        .collect();
    assert_eq!(order, ["free", "busy", "near", "far"]);
    let ranks: Vec<_> = explanation.candidates.iter().map(|candidate| candidate.rank).collect();
    assert_eq!(
        ranks,
        [Some(1), Some(2), None, None],
        "what the ticket takes itself does not count against its agent"
    );
}

#[test]
fn counts_the_place_among_equal_tickets() {
    let mut world = World::new(desk([agent("ana")]));
    let tickets = [1, 2, 3].map(|number| world.open(mail(number)));
    let other = world.open(mail(4).by(Channel::Chat));
    let places = tickets.map(|ticket| world.explain(ticket).unwrap().position.unwrap());
    assert_eq!(places, [1, 2, 3]);
    assert_eq!(world.explain(other).unwrap().position, Some(1));
    world.resolve(tickets[0]);
    assert_eq!(world.explain(tickets[0]).unwrap().position, None);
    assert_eq!(world.explain(tickets[1]).unwrap().position, Some(1));
}

#[test]
fn says_why_this_agent() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let equal = world.open(mail(1));
    let until = world.now.plus(seconds(300));
    assert_eq!(
        summary(&world, equal),
        format!(
            "offered to ana until {until}, first of 2 who were free: as little taken as others (0 of 2 units taken), \
             and first in the desk file"
        )
    );
    world.take(equal);
    let lighter = world.open(mail(2));
    world.take(lighter);
    assert_eq!(
        summary(&world, lighter),
        "bo has it, first of 2 who were free: the smallest share of capacity taken (0 of 2 units taken)"
    );
    world.set_presence("ana", Presence::Away);
    let only = world.open(mail(3));
    world.take(only);
    assert_eq!(
        summary(&world, only),
        "bo has it, the only one of 2 who fit that was free (1 of 2 units taken)"
    );
}

#[test]
fn says_what_comes_next_in_every_state() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back").capacity(4)]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    let next = |world: &World| world.explain(ticket).unwrap().next_change;
    assert_eq!(next(&world), Some(world.now.plus(seconds(30))));
    world.transfer_to_agent(ticket, "bo").unwrap();
    world.take(ticket);
    assert_eq!(summary(&world, ticket), "bo has it, transferred by hand");
    assert_eq!(next(&world), None);
    world.hold(ticket);
    assert_eq!(summary(&world, ticket), "bo set it aside, waiting for the customer");
    world.resolve(ticket);
    let wrapped = world.now.plus(seconds(60));
    assert_eq!(next(&world), Some(wrapped));
    assert_eq!(
        summary(&world, ticket),
        format!("served; bo wraps up until {wrapped} at the latest")
    );
    world.run(Command::FinishWrapUp { ticket }).unwrap();
    let closed = world.now.plus(seconds(72 * 3600));
    assert_eq!(
        summary(&world, ticket),
        format!("resolved; a new message reopens it until {closed}")
    );
}

#[test]
fn times_are_told_in_whole_seconds() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.pass(std::time::Duration::from_micros(1_234_567));
    let ticket = world.open(mail(1));
    let offered = summary(&world, ticket);
    assert!(offered.contains("until 2027-01-15T08:05:01Z, "), "{offered}");
    world.refuse(ticket);
    let waits = summary(&world, ticket);
    assert!(waits.ends_with("until 2027-01-15T08:01:01Z"), "{waits}");
}

#[test]
fn knows_the_age_and_only_open_tickets() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.pass(seconds(90));
    assert_eq!(world.explain(ticket).unwrap().age, seconds(90));
    assert!(world.explain(TicketId(99)).is_none());
}

/// What would have to be true, with who would have the ticket then.
fn wishes(world: &World, ticket: TicketId) -> Vec<(Option<String>, String)> {
    let wishes = world.explain(ticket).unwrap().wishes.into_iter();
    wishes
        .map(|wish| (wish.agent.map(|agent| agent.to_string()), wish.what))
        .collect()
}

#[test]
fn says_whom_the_desk_would_need() {
    let mut world = World::staffed(desk([agent("ana")]));
    let since = world.now;
    let ticket = world.open(mail(1).in_language("fr").needs("vip", 3));
    world.pass(seconds(240));
    let explanation = world.explain(ticket).unwrap();
    let wish = &explanation.wishes[0];
    assert_eq!(
        wish.what,
        "an agent, in team front, speaking fr at B2, with vip at 3, online with room for it (1 unit), would have it"
    );
    assert_eq!((&wish.agent, wish.since), (&None, since));
    assert_eq!((explanation.agents, explanation.fit), (1, 0));
}

#[test]
fn says_who_before_it_would_be_served_first() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.open(mail(1).in_language("fr"));
    world.pass(seconds(1));
    let second = world.open(mail(2).in_language("fr"));
    let (_, wish) = wishes(&world, second).remove(0);
    assert!(wish.contains("with room for it and the 1 before it"), "{wish}");
    assert_eq!(
        wishes(&world, second).len(),
        1,
        "nobody who learns French would have the second one first"
    );
}

#[test]
fn says_what_one_more_unit_or_coming_online_would_do() {
    let mut world = World::staffed(desk([agent("ana").capacity(1), agent("bo")]));
    world.set_presence("bo", Presence::Away);
    let first = world.open(mail(1));
    world.take(first);
    world.pass(seconds(60));
    let second = world.open(mail(2));
    let told = wishes(&world, second);
    assert!(told.contains(&(
        Some("ana".to_owned()),
        "if ana had 1 unit more, he or she would have it".to_owned()
    )));
    assert!(told.contains(&(
        Some("bo".to_owned()),
        "if bo were online, he or she would have it".to_owned()
    )));
    world.set_presence("bo", Presence::Online);
    assert_eq!(world.offered_to(second).as_deref(), Some("bo"), "it was true");
    assert_eq!(wishes(&world, second), [], "what is offered does not wait");
}

#[test]
fn says_what_somebody_would_have_to_learn_only_if_that_is_enough() {
    let mut world = World::staffed(desk([agent("ana").skill("vip", 1), agent("cy").team("back")]));
    let ticket = world.open(mail(1).needs("vip", 3));
    let told = wishes(&world, ticket);
    assert!(told.contains(&(
        Some("ana".to_owned()),
        "if ana had skill vip at 3, he or she would have it".to_owned()
    )));
    assert!(
        !told.iter().any(|(agent, _)| agent.as_deref() == Some("cy")),
        "cy lacks two things: {told:?}"
    );
}

#[test]
fn says_which_term_of_an_expression_is_unmet_and_what_it_would_take() {
    let mut desk = desk([agent("ana"), agent("bo")]);
    desk.queues[0].require = Some("tier >= 2 and not (agent == bo)".parse().unwrap());
    let mut world = World::staffed(desk);
    let ticket = world.open(mail(1));
    let explanation = world.explain(ticket).unwrap();
    let of = |name: &str| {
        let candidate = explanation
            .candidates
            .iter()
            .find(|candidate| candidate.agent.as_str() == name);
        candidate.unwrap().lacks.clone()
    };
    assert_eq!(
        of("ana"),
        [Lack::Term {
            needs: "tier >= 2".to_owned()
        }]
    );
    assert_eq!(of("bo").len(), 2);
    let told = wishes(&world, ticket);
    assert!(
        told.iter()
            .any(|(agent, what)| agent.as_deref() == Some("ana") && what.contains("met tier >= 2")),
        "{told:?}"
    );
}

#[test]
fn says_what_changes_by_itself_soonest_first() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let offered = world.explain(ticket).unwrap();
    assert_eq!(offered.changes[0].what, "the offer to ana expires");
    assert_eq!(Some(offered.changes[0].at), offered.next_change);
    world.refuse(ticket);
    world.pass(seconds(5));
    world.refuse(ticket);
    let waiting = world.explain(ticket).unwrap();
    let told: Vec<_> = waiting.changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "ana is passed over for it no longer",
            "bo is passed over for it no longer"
        ]
    );
    assert_eq!((waiting.position, waiting.queue_position), (Some(1), Some(1)));
}

#[test]
fn a_crowd_is_counted_and_only_the_nearest_are_named() {
    let crowd = (0..3_000).map(|number| agent(&format!("a{number}")).team("back"));
    let mut world = World::new(desk(crowd.chain([agent("zoe")])));
    let ticket = world.open(mail(1));
    let explanation = world.explain(ticket).unwrap();
    assert_eq!((explanation.agents, explanation.fit), (3_001, 1));
    assert_eq!(explanation.candidates.len(), 200);
    assert_eq!(
        explanation.candidates[0].agent.as_str(),
        "zoe",
        "who fits is looked at first"
    );
}

#[test]
fn each_event_of_a_ticket_is_a_sentence() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.refuse(ticket);
    world.take(ticket);
    world.resolve(ticket);
    let own = world.history.iter().filter(|event| event.body.ticket() == Some(ticket));
    let told: Vec<_> = own
        .map(|event| tandem_routing::timeline::sentence(&event.body))
        .collect();
    assert_eq!(told[0], "opened, and queued in support");
    assert!(told[1].starts_with("offered to ana until "), "{}", told[1]);
    assert!(
        told[2].starts_with("ana declined it (busy) and is passed over until "),
        "{}",
        told[2]
    );
    assert_eq!(told[4], "bo accepted it");
    assert!(told[5].starts_with("served; wrap-up until "), "{}", told[5]);
}
