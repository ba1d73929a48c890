//! Several agents and several tickets meet at once.

use std::time::Duration;

use proptest::prelude::*;
use tandem_domain::desk::{AgentProfile, BatchPolicy, Choice};
use tandem_domain::explain::Deciding;
use tandem_domain::routing::{Intake, RoutingEvent};
use tandem_domain::{Channel, CompiledDesk, Core, Presence, Proficiency, TicketId};

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, mail, seconds};
use crate::world::World;

fn gathering(agents: impl IntoIterator<Item = AgentProfile>, window: Duration) -> CompiledDesk {
    CompiledDesk {
        matching: BatchPolicy { window, head: 200 },
        ..desk(agents)
    }
}

fn chat(number: u128) -> Intake {
    mail(number).by(Channel::Chat)
}

fn polyglot(id: &str) -> AgentProfile {
    agent(id).speaks("de", Proficiency::C2)
}

/// Two agents whose wrap-up ends at the same moment, while an English chat waits before a German one.
fn two_at_once(head: u32) -> (World, TicketId, TicketId) {
    let mut desk = desk([polyglot("ana"), agent("bo")]);
    desk.matching.head = head;
    let mut world = World::staffed(desk);
    let busy = [1, 2].map(|number| world.open(chat(number)));
    for ticket in busy {
        world.take(ticket);
    }
    let (english, german) = (world.open(chat(3)), world.open(chat(4).in_language("de")));
    for ticket in busy {
        world.resolve(ticket);
    }
    world.pass(seconds(60));
    (world, english, german)
}

#[test]
fn solved_both_are_served_where_one_after_the_other_leaves_one() {
    let (world, english, german) = two_at_once(1);
    assert_eq!(
        (world.offered_to(english).as_deref(), world.offered_to(german)),
        (Some("ana"), None)
    );
    let (world, english, german) = two_at_once(200);
    assert_eq!(world.offered_to(english).as_deref(), Some("bo"));
    assert_eq!(world.offered_to(german).as_deref(), Some("ana"));
    let chosen = world.explain(german).unwrap().chosen.unwrap();
    assert_eq!(chosen.deciding, Some(Deciding::Batch));
}

#[test]
fn of_more_tickets_than_places_the_first_in_line_are_served() {
    let mut world = World::new(gathering(
        [agent("ana").capacity(1), agent("bo").capacity(1)],
        seconds(10),
    ));
    let tickets = [1, 2, 3].map(|number| {
        world.skip(seconds(1));
        world.open(mail(number))
    });
    world.set_presence("ana", Presence::Online);
    world.set_presence("bo", Presence::Online);
    world.pass(seconds(10));
    assert!(world.offered_to(tickets[0]).is_some() && world.offered_to(tickets[1]).is_some());
    assert_eq!(world.offered_to(tickets[2]), None);
}

#[test]
fn work_is_spread_over_those_who_have_room() {
    let mut world = World::staffed(gathering(
        [agent("ana").capacity(4), agent("bo").capacity(4)],
        seconds(10),
    ));
    let tickets: Vec<_> = (1..=6).map(|number| world.open(mail(number))).collect();
    world.pass(seconds(10));
    let by_ana = tickets
        .iter()
        .filter(|ticket| world.offered_to(**ticket).as_deref() == Some("ana"));
    assert_eq!(by_ana.count(), 3);
}

#[test]
fn the_rare_polyglot_is_spared_where_the_queue_asks_for_that() {
    let mut desk = gathering([polyglot("ana").capacity(4), agent("bo").capacity(4)], seconds(10));
    desk.queues[0].choice = Choice::LeastOverSkilled;
    let mut world = World::staffed(desk);
    let tickets: Vec<_> = (1..=4).map(|number| world.open(mail(number))).collect();
    world.pass(seconds(10));
    assert!(
        tickets
            .iter()
            .all(|ticket| world.offered_to(*ticket).as_deref() == Some("bo"))
    );
}

#[test]
fn tickets_and_agents_gather_until_the_window_ends() {
    let mut world = World::staffed(gathering([agent("ana"), polyglot("bo")], seconds(10)));
    world.pass(seconds(13));
    let english = world.open(mail(1));
    let wakeup = world.core.next_wakeup().unwrap();
    assert_eq!(wakeup.as_micros() % 10_000_000, 0);
    assert_eq!(wakeup.since(world.now), seconds(7));
    world.pass(seconds(6));
    assert_eq!(world.offered_to(english), None);
    world.pass(seconds(1));
    assert!(world.offered_to(english).is_some());
    assert_eq!(world.history.last().unwrap().at, wakeup);
}

#[test]
fn a_restart_within_the_window_changes_nothing() {
    let mut world = World::staffed(gathering([agent("ana"), polyglot("bo")], seconds(10)));
    world.pass(seconds(13));
    let english = world.open(mail(1));
    world.restart();
    world.pass(seconds(6));
    assert_eq!(world.offered_to(english), None);
    world.pass(seconds(1));
    assert!(world.offered_to(english).is_some());
    world.restart();
    world.pass(seconds(30));
}

#[test]
fn a_desk_file_without_a_window_ends_the_gathering() {
    let mut world = World::staffed(gathering([agent("ana")], seconds(10)));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket), None);
    world.activate(desk([agent("ana")])).unwrap();
    assert!(world.offered_to(ticket).is_some());
}

/// Who is offered what, of the tickets in line, when agents with these languages have room at the same moment.
fn served_at_once(head: u32, agents: &[u8], line: &[u8]) -> Vec<bool> {
    let languages = ["de", "fr", "it"];
    let agents = agents.iter().zip(0..).map(|(spoken, number)| {
        let spoken = languages.iter().zip(0..).filter(|(_, at)| spoken & (1 << at) != 0);
        spoken.fold(agent(&format!("agent-{number}")), |agent, (language, _)| {
            agent.speaks(language, Proficiency::C1)
        })
    });
    let mut desk = desk(agents);
    desk.matching.head = head;
    let count = desk.agents.len() as u128;
    let mut world = World::staffed(desk);
    let busy: Vec<_> = (0..count).map(|number| world.open(chat(number))).collect();
    for ticket in &busy {
        world.take(*ticket);
    }
    let line = line.iter().zip(count..).map(|(language, number)| {
        let language = languages.get(usize::from(*language)).copied().unwrap_or("en");
        world.open(chat(number).in_language(language))
    });
    let line: Vec<_> = line.collect();
    for ticket in busy {
        world.resolve(ticket);
    }
    world.pass(seconds(60));
    line.iter().map(|ticket| world.offered_to(*ticket).is_some()).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Open {
        language: bool,
        chat: bool,
        urgent: bool,
    },
    Presence(usize, bool),
    /// Whoever has an offer or a ticket goes on with it.
    Work(usize),
    Refuse(usize),
    Pass(u64),
    Activate,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let open = (any::<bool>(), any::<bool>(), any::<bool>());
    let step = prop_oneof![
        4 => open.prop_map(|(language, chat, urgent)| Step::Open { language, chat, urgent }),
        2 => (0..4usize, any::<bool>()).prop_map(|(agent, online)| Step::Presence(agent, online)),
        3 => (0..20usize).prop_map(Step::Work),
        1 => (0..20usize).prop_map(Step::Refuse),
        3 => (0..90u64).prop_map(Step::Pass),
        1 => Just(Step::Activate),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..60)
}

const TEAM: [&str; 4] = ["ana", "bo", "cy", "di"];

fn team() -> [AgentProfile; 4] {
    [
        agent("ana"),
        polyglot("bo").capacity(3),
        polyglot("cy"),
        agent("di").capacity(4),
    ]
}

fn work_on(world: &mut World, nth: usize, refuse: bool) {
    use tandem_domain::RoutingState::{Assigned, Offered};
    let tickets = world
        .tickets()
        .into_iter()
        .filter(|ticket| matches!(ticket.state, Offered | Assigned));
    let Some(ticket) = tickets.collect::<Vec<_>>().get(nth).map(|ticket| ticket.id) else {
        return;
    };
    match world.state(ticket) {
        Offered if refuse => world.refuse(ticket),
        Offered => world.take(ticket),
        _ => world.resolve(ticket),
    }
}

fn run(world: &mut World, number: u128, step: &Step, desk: &CompiledDesk) {
    match step {
        Step::Open { language, chat, urgent } => {
            let mut intake = mail(number);
            if *chat {
                intake = intake.by(Channel::Chat);
            }
            if *language {
                intake = intake.in_language("de");
            }
            if *urgent {
                intake.priority = tandem_domain::Priority::Urgent;
            }
            world.open(intake);
        }
        Step::Presence(agent, online) => {
            let presence = if *online { Presence::Online } else { Presence::Away };
            world.set_presence(TEAM[*agent], presence);
        }
        Step::Work(nth) => work_on(world, *nth, false),
        Step::Refuse(nth) => work_on(world, *nth, true),
        Step::Pass(time) => world.pass(seconds(*time)),
        Step::Activate => drop(world.activate(desk.clone()).unwrap()),
        Step::Restart => world.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn solved_the_line_is_served_no_worse_than_one_after_the_other(
        agents in prop::collection::vec(0..8u8, 2..6),
        line in prop::collection::vec(0..4u8, 2..7),
    ) {
        let (greedy, solved) = (served_at_once(1, &agents, &line), served_at_once(200, &agents, &line));
        let count = |served: &[bool]| served.iter().filter(|served| **served).count();
        prop_assert!(count(&solved) >= count(&greedy), "{greedy:?} {solved:?}");
        prop_assert!(solved >= greedy, "who comes first is served first: {greedy:?} {solved:?}");
    }

    // `World` checks after each step that nobody idles beside a ticket that fits (with a window: at its end), that
    // nobody is overbooked, and that a core that was never restarted, and one that knows but the events, agree.
    #[test]
    fn whatever_happens_solved_offers_keep_the_laws(steps in steps(), window in prop_oneof![Just(0u64), Just(30)]) {
        let desk = gathering(team(), seconds(window));
        let mut world = World::staffed(desk.clone());
        for (number, step) in (1..).zip(&steps) {
            run(&mut world, number, step, &desk);
        }
        let solved = world.history.iter().filter(|event| matches!(&event.body,
            RoutingEvent::OfferIssued { ranking, .. } if ranking.deciding == Some(Deciding::Batch)));
        for event in solved {
            prop_assert!(window == 0 || event.at.as_micros() % 30_000_000 == 0);
        }
    }
}
