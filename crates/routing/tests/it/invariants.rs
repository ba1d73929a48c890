//! What must hold after every step, checked the slow and obvious way: from the desk file, the
//! history of events and the read model, never from the core's own indices.

mod pauses;
mod steps;

pub(crate) use steps::anybody_fits;

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::{AgentView, Answer, Query, RoutingEvent, TicketView};
use tandem_domain::{
    AgentId, Cause, CompiledDesk, Core, Event, Presence, Requirement, RoutingState, TicketId, TicketStatus,
};
use tandem_routing::rows;

use self::pauses::Pauses;
use crate::policy;
use crate::world::World;

pub(crate) fn check(world: &World) {
    let Some(desk) = world.desk() else { return };
    let tickets = world.tickets();
    let agents = world.agents();
    holders_are_where_agents_say(&tickets, &agents);
    capacity_is_kept(world, &desk, &tickets, &agents);
    messages_are_on_one_ticket(world, &tickets);
    a_ticket_is_known_once(world, &tickets);
    indices_lead_to_what_has_ended(world);
    agents_are_listed_by_key(world, &agents);
    steps::steps_come_in_order(world);
    // Until the tick that is due has run, somebody may still be passed over on paper.
    let is_due = world.core.next_wakeup().is_some_and(|at| at <= world.now);
    if !is_due && !may_gather(world, &desk) {
        let paused = pauses::pauses(world);
        nobody_idles_beside_a_fitting_ticket(world, &desk, &tickets, &agents, &paused);
        steps::steps_are_kept(world, &desk, &tickets, &paused);
    }
}

/// Whether the desk gathers, and this was not the tick at the end of a window.
fn may_gather(world: &World, desk: &CompiledDesk) -> bool {
    let Ok(window @ 1..) = i64::try_from(desk.matching.window.as_micros()) else {
        return false;
    };
    let (turn, before) = (world.last_turn(), world.before_last_turn());
    let ticked = turn.first().is_some_and(|event| event.cause == Cause::Timer);
    let in_window = |event: &Event<RoutingEvent>| event.at.as_micros().div_euclid(window);
    let ended = before
        .last()
        .is_some_and(|last| in_window(last) < world.now.as_micros().div_euclid(window));
    !ticked || !ended
}

/// The agents whose capacity the ticket takes: its owner, or those to whom it is offered, and who helps or is asked to.
fn holders(ticket: &TicketView) -> Vec<&AgentId> {
    let owned = matches!(
        ticket.state,
        RoutingState::Assigned | RoutingState::OnHold | RoutingState::WrappingUp
    );
    assert_eq!(
        ticket.offer.is_some(),
        ticket.state == RoutingState::Offered,
        "{ticket:?}"
    );
    assert!(!owned || ticket.owner.is_some(), "{ticket:?}");
    assert_eq!(ticket.offer.as_ref(), ticket.offers.first(), "{ticket:?}");
    assert!(
        ticket.helpers.is_empty() && ticket.help_offers.is_empty()
            || matches!(ticket.state, RoutingState::Assigned | RoutingState::OnHold),
        "helped with, and nobody's: {ticket:?}"
    );
    let offered = ticket
        .offers
        .iter()
        .chain(&ticket.help_offers)
        .map(|offer| &offer.agent);
    let has_it = ticket.owner.iter().filter(|_| owned);
    has_it.chain(&ticket.helpers).chain(offered).collect()
}

fn holders_are_where_agents_say(tickets: &[TicketView], agents: &[AgentView]) {
    let mut held: BTreeMap<&AgentId, BTreeSet<TicketId>> = BTreeMap::new();
    for ticket in tickets {
        for agent in holders(ticket) {
            assert!(
                held.entry(agent).or_default().insert(ticket.id),
                "twice with {agent}: {ticket:?}"
            );
        }
    }
    for agent in agents {
        let listed: BTreeSet<_> = agent.tickets.iter().copied().collect();
        assert_eq!(listed.len(), agent.tickets.len(), "{agent:?}");
        assert_eq!(listed, held.remove(&agent.id).unwrap_or_default(), "{agent:?}");
    }
    assert!(held.is_empty(), "held by nobody of the desk: {held:?}");
}

/// Nothing is offered beyond what the policy allows. Beyond the capacity is only what interrupts other work, what
/// came back from hold, and what a new desk file left behind.
fn capacity_is_kept(world: &World, desk: &CompiledDesk, tickets: &[TicketView], agents: &[AgentView]) {
    let beyond = |event: &Event<RoutingEvent>| matches!(event.body, RoutingEvent::TicketResumed { .. });
    let activations = world
        .history
        .iter()
        .filter(|event| matches!(event.body, RoutingEvent::DeskActivated(_)));
    let may_exceed = activations.count() > 1 || !desk.interruptible_by.is_empty() || world.history.iter().any(beyond);
    for agent in agents {
        let held = held_by(tickets, agent);
        let taken: u32 = held.iter().map(|ticket| policy::taken(desk, ticket)).sum();
        assert_eq!(agent.used, taken.div_ceil(100), "{agent:?}");
        assert_eq!(agent.over_capacity, taken > 100 * agent.capacity, "{agent:?}");
        assert!(may_exceed || !agent.over_capacity, "{agent:?}");
        for (channel, maximum) in &profile(desk, &agent.id).channel_max {
            assert!(
                may_exceed || policy::of_channel(&held, *channel) <= *maximum,
                "{agent:?}"
            );
        }
        offers_fitted(world, desk, &held, agent);
    }
}

/// What was offered to the agent in the last turn had room beside all else, the last offer first.
fn offers_fitted(world: &World, desk: &CompiledDesk, held: &[&TicketView], agent: &AgentView) {
    let mut held = held.to_vec();
    for event in world.last_turn().iter().rev() {
        let RoutingEvent::OfferIssued { ticket, agent: to, .. } = &event.body else {
            continue;
        };
        let place = held.iter().position(|held| held.id == *ticket);
        if let Some(place) = place.filter(|_| *to == agent.id) {
            let offered = held.remove(place);
            assert!(
                agent.presence == Presence::Online && agent.available,
                "{agent:?} got {offered:?}"
            );
            assert!(
                policy::may_be_offered(desk, profile(desk, &agent.id), &held, offered),
                "{agent:?} got {offered:?}"
            );
        }
    }
}

fn held_by<'a>(tickets: &'a [TicketView], agent: &AgentView) -> Vec<&'a TicketView> {
    tickets
        .iter()
        .filter(|ticket| agent.tickets.contains(&ticket.id))
        .collect()
}

fn messages_are_on_one_ticket(world: &World, tickets: &[TicketView]) {
    let mut count: BTreeMap<TicketId, u64> = BTreeMap::new();
    for ticket in world.messages.values() {
        *count.entry(*ticket).or_default() += 1;
    }
    for ticket in tickets {
        let messages = count.remove(&ticket.id).unwrap_or_default();
        assert_eq!(messages, ticket.messages, "{ticket:?}");
        assert_eq!(messages == 0, ticket.state == RoutingState::Merged, "{ticket:?}");
    }
    assert!(count.is_empty(), "messages on no ticket: {count:?}");
}

/// By its row if it has ended, else in memory; never in both.
fn a_ticket_is_known_once(world: &World, tickets: &[TicketView]) {
    let opened = world.history.iter().filter_map(|event| match &event.body {
        RoutingEvent::TicketOpened { ticket, .. } | RoutingEvent::TicketSplit { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let known: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
    assert_eq!(known, opened.collect::<Vec<_>>());
    assert!(world.ended_tickets().iter().all(rows::of_ended));
    let open = tickets.iter().filter(|ticket| !rows::of_ended(ticket)).count();
    assert_eq!(open + world.ended_tickets().len(), tickets.len());
}

fn indices_lead_to_what_has_ended(world: &World) {
    let mut expected = BTreeSet::new();
    for ticket in world.ended_tickets() {
        let mut entry = |table, first: &str| expected.insert((table, format!("{first}/{}", rows::number(ticket.id.0))));
        entry(rows::TICKET_BY_STATE, ticket.state.as_str());
        entry(rows::TICKET_BY_QUEUE, ticket.requirement.queue.as_str());
        if let Some(agent) = &ticket.owner {
            entry(rows::TICKET_BY_AGENT, agent.as_str());
        }
    }
    let found = world
        .read_model
        .keys()
        .filter(|(table, _)| rows::INDICES.contains(table))
        .cloned()
        .collect();
    assert_eq!(expected, found);
}

fn agents_are_listed_by_key(world: &World, agents: &[AgentView]) {
    let mut by_key = agents.to_vec();
    by_key.sort_by(|a, b| a.id.cmp(&b.id));
    let (first, rest) = by_key.split_at(by_key.len() / 2);
    let query = Query::Agents {
        after: first.last().map(|agent| agent.id.clone()),
        limit: 2,
    };
    let page: Vec<_> = rest.iter().take(2).cloned().collect();
    assert_eq!(world.core.query(&query, world.now), Answer::Agents(page));
}

fn nobody_idles_beside_a_fitting_ticket(
    world: &World,
    desk: &CompiledDesk,
    tickets: &[TicketView],
    agents: &[AgentView],
    paused: &Pauses,
) {
    for ticket in tickets.iter().filter(|ticket| wants_offers(world, desk, ticket)) {
        assert_eq!(ticket.status, TicketStatus::Open);
        for agent in agents {
            let room = policy::may_be_offered(desk, profile(desk, &agent.id), &held_by(tickets, agent), ticket);
            let free = agent.presence == Presence::Online && agent.available && room;
            let fits = fits(desk, profile(desk, &agent.id), &ticket.requirement);
            let passed_over = paused
                .get(&(ticket.id, agent.id.clone()))
                .is_some_and(|until| *until > world.now);
            let has_it = agent.tickets.contains(&ticket.id);
            assert!(
                !(free && fits) || passed_over || has_it,
                "{} idles beside {ticket:?}",
                agent.id
            );
        }
    }
}

/// Whether nobody or too few are asked.
fn wants_offers(world: &World, desk: &CompiledDesk, ticket: &TicketView) -> bool {
    let queue = desk.queues.iter().find(|queue| queue.id == ticket.requirement.queue);
    let wanted = queue.map_or(1, |queue| usize::from(queue.offers_at_once));
    let by_hand = |event: &Event<RoutingEvent>| match &event.body {
        RoutingEvent::OfferIssued { offer, ranking, .. } => {
            ranking.direct && ticket.offers.iter().any(|open| open.id == *offer)
        }
        _ => false,
    };
    let direct = ticket.offers.len() == 1 && world.history.iter().any(by_hand);
    let activated = |event: &&Event<RoutingEvent>| matches!(event.body, RoutingEvent::DeskActivated(_));
    let wanted_more = world.history.iter().filter(activated).count() > 1;
    assert!(ticket.offers.len() <= wanted || wanted_more, "{ticket:?}");
    let held = ticket.step.until.is_some_and(|until| until <= world.now);
    ticket.state == RoutingState::Queued
        || ticket.state == RoutingState::Offered && ticket.offers.len() < wanted && !direct && !held
}

fn profile<'a>(desk: &'a CompiledDesk, agent: &AgentId) -> &'a AgentProfile {
    desk.agents.iter().find(|profile| profile.id == *agent).unwrap()
}

pub(crate) fn fits(desk: &CompiledDesk, agent: &AgentProfile, requirement: &Requirement) -> bool {
    let of_queue = desk.queues.iter().find(|queue| queue.id == requirement.queue);
    let of_queue = of_queue
        .map(|queue| &queue.teams)
        .filter(|_| requirement.pool.is_empty());
    let pool = of_queue.unwrap_or(&requirement.pool);
    let team = pool.iter().any(|team| agent.teams.contains(team));
    let named = requirement.only.is_empty() || requirement.only.contains(&agent.id);
    let expression = requirement
        .expression
        .as_ref()
        .is_none_or(|expression| expression.holds_for(agent));
    let skills = requirement
        .skills
        .iter()
        .all(|(skill, least)| agent.skills.get(skill).is_some_and(|has| has >= least));
    let language = requirement.language.as_ref().is_none_or(|(wanted, least)| {
        agent
            .languages
            .iter()
            .any(|(spoken, level)| spoken.serves(wanted) && level >= least)
    });
    team && named && skills && language && expression
}
