//! Routing steps: each ticket is where its queue's steps say, and nowhere for longer than they say.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::{LanguageAsk, QueuePolicy, RoutingStep};
use tandem_domain::routing::{Intake, RoutingEvent, StepEnd, StepPlace, TicketView};
use tandem_domain::{AgentId, CompiledDesk, Presence, Requirement, RoutingState, TicketId};

use super::fits;
use super::pauses::Pauses;
use crate::world::World;

pub(super) fn steps_are_kept(world: &World, desk: &CompiledDesk, tickets: &[TicketView], pauses: &Pauses) {
    let opened = intakes(world);
    for ticket in tickets.iter().filter(|ticket| ticket.state == RoutingState::Queued) {
        let queue = desk.queues.iter().find(|queue| queue.id == ticket.requirement.queue);
        let nobodys = QueuePolicy::new(ticket.requirement.queue.clone());
        let queue = queue.unwrap_or(&nobodys);
        let intake = opened[&ticket.id];
        assert_eq!(ticket.step.step, ticket.requirement.step, "{ticket:?}");
        asks_what_its_step_asks(desk, queue, intake, ticket);
        is_not_over(world, desk, queue, ticket, pauses);
        let later = usize::from(ticket.step.step)..queue.steps.len().max(1);
        let mut asked = later.map(|step| asked_in(desk, queue, intake, step));
        let hopeless = asked.all(|requirement| !anybody_fits(desk, &requirement));
        assert_eq!(ticket.unservable, hopeless, "{ticket:?}");
    }
}

fn intakes(world: &World) -> BTreeMap<TicketId, &Intake> {
    let opened = world.history.iter().filter_map(|event| match &event.body {
        RoutingEvent::TicketOpened { ticket, intake, .. } | RoutingEvent::TicketSplit { ticket, intake, .. } => {
            Some((*ticket, &**intake))
        }
        _ => None,
    });
    opened.collect()
}

/// Its step has not ended, and if it is kept for somebody, then for one who is there.
fn is_not_over(world: &World, desk: &CompiledDesk, queue: &QueuePolicy, ticket: &TicketView, pauses: &Pauses) {
    if usize::from(ticket.step.step) + 1 >= queue.steps.len() {
        assert_eq!(
            (ticket.step.until, ticket.requirement.only.len()),
            (None, 0),
            "{ticket:?}"
        );
        return;
    }
    assert!(ticket.step.until > Some(world.now), "{ticket:?} is late");
    assert!(anybody_fits(desk, &ticket.requirement), "{ticket:?} waits for nobody");
    let waited_for = |agent: &AgentId| {
        let online = world
            .agents()
            .iter()
            .any(|view| view.id == *agent && view.presence == Presence::Online);
        let until = pauses.get(&(ticket.id, agent.clone()));
        online && until.is_none_or(|until| *until <= world.now)
    };
    let only = &ticket.requirement.only;
    assert!(
        only.is_empty() || only.iter().any(waited_for),
        "{ticket:?} waits for the absent"
    );
}

pub(crate) fn anybody_fits(desk: &CompiledDesk, requirement: &Requirement) -> bool {
    desk.agents.iter().any(|agent| fits(desk, agent, requirement))
}

fn asks_what_its_step_asks(desk: &CompiledDesk, queue: &QueuePolicy, intake: &Intake, ticket: &TicketView) {
    let mut expected = asked_in(desk, queue, intake, usize::from(ticket.step.step));
    expected.only.clone_from(&ticket.requirement.only);
    assert_eq!(ticket.requirement, expected);
}

/// What the ticket asks in a step, whoever it is kept for.
fn asked_in(desk: &CompiledDesk, queue: &QueuePolicy, intake: &Intake, number: usize) -> Requirement {
    let step = queue.steps.get(number).cloned();
    let step = step.unwrap_or_else(|| RoutingStep::new("own".parse().unwrap()));
    let mut skills = queue.skills.clone();
    for (skill, level) in &intake.skills {
        if step.asks.skills && desk.skills.contains(skill) {
            let asked = skills.get(skill).copied().max(Some(*level)).unwrap();
            skills.insert(skill.clone(), asked);
        }
    }
    let least = match step.asks.language {
        LanguageAsk::AsAsked => Some(desk.min_proficiency),
        LanguageAsk::AtLeast(least) => Some(least),
        LanguageAsk::Any => None,
    };
    let language = intake.language.clone().or(desk.default_language.clone());
    let required: Vec<_> = queue.require.iter().chain(&step.require).cloned().collect();
    Requirement {
        language: language.zip(least),
        skills,
        step: number.try_into().unwrap(),
        expression: required.into_iter().reduce(tandem_domain::expression::Expression::and),
        pool: step.teams,
        ..Requirement::new(queue.id.clone(), intake.channel)
    }
}

/// Steps come in order, and those between are said to be passed over.
pub(super) fn steps_come_in_order(world: &World) {
    let mut last: BTreeMap<TicketId, u16> = BTreeMap::new();
    // By another version of the desk they have other numbers.
    let mut renumbered: BTreeSet<TicketId> = BTreeSet::new();
    for event in &world.history {
        let (ticket, place, why): (_, &StepPlace, _) = match &event.body {
            RoutingEvent::DeskActivated(_) => {
                renumbered.extend(last.keys());
                continue;
            }
            RoutingEvent::TicketOpened { ticket, place, .. }
            | RoutingEvent::TicketRequeued { ticket, place, .. }
            | RoutingEvent::TicketSplit { ticket, place, .. } => (*ticket, place, None),
            RoutingEvent::StepEntered { ticket, place, why, .. } => (*ticket, place, Some(*why)),
            _ => continue,
        };
        let first = match why {
            None | Some(StepEnd::DeskChanged) => 0,
            Some(StepEnd::Elapsed | StepEnd::NobodyLeft) => last[&ticket] + 1,
        };
        let was_renumbered = renumbered.remove(&ticket);
        if first == 0 || !was_renumbered {
            let skipped: Vec<u16> = place.skipped.iter().map(|skipped| skipped.step).collect();
            assert_eq!(skipped, (first..place.step).collect::<Vec<_>>(), "{event:?}");
        }
        last.insert(ticket, place.step);
    }
}
