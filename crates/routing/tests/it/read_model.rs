//! Rows of what has ended, and lists of what has not. That each ticket is known by exactly one of them is checked after
//! every step of every test (`invariants`).

use tandem_domain::routing::{Answer, Command, Query, TicketFilter};
use tandem_domain::{CompiledDesk, Core, RoutingState, TicketId, TicketStatus};
use tandem_routing::rows;

use crate::support::{agent, agent_id, desk, key, mail, seconds};
use crate::world::World;

fn keys(world: &World, table: &str) -> Vec<String> {
    world
        .read_model
        .keys()
        .filter(|(of, _)| *of == table)
        .map(|(_, key)| key.clone())
        .collect()
}

#[test]
fn the_desk_in_force_and_all_versions_are_listed() {
    let mut world = World::new(desk([agent("ana")]));
    let first_at = world.now;
    world.pass(seconds(5));
    let mut second = desk([agent("ana"), agent("bo")]);
    second.hash = "1".repeat(64);
    world.activate(second.clone()).unwrap();
    let active: CompiledDesk =
        serde_json::from_slice(&world.read_model[&(rows::DESK, rows::DESK_KEY.to_owned())]).unwrap();
    assert_eq!(active, CompiledDesk { version: 2, ..second });
    let version = |number| -> rows::VersionRow {
        serde_json::from_slice(&world.read_model[&(rows::DESK_VERSION, rows::number(number))]).unwrap()
    };
    assert_eq!((version(1).hash, version(1).activated_at), ("0".repeat(64), first_at));
    assert_eq!((version(2).hash, version(2).activated_at), ("1".repeat(64), world.now));
}

#[test]
fn an_open_ticket_has_no_rows() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.hold(ticket);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::Done);
    assert_eq!(keys(&world, rows::TICKET), Vec::<String>::new());
}

#[test]
fn a_ticket_that_has_ended_is_known_by_its_rows_only() {
    let mut world = World::staffed(desk([agent("ana")]));
    let (done, cancelled) = (world.open(mail(1)), world.open(mail(2)));
    world.take(done);
    world.resolve(done);
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    world.pass(seconds(72 * 3600));
    for ticket in [done, cancelled] {
        assert_eq!(world.ticket(ticket).status, TicketStatus::Closed);
        assert_eq!(
            world.core.query(&Query::Ticket(ticket), world.now),
            Answer::Ticket(None)
        );
    }
    let (first, second) = (rows::number(1), rows::number(2));
    assert_eq!(
        keys(&world, rows::TICKET_BY_STATE),
        [format!("cancelled/{second}"), format!("done/{first}")]
    );
    assert_eq!(keys(&world, rows::TICKET_BY_AGENT), [format!("ana/{first}")]);
}

#[test]
fn a_batch_of_many_endings_writes_the_rows_of_each() {
    let mut world = World::staffed(desk([agent("ana")]));
    let (kept, merged, cancelled) = (world.open(mail(1)), world.open(mail(2)), world.open(mail(3)));
    let seen = world.history.len();
    world
        .run(Command::Merge {
            ticket: merged,
            into: kept,
        })
        .unwrap();
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    // As if all this had happened in one batch of the shell.
    let at_once = world.core.rows(&world.history[seen..]).into_iter();
    let at_once = at_once.map(|row| ((row.table, row.key), row.value.unwrap())).collect();
    let mut stepwise = world.read_model.clone();
    stepwise.retain(|(table, _), _| *table == rows::TICKET || rows::INDICES.contains(table));
    assert_eq!(stepwise, at_once);
    assert_eq!(keys(&world, rows::TICKET), [rows::number(2), rows::number(3)]);
}

/// Six tickets in every kind of place, two of which have ended.
fn six() -> World {
    let mut world = World::staffed(desk(["ana", "bo"].map(agent)));
    for number in 1..=6 {
        world.open(mail(number));
    }
    world.take(TicketId(1));
    world.transfer_to_queue(TicketId(4), "billing").unwrap();
    world.run(Command::Cancel { ticket: TicketId(3) }).unwrap();
    world.run(Command::Cancel { ticket: TicketId(6) }).unwrap();
    world
}

#[test]
fn open_tickets_are_listed_page_by_page() {
    let world = six();
    let page = |after: u64, limit| {
        let (filter, after) = (TicketFilter::default(), TicketId(after));
        match world.core.query(&Query::Tickets { filter, after, limit }, world.now) {
            Answer::Tickets(page) => {
                let numbers: Vec<_> = page.tickets.iter().map(|ticket| ticket.id.0).collect();
                (numbers, page.looked_until.map(|until| until.0))
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(page(0, 3), (vec![1, 2, 4], Some(4)));
    assert_eq!(page(4, 3), (vec![5], None));
    assert_eq!(page(5, 3), (vec![], None));
    assert_eq!(page(0, 4), (vec![1, 2, 4, 5], None));
    assert_eq!(page(2, 0), (vec![], Some(2)));
}

#[test]
fn a_filter_finds_what_the_views_say() {
    let world = six();
    let all = world.open_tickets(&TicketFilter::default());
    let agents = [None, Some(agent_id("ana")), Some(agent_id("bo")), Some(agent_id("cy"))];
    let queues = [None, Some(key("support")), Some(key("billing"))];
    let states = [
        vec![],
        vec![RoutingState::Offered],
        vec![RoutingState::Queued, RoutingState::Assigned],
    ];
    let mut found_by_agent = 0;
    for (agent, queue) in agents
        .iter()
        .flat_map(|agent| queues.iter().map(move |queue| (agent, queue)))
    {
        for states in &states {
            let filter = TicketFilter {
                states: states.clone(),
                queue: queue.clone(),
                agent: agent.clone(),
            };
            let expected: Vec<_> = all.iter().filter(|ticket| filter.admits(ticket)).cloned().collect();
            found_by_agent += usize::from(agent.is_some()) * expected.len();
            assert_eq!(world.open_tickets(&filter), expected, "{filter:?}");
        }
    }
    assert!(found_by_agent > 0);
}

#[test]
fn many_tickets_that_are_not_wanted_end_a_page_early() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.open(mail(1));
    let mut core = world.core;
    let mut events = Vec::new();
    for number in 2..=10_002 {
        let context = tandem_domain::Context {
            now: world.now,
            actor: crate::support::supervisor(),
            cause: tandem_domain::Cause::Timer,
            trace: tandem_domain::Trace::default(),
        };
        core.handle(Command::Intake(Box::new(mail(number))), &context, &mut events)
            .unwrap();
    }
    let filter = TicketFilter {
        states: vec![RoutingState::OnHold],
        ..TicketFilter::default()
    };
    let (mut after, mut asked) = (Some(TicketId(0)), 0);
    while let Some(from) = after {
        let query = Query::Tickets {
            filter: filter.clone(),
            after: from,
            limit: 10,
        };
        let Answer::Tickets(page) = core.query(&query, world.now) else {
            panic!("another answer");
        };
        assert!(page.tickets.is_empty());
        assert!(page.looked_until.is_none_or(|until| until > from), "it goes on");
        (after, asked) = (page.looked_until, asked + 1);
    }
    assert!((2..=4).contains(&asked), "{asked} questions");
}

#[test]
fn an_agent_is_known_while_on_the_desk() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ask = |world: &World, name: &str| world.core.query(&Query::Agent(agent_id(name)), world.now);
    assert_eq!(ask(&world, "ana"), Answer::Agent(Some(Box::new(world.agent("ana")))));
    world.activate(desk([agent("bo")])).unwrap();
    assert_eq!(ask(&world, "ana"), Answer::Agent(None));
}
