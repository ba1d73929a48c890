//! Random histories of every command, of time and of restarts, beside a naive model.
//!
//! After every step the core agrees with the model on every ticket and agent; and, as in every
//! test, `World` checks the laws and invariants. At the end everybody works until nothing is
//! left: no ticket that somebody fits has starved.

use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tandem_domain::routing::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, Intake, TransferTarget, UndeliveredReason,
};
use tandem_domain::{
    AgentId, Channel, CompiledDesk, MessageId, OfferId, Presence, Priority, Proficiency, RoutingState, TicketId,
    TicketStatus, Timestamp,
};
use uuid::Uuid;

use crate::invariants::fits;
use crate::model::{Model, Place};
use crate::replay::replays;
use crate::support::{
    AgentBuilder, IntakeBuilder, agent, answer_id, conversation_id, desk, key, level, mail, queue, seconds,
};
use crate::world::World;

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Message(Box<Intake>),
    Presence(AgentId, Presence),
    LoseSession(AgentId),
    /// The offer that was made so many offers ago is answered; by whom it was made to, if by nobody.
    Accept {
        ago: u64,
        by: Option<AgentId>,
    },
    Decline {
        ago: u64,
        by: Option<AgentId>,
    },
    Hold(TicketId),
    Resume(TicketId),
    Requeue(TicketId),
    Transfer(TicketId, TransferTarget),
    Resolve(TicketId),
    FinishWrapUp(TicketId),
    Reopen(TicketId),
    Cancel(TicketId),
    /// The text of this number is given as an answer or a note; by a supervisor, if by nobody.
    Answer {
        ticket: TicketId,
        text: u128,
        by: Option<AgentId>,
        visible: bool,
        then: AfterAnswer,
    },
    Report {
        ticket: TicketId,
        text: u128,
        outcome: DeliveryOutcome,
    },
    Leave {
        conversation: u128,
    },
    /// As an escalation that sees the ticket as it is now, or as somebody who just wants it so.
    Priority {
        ticket: TicketId,
        to: Priority,
        escalated: bool,
    },
    Activate(Box<CompiledDesk>),
    Wait(Duration),
    Restart,
}

fn versions() -> Vec<CompiledDesk> {
    let staff = || {
        vec![
            agent("ana")
                .capacity(5)
                .at_most(1, Channel::Chat)
                .speaks("de", Proficiency::C2),
            agent("bo").capacity(3).skill("vip", 3),
            agent("cy")
                .team("back")
                .capacity(4)
                .skill("billing", 3)
                .speaks("de", Proficiency::B1),
            agent("di")
                .capacity(2)
                .team("back")
                .skill("billing", 2)
                .skill("vip", 1)
                .speaks("de", Proficiency::B2),
        ]
    };
    let all = desk(staff());
    let mut smaller = desk(staff().into_iter().map(|profile| profile.capacity(1)));
    smaller.queues[0].aging = None;
    let mut shuffled = desk(staff().into_iter().rev().skip(1));
    shuffled.queues[1].max_missed = 1;
    shuffled.queues[1].decline_pause = Duration::ZERO;
    let mut other_skills = desk(staff());
    other_skills.skills.push(key("latin"));
    other_skills.agents[0].skills = [(key("latin"), level(1)), (key("vip"), level(5))].into();
    other_skills.default_language = None;
    let mut one_queue = desk(staff());
    one_queue.queues = vec![queue("support")];
    vec![all, smaller, shuffled, other_skills, one_queue]
}

fn an_agent() -> impl Strategy<Value = AgentId> {
    prop::sample::select(vec!["ana", "bo", "cy", "di"]).prop_map(key)
}

fn a_presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        4 => Just(Presence::Online),
        1 => Just(Presence::Away),
        1 => Just(Presence::Offline),
        1 => Just(Presence::Draining)
    ]
}

fn a_message() -> impl Strategy<Value = Intake> {
    let channel = prop::sample::select(Channel::ALL.to_vec());
    let queue = prop::sample::select(vec!["support", "support", "billing", "gone"]);
    let language = prop::sample::select(vec![None, Some("en"), Some("de"), Some("de-CH"), Some("fr")]);
    let skill = prop::sample::select(vec![None, None, None, Some("vip"), Some("latin")]);
    let priority = prop::sample::select(Priority::ALL.to_vec());
    let late = prop::sample::select(vec![0, 0, 0, 5000]);
    (
        0..10_u128,
        channel,
        queue,
        language,
        skill,
        priority,
        prop::bool::weighted(0.1),
        late,
    )
        .prop_map(
            |(conversation, channel, queue, language, skill, priority, automatic, late)| {
                let mut intake = mail(0)
                    .in_conversation(conversation)
                    .by(channel)
                    .to(queue)
                    .with(priority);
                intake.language = language.map(key);
                intake.skills = skill.map(|skill| (key(skill), level(1))).into_iter().collect();
                intake.automatic = automatic;
                if late > 0 {
                    intake.received_at = Timestamp::from_micros(1_800_000_000_000_000).minus(seconds(late));
                }
                intake
            },
        )
}

fn a_transfer() -> impl Strategy<Value = TransferTarget> {
    let queue = prop::sample::select(vec!["support", "billing"]);
    prop_oneof![
        queue.prop_map(|queue| TransferTarget::Queue(key(queue))),
        an_agent().prop_map(TransferTarget::Agent)
    ]
}

fn an_answer(ticket: impl Strategy<Value = TicketId>) -> impl Strategy<Value = Step> {
    let by = prop::option::weighted(0.4, an_agent());
    let then = prop::sample::select(vec![
        AfterAnswer::Keep,
        AfterAnswer::Keep,
        AfterAnswer::AwaitCustomer,
        AfterAnswer::Resolve,
    ]);
    (ticket, 0..6_u128, by, prop::bool::weighted(0.8), then).prop_map(|(ticket, text, by, visible, then)| {
        Step::Answer {
            ticket,
            text,
            by,
            visible,
            then,
        }
    })
}

fn a_report(ticket: impl Strategy<Value = TicketId>) -> impl Strategy<Value = Step> {
    let outcome = prop::sample::select(vec![
        DeliveryOutcome::Delivered,
        DeliveryOutcome::Failed(UndeliveredReason::Refused),
        DeliveryOutcome::Failed(UndeliveredReason::Bounced),
    ]);
    (ticket, 0..6_u128, outcome).prop_map(|(ticket, text, outcome)| Step::Report { ticket, text, outcome })
}

fn a_priority(ticket: impl Strategy<Value = TicketId>) -> impl Strategy<Value = Step> {
    let priority = prop::sample::select(Priority::ALL.to_vec());
    (ticket, priority, any::<bool>()).prop_map(|(ticket, to, escalated)| Step::Priority { ticket, to, escalated })
}

fn a_step(tickets: u64) -> impl Strategy<Value = Step> {
    let ticket = move || (0..tickets + 1).prop_map(|number| TicketId(number + 1));
    let answered = || (0..6_u64, prop::option::weighted(0.1, an_agent()));
    prop_oneof![
        8 => a_message().prop_map(|intake| Step::Message(Box::new(intake))),
        5 => (an_agent(), a_presence()).prop_map(|(agent, presence)| Step::Presence(agent, presence)),
        1 => an_agent().prop_map(Step::LoseSession),
        8 => answered().prop_map(|(ago, by)| Step::Accept { ago, by }),
        3 => answered().prop_map(|(ago, by)| Step::Decline { ago, by }),
        2 => ticket().prop_map(Step::Hold),
        2 => ticket().prop_map(Step::Resume),
        2 => ticket().prop_map(Step::Requeue),
        3 => (ticket(), a_transfer()).prop_map(|(ticket, to)| Step::Transfer(ticket, to)),
        4 => ticket().prop_map(Step::Resolve),
        2 => ticket().prop_map(Step::FinishWrapUp),
        2 => ticket().prop_map(Step::Reopen),
        1 => ticket().prop_map(Step::Cancel),
        8 => an_answer(ticket()),
        6 => a_report(ticket()),
        2 => a_priority(ticket()),
        2 => (0..10_u128).prop_map(|conversation| Step::Leave { conversation }),
        2 => prop::sample::select(versions()).prop_map(|desk| Step::Activate(Box::new(desk))),
        4 => (0..400_u64).prop_map(|time| Step::Wait(seconds(time))),
        1 => (0..100_u64).prop_map(|hours| Step::Wait(Duration::from_hours(hours))),
        1 => Just(Step::Restart),
    ]
}

struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        prop::sample::select(versions())
            .prop_map(|desk| Model::new(desk, World::empty().now))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        a_step(model.tickets.len() as u64).boxed()
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.step(step);
        model
    }
}

/// The core under test, with the model as it was before the step: it says who has which offer.
struct Subject {
    world: World,
    before: Model,
    messages: u128,
}

impl StateMachineTest for Subject {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(model: &Model) -> Self {
        Self {
            world: World::new(model.desk.clone()),
            before: model.clone(),
            messages: 1000,
        }
    }

    fn apply(mut subject: Self, model: &Model, step: Step) -> Self {
        let accepted = subject.carry_out(&step);
        assert_eq!(accepted, model.accepted, "{step:?}");
        agree(&subject.world, model);
        subject.before = model.clone();
        subject
    }

    fn teardown(mut subject: Self, _: Model) {
        subject.everybody_works_until_nothing_is_left();
        replays(&subject.world.history);
    }
}

impl Subject {
    fn carry_out(&mut self, step: &Step) -> bool {
        if self.goes_on_by_itself(step) {
            return true;
        }
        let world = &mut self.world;
        let command = match step.clone() {
            Step::Message(intake) => {
                self.messages += 1;
                Command::Intake(Box::new(Intake {
                    message: MessageId(Uuid::from_u128(self.messages)),
                    ..*intake
                }))
            }
            Step::Presence(agent, presence) => Command::SetPresence { agent, presence },
            Step::Accept { ago, by } => {
                let offer = self.before.offer_number(ago);
                Command::Accept {
                    agent: self.before.answers(offer, by.as_ref()),
                    offer,
                }
            }
            Step::Decline { ago, by } => {
                let offer = self.before.offer_number(ago);
                let agent = self.before.answers(offer, by.as_ref());
                Command::Decline {
                    agent,
                    offer,
                    reason: DeclineReason::Other,
                }
            }
            Step::Hold(ticket) => Command::Hold { ticket },
            Step::Resume(ticket) => Command::Resume { ticket },
            Step::Requeue(ticket) => Command::Requeue { ticket },
            Step::Transfer(ticket, to) => Command::Transfer { ticket, to, seen: None },
            Step::Answer {
                ticket,
                text,
                by,
                visible,
                then,
            } => Command::Answer {
                ticket,
                message: answer_id(text),
                author: by,
                visible,
                then,
            },
            Step::Report { ticket, text, outcome } => Command::ReportDelivery {
                ticket,
                message: answer_id(text),
                outcome,
            },
            Step::Leave { conversation } => Command::CustomerLeft {
                conversation: conversation_id(conversation),
            },
            Step::Priority { ticket, to, escalated } => Command::SetPriority {
                ticket,
                priority: to,
                seen: escalated.then(|| version(world, ticket)),
            },
            Step::Resolve(ticket) => Command::Resolve { ticket },
            Step::FinishWrapUp(ticket) => Command::FinishWrapUp { ticket },
            Step::Reopen(ticket) => Command::Reopen { ticket },
            Step::Cancel(ticket) => Command::Cancel { ticket },
            Step::Activate(desk) => Command::Activate(desk),
            Step::LoseSession(_) | Step::Wait(_) | Step::Restart => unreachable!("no command"),
        };
        world.run(command).is_ok()
    }

    /// What happens without a command.
    fn goes_on_by_itself(&mut self, step: &Step) -> bool {
        match step {
            Step::LoseSession(agent) => self.world.lose_session(agent.as_str()),
            Step::Wait(time) => self.world.pass(*time),
            Step::Restart => self.world.restart(),
            _ => return false,
        }
        true
    }

    /// Everybody comes online and takes, serves and finishes whatever is offered.
    fn everybody_works_until_nothing_is_left(&mut self) {
        let world = &mut self.world;
        let enough = 3 * world.tickets().len() + 10;
        for _ in 0..enough {
            for agent in world.agents() {
                world.set_presence(agent.id.as_str(), Presence::Online);
                for ticket in world.agent(agent.id.as_str()).tickets {
                    work_on(world, ticket);
                }
            }
            world.pass(seconds(60));
        }
        let desk = world.desk().unwrap();
        for ticket in world
            .tickets()
            .iter()
            .filter(|ticket| ticket.state == RoutingState::Queued)
        {
            let units = desk.channels[&ticket.requirement.channel].units;
            let able = |agent: &&tandem_domain::desk::AgentProfile| {
                let maximum = agent
                    .channel_max
                    .get(&ticket.requirement.channel)
                    .copied()
                    .unwrap_or(u32::MAX);
                agent.capacity >= units && maximum > 0 && fits(&desk, agent, &ticket.requirement)
            };
            assert!(desk.agents.iter().find(able).is_none(), "starved: {ticket:?}");
        }
    }
}

fn work_on(world: &mut World, ticket: TicketId) {
    match world.state(ticket) {
        RoutingState::Offered => world.take(ticket),
        RoutingState::Assigned | RoutingState::OnHold => world.resolve(ticket),
        RoutingState::WrappingUp => drop(world.run(Command::FinishWrapUp { ticket }).unwrap()),
        RoutingState::Queued
        | RoutingState::Done
        | RoutingState::Cancelled
        | RoutingState::Abandoned
        | RoutingState::Scheduled
        | RoutingState::Merged => {}
    }
}

fn version(world: &World, ticket: TicketId) -> u64 {
    let known = world.tickets().into_iter().find(|known| known.id == ticket);
    known.map_or(0, |known| known.version)
}

fn agree(world: &World, model: &Model) {
    assert_eq!(world.now, model.now);
    assert_eq!(world.tickets().len(), model.tickets.len());
    for expected in &model.tickets {
        let found = world.ticket(expected.id);
        match expected.place.state() {
            Some(state) => assert_eq!((found.state, &found.owner), (state, &expected.place.owner().cloned())),
            None => assert_eq!(found.status, TicketStatus::Closed),
        }
        let undelivered: Vec<_> = found.undelivered.iter().map(|failed| failed.message).collect();
        assert_eq!(found.priority, expected.priority());
        assert_eq!(
            (found.waiting_since, found.answered_at, undelivered),
            (
                expected.waiting_since(),
                expected.answered_at(),
                expected.undelivered.clone()
            ),
            "{expected:?}"
        );
        let standing = world.standing(expected.conversation().0.as_u128());
        let current = standing.filter(|standing| standing.ticket == expected.id);
        assert_eq!(
            current.and_then(|standing| standing.position),
            model.place_in_queue(expected).filter(|_| !found.unservable),
            "{expected:?}"
        );
        if let Place::Offered { to, offer, until, .. } = &expected.place {
            let open = found.offer.unwrap();
            assert_eq!((&open.agent, open.id, open.expires_at), (to, OfferId(*offer), *until));
        }
    }
    for (found, expected) in world.agents().iter().zip(&model.agents) {
        let used = model.used(&expected.id, None);
        assert_eq!(
            (&found.id, found.presence, found.missed, found.used),
            (&expected.id, expected.presence, expected.missed, used)
        );
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_core_agrees_with_the_model_after_every_step(sequential 1..60 => Subject);
}
