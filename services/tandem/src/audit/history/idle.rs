//! The blueprint's fourth "never": somebody idles beside a ticket that he or she could serve.

use std::collections::BTreeMap;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{CompiledDesk, Requirement, Timestamp};

use super::agents::Agents;
use super::eligible::lack;
use super::tickets::Tickets;
use crate::audit::finding::{Findings, Kind};

/// Checks a desk as it was after its last event.
pub(crate) fn check(desk: &CompiledDesk, tickets: &Tickets, agents: &Agents, at: Timestamp, findings: &mut Findings) {
    // Waiting tickets are many, what they ask for is little.
    let mut willing: BTreeMap<&Requirement, Vec<&AgentProfile>> = BTreeMap::new();
    for ticket in tickets.queued() {
        let requirement = ticket.requirement();
        let willing = willing
            .entry(requirement)
            .or_insert_with(|| could_serve(desk, tickets, agents, requirement));
        let mut idle = willing.iter().filter(|profile| !ticket.passes_over(&profile.id, at));
        if let Some(idle) = idle.next() {
            findings.add(
                Kind::IdleBesideWork,
                ticket.id,
                format_args!("it waits although {} lacks nothing", idle.id),
            );
        }
    }
}

/// Who takes offers, has room and fits.
fn could_serve<'a>(
    desk: &'a CompiledDesk,
    tickets: &Tickets,
    agents: &Agents,
    requirement: &Requirement,
) -> Vec<&'a AgentProfile> {
    let online = desk.agents.iter().filter(|profile| agents.is_online(&profile.id));
    let fitting = online.filter(|profile| lack(desk, profile, requirement).is_none());
    let free = fitting.filter(|profile| {
        let load = tickets.load(&profile.id, desk);
        load.has_room(desk, profile, requirement)
    });
    free.collect()
}
