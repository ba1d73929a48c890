//! How much work an agent may have, said once more in the plainest way: item by item, in hundredths of a unit.

use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::TicketView;
use tandem_domain::{Channel, CompiledDesk, RoutingState};

/// Units that the ticket costs at hand: its queue's for the channel or, where it has none, the channel's.
pub(crate) fn units(desk: &CompiledDesk, ticket: &TicketView) -> u32 {
    let channel = ticket.requirement.channel;
    let queue = desk.queues.iter().find(|queue| queue.id == ticket.requirement.queue);
    let own = queue.and_then(|queue| queue.units.get(&channel).copied());
    own.unwrap_or(desk.channels[&channel].units)
}

/// Hundredths of a unit that the ticket takes where it is.
pub(crate) fn taken(desk: &CompiledDesk, ticket: &TicketView) -> u32 {
    let (whole, policy) = (units(desk, ticket), &desk.channels[&ticket.requirement.channel]);
    match (ticket.state, policy.hold_percent) {
        (RoutingState::OnHold, Some(percent)) => whole * u32::from(percent),
        (RoutingState::OnHold, None) => 100 * policy.hold_units.min(whole),
        _ => 100 * whole,
    }
}

pub(crate) fn of_channel(tickets: &[&TicketView], channel: Channel) -> u32 {
    let counts = |ticket: &&&TicketView| ticket.requirement.channel == channel && ticket.state != RoutingState::OnHold;
    u32::try_from(tickets.iter().filter(counts).count()).unwrap()
}

/// Whether `ticket` may be offered to somebody who has `others`.
pub(crate) fn may_be_offered(
    desk: &CompiledDesk,
    agent: &AgentProfile,
    others: &[&TicketView],
    ticket: &TicketView,
) -> bool {
    let channel = ticket.requirement.channel;
    let gives_way = |other: &TicketView| {
        let by = desk.interruptible_by.get(&other.requirement.channel);
        other.requirement.channel != channel && by.is_some_and(|by| by.contains(&channel))
    };
    let counted = others.iter().filter(|other| !gives_way(other));
    let beside: u32 = counted.map(|other| taken(desk, other)).sum();
    let fits = beside + 100 * units(desk, ticket) <= 100 * agent.capacity;
    let maximum = agent.channel_max.get(&channel).copied().unwrap_or(u32::MAX);
    fits && of_channel(others, channel) < maximum
}
