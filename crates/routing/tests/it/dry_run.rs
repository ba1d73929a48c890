//! A recorded stretch once more: as it was, and under another version of the desk.

use std::time::Duration;

use tandem_domain::desk::ServiceLevel;
use tandem_domain::routing::{Command, DeclineReason, Rejection, TransferTarget};
use tandem_domain::{Channel, CompiledDesk, Presence, Proficiency, RoutingState, TicketId, Timestamp};
use tandem_routing::dry_run::{Assumptions, Comparison, DryRun, Plan, Rerun, Simulated, Unfinished};

use crate::support::{AgentBuilder, IntakeBuilder, agent, agent_id, as_agent, desk, key, mail, queue, seconds};
use crate::world::{World, desk_id};

fn plan(from: Timestamp, other: Option<CompiledDesk>) -> Plan {
    Plan {
        from,
        other,
        assumptions: Assumptions::default(),
        named: 10,
    }
}

fn dry_run(world: &World, plan: Plan) -> Result<Comparison, Unfinished> {
    let mut run = DryRun::new(&desk_id(), plan);
    world.history.iter().for_each(|event| run.take(event.clone()));
    run.finish(world.now, &|| true)
}

fn under(world: &World, plan: Plan) -> (Comparison, Simulated) {
    let comparison = dry_run(world, plan).unwrap();
    match comparison.rerun.clone() {
        Rerun::Other(simulated) => (comparison, *simulated),
        other => panic!("not simulated: {other:?}"),
    }
}

/// What happened before is not of the stretch.
fn a_minute_later(world: &mut World) -> Timestamp {
    world.pass(seconds(60));
    world.now
}

/// Two chats come within ten seconds; whoever takes one works on it for five minutes.
fn a_rush(desk: CompiledDesk) -> (World, Timestamp) {
    let mut world = World::staffed(desk);
    let from = a_minute_later(&mut world);
    let first = world.open(mail(1).by(Channel::Chat));
    world.pass(seconds(10));
    let second = world.open(mail(2).by(Channel::Chat));
    world.take(first);
    serve(&mut world, first);
    world.take(second);
    serve(&mut world, second);
    world.pass(seconds(60));
    (world, from)
}

fn serve(world: &mut World, ticket: TicketId) {
    world.pass(seconds(300));
    world.resolve(ticket);
    world.pass(seconds(60));
    assert_eq!(world.state(ticket), RoutingState::Done);
}

fn one_at_a_time() -> Vec<tandem_domain::desk::AgentProfile> {
    vec![agent("ana").at_most(1, Channel::Chat)]
}

#[test]
fn under_the_same_version_every_event_comes_out_the_same() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let comparison = dry_run(&world, plan(from, None)).unwrap();
    assert_eq!(comparison.rerun, Rerun::Exact);
    let in_stretch = world.history.iter().filter(|event| event.at >= from).count();
    assert_eq!(comparison.events, in_stretch as u64);
    let whole = &comparison.recorded.whole;
    assert_eq!((whole.tickets, whole.accepted), (2, 2));
    assert_eq!(whole.waits.p99, seconds(360));
}

#[test]
fn what_another_program_decided_is_not_called_exact() {
    let (mut world, from) = a_rush(desk(one_at_a_time()));
    let at = world.history.iter().position(|event| event.at >= from).unwrap();
    world.history.remove(at + 1);
    let comparison = dry_run(&world, plan(from, None)).unwrap();
    assert!(matches!(comparison.rerun, Rerun::Diverged(divergence) if divergence.at == 1));
}

#[test]
fn a_second_agent_takes_what_had_to_wait() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let mut other = desk(one_at_a_time());
    other.agents.push(agent("bo").at_most(1, Channel::Chat));
    let (comparison, simulated) = under(&world, plan(from, Some(other)));
    assert_eq!(simulated.newcomers, [agent_id("bo")]);
    let (before, after) = (&comparison.recorded.whole.waits, &simulated.outcome.whole.waits);
    assert_eq!(before.p99, seconds(360));
    assert!(after.p99 <= seconds(10), "{after:?}");
    let difference = &simulated.differences[0];
    assert_eq!(difference.ticket, TicketId(2));
    assert_eq!(difference.recorded.agent, Some(agent_id("ana")));
    assert_eq!(difference.simulated.agent, Some(agent_id("bo")));
    let busy: Vec<_> = simulated.outcome.agents.iter().map(|agent| agent.accepted).collect();
    assert_eq!(busy, [1, 1]);
}

#[test]
fn somebody_who_is_new_may_be_assumed_absent() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let mut other = desk(one_at_a_time());
    other.agents.push(agent("bo").at_most(1, Channel::Chat));
    let mut absent = plan(from, Some(other));
    absent.assumptions.newcomers_online = false;
    let (comparison, simulated) = under(&world, absent);
    assert_eq!(comparison.recorded.whole, simulated.outcome.whole);
}

#[test]
fn a_desk_that_decides_alike_comes_out_alike() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let mut other = desk(one_at_a_time());
    other.hash = "1".repeat(64);
    let (comparison, simulated) = under(&world, plan(from, Some(other)));
    assert_eq!(comparison.recorded, simulated.outcome);
    assert_eq!((simulated.refused, simulated.differences), (0, vec![]));
    assert_eq!(simulated.handling_time, Some(seconds(300)));
}

#[test]
fn another_agent_takes_as_long_as_is_assumed() {
    let staff = || {
        [
            agent("ana").at_most(1, Channel::Chat),
            agent("bo").at_most(1, Channel::Chat),
        ]
    };
    let mut world = World::new(desk(staff()));
    world.set_presence("bo", Presence::Online);
    let from = a_minute_later(&mut world);
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.set_presence("ana", Presence::Online);
    world.take(ticket);
    serve(&mut world, ticket);
    world.pass(seconds(1_000));
    // Without bo it is ana's.
    let mut slower = plan(from, Some(desk([agent("ana").at_most(1, Channel::Chat)])));
    slower.assumptions.other_agents_time_percent = 200;
    let (comparison, simulated) = under(&world, slower);
    let busy = |outcome: &tandem_routing::dry_run::Outcome| outcome.agents.last().map(|agent| agent.busy);
    assert_eq!(busy(&comparison.recorded), Some(seconds(360)));
    assert_eq!(busy(&simulated.outcome), Some(seconds(660)));
}

#[test]
fn who_left_leaves_at_the_same_moment_unless_served_before() {
    let mut world = World::staffed(desk(one_at_a_time()));
    let from = a_minute_later(&mut world);
    let first = world.open(mail(1).by(Channel::Chat));
    world.take(first);
    world.open(mail(2).by(Channel::Chat));
    world.pass(seconds(100));
    world.leave(2);
    world.pass(seconds(100));
    let same = CompiledDesk {
        hash: "1".repeat(64),
        ..desk(one_at_a_time())
    };
    let (comparison, simulated) = under(&world, plan(from, Some(same)));
    assert_eq!(comparison.recorded.whole.abandoned, 1);
    assert_eq!(simulated.outcome.whole.abandoned, 1);
    let two = desk([agent("ana"), agent("cy")]);
    let (_, simulated) = under(&world, plan(from, Some(two)));
    assert_eq!(simulated.outcome.whole.abandoned, 0);
}

#[test]
fn declines_are_as_recorded_or_none() {
    let staff = || [agent("ana"), agent("bo")];
    let mut world = World::staffed(desk(staff()));
    let from = a_minute_later(&mut world);
    let ticket = world.open(mail(1));
    world.pass(seconds(5));
    world.refuse(ticket);
    world.pass(seconds(5));
    world.take(ticket);
    let refuser = if world.owner(ticket).as_deref() == Some("ana") {
        "bo"
    } else {
        "ana"
    };
    let same = || CompiledDesk {
        hash: "1".repeat(64),
        ..desk(staff())
    };
    let (_, simulated) = under(&world, plan(from, Some(same())));
    assert!(simulated.differences.is_empty());
    let mut keen = plan(from, Some(same()));
    keen.assumptions.declines_as_recorded = false;
    let (_, simulated) = under(&world, keen);
    assert_eq!(simulated.differences[0].simulated.agent, Some(agent_id(refuser)));
}

#[test]
fn tickets_at_hand_when_the_stretch_begins_go_on() {
    let mut world = World::staffed(desk(one_at_a_time()));
    let at_work = world.open(mail(1).by(Channel::Chat));
    world.take(at_work);
    let waiting = world.open(mail(2).by(Channel::Chat));
    world.pass(seconds(30));
    let from = a_minute_later(&mut world);
    serve(&mut world, at_work);
    world.take(waiting);
    serve(&mut world, waiting);
    let same = CompiledDesk {
        hash: "1".repeat(64),
        ..desk(one_at_a_time())
    };
    let (comparison, simulated) = under(&world, plan(from, Some(same)));
    assert_eq!(comparison.recorded, simulated.outcome);
    assert_eq!(
        comparison.recorded.whole.tickets, 1,
        "the one at work did not wait any more"
    );
    assert_eq!(comparison.recorded.whole.waits.mean, seconds(450));
}

#[test]
fn who_came_onto_the_desk_in_the_stretch_is_there_when_recorded() {
    let (world, _) = a_rush(desk(one_at_a_time()));
    // The very first event of all.
    let from = world.history[0].at;
    let mut other = desk(one_at_a_time());
    other.agents.push(agent("cy"));
    other.hash = "1".repeat(64);
    let (comparison, simulated) = under(&world, plan(from, Some(other)));
    assert_eq!(simulated.newcomers, [agent_id("cy")]);
    let online = |outcome: &tandem_routing::dry_run::Outcome| {
        let ana = outcome.agents.iter().find(|agent| agent.agent == agent_id("ana"));
        ana.map(|agent| agent.online)
    };
    assert_eq!(online(&simulated.outcome), online(&comparison.recorded));
}

#[test]
fn colleagues_help_when_they_were_asked_and_as_they_answered() {
    let staff = || {
        [
            agent("ana").at_most(1, Channel::Chat),
            agent("bo").at_most(1, Channel::Chat),
        ]
    };
    let mut world = World::staffed(desk(staff()));
    let from = a_minute_later(&mut world);
    let first = world.open(mail(1).by(Channel::Chat));
    world.take(first);
    let owner = world.owner(first).unwrap();
    let helper = if owner == "ana" { "bo" } else { "ana" };
    let consult = || Command::Consult {
        ticket: first,
        with: TransferTarget::Agent(agent_id(helper)),
    };
    for answer in [Err(DeclineReason::Busy), Ok(())] {
        world.pass(seconds(10));
        world.run_as(as_agent(&owner), consult()).unwrap();
        world.pass(seconds(5));
        let offer = world.ticket(first).help_offers[0].id;
        let agent = agent_id(helper);
        let answer = match answer {
            Ok(()) => Command::Accept { agent, offer },
            Err(reason) => Command::Decline { agent, offer, reason },
        };
        world.run_as(as_agent(helper), answer).unwrap();
    }
    // Nobody has room for it until the helper is done.
    let second = world.open(mail(2).by(Channel::Chat));
    world.pass(seconds(200));
    let agent = agent_id(helper);
    world
        .run_as(as_agent(helper), Command::EndHelp { ticket: first, agent })
        .unwrap();
    world.take(second);
    serve(&mut world, second);
    let same = CompiledDesk {
        hash: "1".repeat(64),
        ..desk(staff())
    };
    let (comparison, simulated) = under(&world, plan(from, Some(same)));
    assert_eq!(comparison.recorded.whole.waits.p99, seconds(200));
    assert_eq!(comparison.recorded, simulated.outcome);
    assert_eq!((simulated.refused, simulated.differences), (0, vec![]));
}

#[test]
fn a_version_that_cannot_come_into_force_is_refused() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let mut open = world;
    open.open(mail(9).to("billing"));
    let start = open.now.plus(seconds(1));
    let mut other = desk(one_at_a_time());
    other.queues = vec![queue("support")];
    assert!(matches!(
        dry_run(&open, plan(start, Some(other))),
        Err(Unfinished::Refused(Rejection::QueueInUse { .. }))
    ));
    assert!(from < start);
}

#[test]
fn figures_are_given_by_queue_channel_and_language_with_the_level_that_the_desk_sets() {
    let mut with_level = desk([agent("ana").speaks("de", Proficiency::C1).capacity(9)]);
    with_level.service_levels = [(
        Channel::Chat,
        ServiceLevel {
            share_percent: 80,
            within: seconds(20),
        },
    )]
    .into();
    let mut world = World::staffed(with_level);
    let from = a_minute_later(&mut world);
    for (number, language, after) in [(1, "en", 5), (2, "en", 25), (3, "de", 5)] {
        let ticket = world.open(mail(number).by(Channel::Chat).in_language(language));
        world.pass(seconds(after));
        world.take(ticket);
    }
    let outcome = dry_run(&world, plan(from, None)).unwrap().recorded;
    let [(german, of_german), (english, of_english)] = outcome.groups.as_slice() else {
        panic!("{:?}", outcome.groups)
    };
    assert_eq!(
        (&german.language, &english.language),
        (&Some(key("de")), &Some(key("en")))
    );
    assert_eq!((of_german.level_due, of_german.level_met), (1, 1));
    assert_eq!((of_english.level_due, of_english.level_met), (2, 1));
    assert_eq!(of_english.waits.mean, Duration::from_secs(15));
}

#[test]
fn a_simulation_that_nobody_waits_for_stops() {
    let (world, from) = a_rush(desk(one_at_a_time()));
    let mut run = DryRun::new(&desk_id(), plan(from, Some(desk([agent("cy")]))));
    world.history.iter().for_each(|event| run.take(event.clone()));
    assert_eq!(run.finish(world.now, &|| false), Err(Unfinished::Stopped));
}
