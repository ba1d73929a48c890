//! The discrete-event harness drives the core, and reads off what became of it.

use std::time::Duration;

use tandem_domain::desk::CompiledDesk;
use tandem_domain::routing::{Command, DeclineReason, Rejection, RoutingEvent};
use tandem_domain::{AgentId, Channel, Core, Event, OfferId, Presence, RoutingState, TicketId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{OfferAnswer, Plan, Simulation, TicketRecord, World};

use crate::support::{IntakeBuilder, agent, agent_id, conversation_id, desk, key, mail, seconds};

/// Chats arrive at given times; all else is as the fields say.
#[derive(Clone)]
struct Script {
    service: Duration,
    patience: Option<Duration>,
    answer: OfferAnswer,
    paperwork: Option<Duration>,
    ended: Vec<TicketRecord>,
    events: Vec<Event<RoutingEvent>>,
    refused: usize,
}

impl World for Script {
    type Note = u128;

    fn wake(&mut self, number: u128, plan: &mut Plan<u128>) {
        plan.command(plan.now(), Command::Intake(Box::new(mail(number).by(Channel::Chat))));
    }

    fn patience(&mut self, _: &TicketRecord) -> Option<Duration> {
        self.patience
    }

    fn answer(&mut self, _: &TicketRecord, _: &AgentId, _: OfferId) -> OfferAnswer {
        self.answer
    }

    fn service(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
        Some(self.service)
    }

    fn wrap_up(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
        self.paperwork
    }

    fn saw(&mut self, event: &Event<RoutingEvent>, _: &mut Plan<u128>) {
        self.events.push(event.clone());
    }

    fn ended(&mut self, ticket: &TicketRecord, _: &mut Plan<u128>) {
        self.ended.push(ticket.clone());
    }

    fn refused(&mut self, _: &Rejection) {
        self.refused += 1;
    }
}

fn script() -> Script {
    Script {
        service: seconds(100),
        patience: None,
        answer: OfferAnswer::Accept { after: seconds(5) },
        paperwork: Some(seconds(10)),
        ended: Vec::new(),
        events: Vec::new(),
        refused: 0,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// One agent with room for one chat at a time, online from the beginning.
fn one_agent() -> CompiledDesk {
    desk([agent("ann")])
}

fn simulate(script: Script, arrivals: &[(i64, u128)]) -> Simulation<Script> {
    let mut simulation = Simulation::new(RoutingCore::new(&key("acme")), script, at(0));
    let plan = simulation.plan();
    plan.command(at(0), Command::Activate(Box::new(one_agent())));
    for (second, number) in arrivals {
        plan.wake(at(*second), *number);
    }
    plan.command(
        at(0),
        Command::SetPresence {
            agent: agent_id("ann"),
            presence: Presence::Online,
        },
    );
    simulation
}

fn ends(simulation: &Simulation<Script>) -> Vec<(u64, RoutingState, u64)> {
    let ended = simulation.world().ended.iter();
    ended
        .map(|record| {
            let (_, how) = record.ended.unwrap();
            (record.ticket.0, how, record.wait().unwrap().as_secs())
        })
        .collect()
}

#[test]
fn customers_wait_for_the_one_agent_to_accept_serve_and_wrap_up() {
    let mut simulation = simulate(script(), &[(10, 1), (20, 2)]);
    simulation.run_until(at(10_000));
    // The second is offered at 125 and accepted at 130.
    assert_eq!(
        ends(&simulation),
        [(1, RoutingState::Done, 5), (2, RoutingState::Done, 110)]
    );
    let ann = &simulation.agents()[&agent_id("ann")];
    assert_eq!((ann.online, ann.busy, ann.accepted), (seconds(10_000), seconds(220), 2));
    assert_eq!(simulation.world().ended[0].worked, seconds(110));
    assert_eq!(simulation.world().refused, 0);
}

#[test]
fn who_loses_patience_leaves_and_who_is_served_does_not() {
    let impatient = Script {
        patience: Some(seconds(60)),
        ..script()
    };
    let mut simulation = simulate(impatient, &[(10, 1), (20, 2)]);
    simulation.run_until(at(10_000));
    assert_eq!(
        ends(&simulation),
        [(2, RoutingState::Abandoned, 60), (1, RoutingState::Done, 5)]
    );
}

#[test]
fn offers_may_be_declined_and_missed() {
    for (answer, offers) in [
        (
            OfferAnswer::Decline {
                after: seconds(1),
                reason: DeclineReason::Busy,
            },
            17,
        ),
        (OfferAnswer::Miss, 3),
    ] {
        let mut simulation = simulate(Script { answer, ..script() }, &[(10, 1)]);
        simulation.run_until(at(1_010));
        let record = simulation.tickets().next().unwrap();
        // A pause of a minute after each; three misses make the agent not responding.
        assert_eq!(
            (record.offers, record.accepted.is_some()),
            (offers, false),
            "{answer:?}"
        );
    }
}

#[test]
fn wrap_up_ends_by_itself_where_the_world_does_not_end_it() {
    let lazy = Script {
        paperwork: None,
        ..script()
    };
    let mut simulation = simulate(lazy, &[(10, 1)]);
    simulation.run_until(at(10_000));
    assert_eq!(simulation.world().ended[0].worked, seconds(160));
}

#[test]
fn agents_time_is_counted_anew_after_the_warm_up() {
    let mut simulation = simulate(script(), &[(10, 1)]);
    simulation.run_until(at(65));
    simulation.recount();
    simulation.run_until(at(165));
    let ann = &simulation.agents()[&agent_id("ann")];
    assert_eq!((ann.online, ann.busy, ann.accepted), (seconds(100), seconds(60), 0));
}

#[test]
fn a_refused_command_is_told_and_changes_nothing() {
    let mut simulation = simulate(script(), &[]);
    simulation
        .plan()
        .command(at(1), Command::Cancel { ticket: TicketId(9) });
    simulation.run_until(at(10));
    assert_eq!(simulation.world().refused, 1);
}

#[test]
fn the_same_world_makes_the_same_events() {
    let run = || {
        let mut simulation = simulate(script(), &[(10, 1), (20, 2), (21, 3), (400, 4)]);
        simulation.run_until(at(10_000));
        simulation.into_world().events
    };
    assert_eq!(run(), run());
}

/// Wherever history ends, the simulation goes on with the tickets at hand: those who wait, who are offered and who are
/// served.
#[test]
fn a_replayed_history_goes_on_where_it_ended() {
    let mut whole = simulate(script(), &[(10, 1), (20, 2), (21, 3)]);
    whole.run_until(at(10_000));
    let events = &whole.world().events;
    for known in 1..events.len() {
        let now = events[known - 1].at;
        let mut simulation = Simulation::new(RoutingCore::new(&key("acme")), script(), now);
        events[..known].iter().for_each(|event| simulation.replay(event));
        simulation.take_over();
        simulation.run_until(at(10_000));
        let opened = events[..known]
            .iter()
            .filter(|event| matches!(event.body, RoutingEvent::TicketOpened { .. }))
            .count();
        let done = |event: &&Event<RoutingEvent>| matches!(event.body, RoutingEvent::TicketDone { .. });
        let before = events[..known].iter().filter(done).count();
        let after = simulation.world().events.iter().filter(done).count();
        // Offers that follow in the same turn are the command's, which is not repeated here.
        if now < events[known].at {
            assert_eq!(before + after, opened, "after {known} events");
        }
    }
}

#[test]
fn a_customer_who_is_gone_is_not_asked_after() {
    let mut simulation = simulate(
        Script {
            patience: Some(seconds(300)),
            ..script()
        },
        &[(10, 1), (20, 2)],
    );
    let conversation = conversation_id(2);
    simulation
        .plan()
        .command(at(50), Command::CustomerLeft { conversation });
    simulation.run_until(at(10_000));
    assert_eq!(ends(&simulation)[0], (2, RoutingState::Abandoned, 30));
    assert_eq!(simulation.world().refused, 0);
}

#[test]
fn a_pulled_ticket_is_worked_on_by_whoever_got_it() {
    let unseen = Script {
        answer: OfferAnswer::Miss,
        ..script()
    };
    let mut simulation = simulate(unseen, &[(10, 1)]);
    let (ticket, to) = (TicketId(1), agent_id("ann"));
    simulation.plan().command(at(15), Command::Pull { ticket, to });
    simulation.run_until(at(10_000));
    assert_eq!(ends(&simulation), [(1, RoutingState::Done, 5)]);
    assert_eq!(simulation.agents()[&agent_id("ann")].busy, seconds(110));
}

#[test]
fn a_merged_ticket_has_ended() {
    let mut simulation = simulate(script(), &[(10, 1), (11, 2)]);
    let (ticket, into) = (TicketId(2), TicketId(1));
    simulation.plan().command(at(31), Command::Merge { ticket, into });
    simulation.run_until(at(10_000));
    assert_eq!(
        ends(&simulation),
        [(2, RoutingState::Merged, 20), (1, RoutingState::Done, 5)]
    );
}
