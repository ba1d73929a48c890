//! Random histories of desks with steps. What must hold is checked after each step of each (`invariants/steps.rs`): no
//! ticket waits in a step after its end, nor for somebody who is away, steps come in order, and what nobody can ever
//! serve is known at once.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use tandem_domain::desk::{Asks, LanguageAsk, Preference, SkipIf, StepLength, Tandem};
use tandem_domain::routing::{Command, TransferTarget};
use tandem_domain::{CompiledDesk, CustomerId, Presence, Proficiency, RoutingState, TicketId};
use uuid::Uuid;

use super::{StepBuilder, last, step, stepped};
use crate::support::{AgentBuilder, IntakeBuilder, agent, key, mail, seconds};
use crate::world::World;

const AGENTS: [&str; 4] = ["ann", "bob", "cid", "dan"];

#[derive(Clone, Debug)]
enum Deed {
    Open {
        customer: u128,
        language: &'static str,
        vip: bool,
        tandem: bool,
    },
    WriteAgain(u128),
    Presence(&'static str, Presence),
    LoseSession(&'static str),
    Accept(Index),
    Decline(Index),
    Requeue(Index),
    ToQueue(Index, &'static str),
    ToAgent(Index, &'static str),
    Resolve(Index),
    Reopen(Index),
    Activate(usize),
    Wait(u64),
    Restart,
}

/// What happens, far more often in the middle of things than at their ends.
fn any_deed() -> impl Strategy<Value = Deed> {
    let who = || select(AGENTS.to_vec());
    let which = any::<Index>;
    let presence = select(vec![
        Presence::Online,
        Presence::Online,
        Presence::Away,
        Presence::Offline,
    ]);
    let open = (0..5_u128, select(vec!["en", "de", "fr"]), any::<bool>(), any::<bool>());
    prop_oneof![
        5 => open.prop_map(|(customer, language, vip, tandem)| Deed::Open { customer, language, vip, tandem }),
        1 => (100..120_u128).prop_map(Deed::WriteAgain),
        5 => (who(), presence).prop_map(|(who, presence)| Deed::Presence(who, presence)),
        1 => who().prop_map(Deed::LoseSession),
        4 => which().prop_map(Deed::Accept),
        3 => which().prop_map(Deed::Decline),
        2 => which().prop_map(Deed::Requeue),
        1 => (which(), select(vec!["support", "billing"])).prop_map(|(ticket, queue)| Deed::ToQueue(ticket, queue)),
        1 => (which(), who()).prop_map(|(ticket, agent)| Deed::ToAgent(ticket, agent)),
        3 => which().prop_map(Deed::Resolve),
        2 => which().prop_map(Deed::Reopen),
        1 => (0..4_usize).prop_map(Deed::Activate),
        5 => select(vec![1, 10, 30, 60, 61, 200]).prop_map(Deed::Wait),
        1 => Just(Deed::Restart),
    ]
}

/// Four versions of a desk, with other steps, other agents, or both.
fn version(number: usize) -> CompiledDesk {
    let mut bob = agent("bob").skill("vip", 3);
    bob.mentor = Some(key("dan"));
    let mut agents = vec![
        agent("ann"),
        bob,
        agent("cid").speaks("de", Proficiency::C1).capacity(1),
        agent("dan").speaks("de", Proficiency::A2).skill("vip", 1),
    ];
    if number == 3 {
        agents.remove(2);
    }
    let last_agent = step("last-agent").prefers(Preference::LastAgent);
    let tandem = step("tandem")
        .prefers(Preference::Tandem)
        .lasts(StepLength::Wall(seconds(40)));
    let mentor = step("mentor").prefers(Preference::Mentor);
    let experts = step("experts").requires("vip >= 2").skipped_if(SkipIf::NobodyOnline);
    let named = step("named").prefers(Preference::Agents(vec![key("bob"), key("cid")]));
    let quick = step("quick").skipped_if(SkipIf::WaitOver(seconds(20)));
    let mut some = last("some");
    some.asks = Asks {
        skills: false,
        language: LanguageAsk::AtLeast(Proficiency::A1),
    };
    let steps = match number {
        0 => vec![last_agent, tandem, experts, some],
        1 => vec![mentor, named, experts, quick, some],
        2 => vec![],
        _ => vec![named, last_agent, some, last("more")],
    };
    let mut desk = stepped(agents, []);
    desk.queues[0].steps = steps;
    // In the last version `some` is not the last step, so that it must end.
    for step in desk.queues[0].steps.iter_mut().rev().skip(1) {
        step.lasts.get_or_insert(StepLength::Wall(seconds(30)));
    }
    desk.tandems = vec![Tandem {
        id: key("north"),
        agents: vec![key("ann"), key("cid")],
    }];
    desk
}

/// One of the tickets in such a state.
fn pick(world: &World, which: Index, states: &[RoutingState]) -> Option<TicketId> {
    let tickets = world
        .tickets()
        .into_iter()
        .filter(|ticket| states.contains(&ticket.state));
    let tickets: Vec<_> = tickets.map(|ticket| ticket.id).collect();
    (!tickets.is_empty()).then(|| *which.get(&tickets))
}

#[expect(clippy::needless_pass_by_value, reason = "what was done is done")]
fn act(world: &mut World, number: u128, deed: Deed) {
    use RoutingState::{Assigned, Done, Offered, OnHold, Queued};
    match deed {
        Deed::Open {
            customer,
            language,
            vip,
            tandem,
        } => {
            let mut intake = mail(number).in_language(language);
            if vip {
                intake = intake.needs("vip", 1);
            }
            intake.customer = Some(CustomerId(Uuid::from_u128(customer)));
            intake.tandem = tandem.then(|| key("north"));
            world.intake(intake);
        }
        Deed::WriteAgain(conversation) => drop(world.intake(mail(number).in_conversation(conversation))),
        Deed::Presence(agent, presence) if world.agents().iter().any(|view| view.id.as_str() == agent) => {
            world.set_presence(agent, presence);
        }
        Deed::Presence(..) => {}
        Deed::LoseSession(agent) => world.lose_session(agent),
        Deed::Accept(which) => pick(world, which, &[Offered])
            .into_iter()
            .for_each(|ticket| world.take(ticket)),
        Deed::Decline(which) => pick(world, which, &[Offered])
            .into_iter()
            .for_each(|ticket| world.refuse(ticket)),
        Deed::Requeue(which) => {
            let ticket = pick(world, which, &[Offered, Assigned, OnHold]);
            ticket.map(|ticket| world.run(Command::Requeue { ticket }).unwrap());
        }
        Deed::ToQueue(which, queue) => {
            let ticket = pick(world, which, &[Queued, Offered, Assigned]);
            ticket.map(|ticket| world.transfer_to_queue(ticket, queue).unwrap());
        }
        Deed::ToAgent(which, agent) => {
            // Refused where the agent is not there or has no room: nothing happens then.
            let to = || TransferTarget::Agent(key(agent));
            let ticket = pick(world, which, &[Queued, Offered, Assigned]);
            ticket.map(|ticket| {
                world.run(Command::Transfer {
                    ticket,
                    to: to(),
                    seen: None,
                })
            });
        }
        Deed::Resolve(which) => pick(world, which, &[Assigned])
            .into_iter()
            .for_each(|ticket| world.resolve(ticket)),
        Deed::Reopen(which) => {
            let ticket = pick(world, which, &[Done]);
            ticket.map(|ticket| world.run(Command::Reopen { ticket }).unwrap());
        }
        Deed::Activate(number) => drop(world.activate(version(number)).unwrap()),
        Deed::Wait(time) => world.pass(seconds(time)),
        Deed::Restart => world.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn steps_are_kept_in_every_history(first in 0..4_usize, deeds in prop::collection::vec(any_deed(), 1..80)) {
        let mut world = World::new(version(first));
        for (number, deed) in (100..).zip(deeds) {
            // Each at its own time: a history tells only so where one command ends and the next begins.
            world.pass(Duration::from_millis(1));
            act(&mut world, number, deed);
        }
        crate::replay::replays(&world.history);
    }
}
