//! Rows: that they mirror the tickets is checked after every step of every test (`invariants`).

use tandem_domain::routing::{AgentView, Command, RoutingEvent};
use tandem_domain::{CompiledDesk, Core, MessageId, TicketId, TicketStatus};
use tandem_routing::rows;
use uuid::Uuid;

use crate::support::{IntakeBuilder, agent, desk, mail, seconds};
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
fn each_message_has_a_row_under_its_ticket() {
    let mut world = World::new(desk([agent("ana")]));
    world.open(mail(1));
    world.intake(mail(2).in_conversation(1).automatic());
    let key = format!("{}/{}", rows::number(1), MessageId(Uuid::from_u128(2)));
    let row: rows::MessageRow = serde_json::from_slice(&world.read_model[&(rows::TICKET_MESSAGE, key)]).unwrap();
    assert!(row.automatic);
    assert_eq!(row.added_at, world.now);
    assert_eq!(keys(&world, rows::TICKET_MESSAGE).len(), 2);
}

#[test]
fn closed_tickets_stay_and_are_marked_closed() {
    let mut world = World::staffed(desk([agent("ana")]));
    let (done, cancelled) = (world.open(mail(1)), world.open(mail(2)));
    world.take(done);
    world.resolve(done);
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    world.pass(seconds(72 * 3600));
    for ticket in [done, cancelled] {
        assert_eq!(world.ticket(ticket).status, TicketStatus::Closed);
    }
    assert_eq!(
        keys(&world, rows::TICKET_BY_AGENT),
        [format!("ana/{}", rows::number(1))]
    );
}

#[test]
fn an_agent_who_leaves_the_desk_leaves_the_rows() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    world.activate(desk([agent("bo")])).unwrap();
    assert_eq!(keys(&world, rows::AGENT), ["bo"]);
}

#[test]
fn one_change_writes_few_rows() {
    let mut world = World::staffed(desk(["ana", "bo", "cy"].map(agent)));
    for number in 1..=6 {
        world.open(mail(number));
    }
    let offer = world.offer_of(TicketId(1));
    let seen = world.history.len();
    world.accept("ana", offer).unwrap();
    let changed: Vec<_> = world
        .core
        .rows(&world.history[seen..])
        .into_iter()
        .map(|row| format!("{} {}", row.table, row.key))
        .collect();
    let number = rows::number(1);
    assert_eq!(
        changed,
        [
            format!("ticket {number}"),
            format!("ticket_by_state offered/{number}"),
            format!("ticket_by_state assigned/{number}"),
            format!("ticket_by_agent ana/{number}"),
            "agent ana".to_owned(),
        ]
    );
}

#[test]
fn a_batch_of_many_steps_writes_each_row_once_and_leaves_no_old_entry() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    let (before, seen) = (world.read_model.clone(), world.history.len());
    // As if all this had happened in one batch of the shell.
    world.transfer_to_queue(ticket, "billing").unwrap();
    world.transfer_to_agent(ticket, "bo").unwrap();
    world.take(ticket);
    world.transfer_to_queue(ticket, "support").unwrap();
    let stepwise = world.read_model.clone();
    let changes = world.core.rows(&world.history[seen..]);
    let mut at_once = before;
    let mut written = std::collections::BTreeSet::new();
    for change in changes {
        assert!(
            written.insert((change.table, change.key.clone())),
            "twice: {} {}",
            change.table,
            change.key
        );
        match change.value {
            Some(value) => drop(at_once.insert((change.table, change.key), value)),
            None => drop(at_once.remove(&(change.table, change.key))),
        }
    }
    assert_eq!(at_once, stepwise);
}

#[test]
fn agent_rows_hold_the_agents_view() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.open(mail(1));
    let row: AgentView = serde_json::from_slice(&world.read_model[&(rows::AGENT, "ana".to_owned())]).unwrap();
    assert_eq!(row, world.agent("ana"));
    assert!(
        world
            .history
            .iter()
            .any(|event| matches!(event.body, RoutingEvent::OfferIssued { .. }))
    );
}
