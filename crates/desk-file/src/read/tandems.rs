//! `tandems`: agents who serve customers together.

use tandem_domain::desk::Tandem;
use tandem_domain::{AgentId, TandemId};

use super::Known;
use crate::place::{Place, Table};

/// More are a team.
const MOST_AGENTS: usize = 20;

pub(super) fn read(table: &Table<'_>, known: &Known<'_>) -> Vec<Tandem> {
    let entries = table.get("tandems").map(|place| place.entries()).unwrap_or_default();
    let tandem = |(id, place): (TandemId, Place<'_>)| Tandem {
        id,
        agents: agents(&place, known),
    };
    entries.into_iter().map(tandem).collect()
}

fn agents(place: &Place<'_>, known: &Known<'_>) -> Vec<AgentId> {
    let faults_before = place.report().count();
    if place.len() > MOST_AGENTS {
        place.fault(format!(
            "{} agents: at most {MOST_AGENTS} are in a tandem; more are a team",
            place.len()
        ));
        return Vec::new();
    }
    let agents = distinct_agents(place, known);
    if agents.len() < 2 && place.report().count() == faults_before {
        place.fault("a tandem needs at least two agents, such as [ana, farid]");
    }
    agents
}

/// One agent or several, each once.
pub(super) fn distinct_agents(place: &Place<'_>, known: &Known<'_>) -> Vec<AgentId> {
    let mut agents: Vec<AgentId> = Vec::new();
    for place in place.one_or_list() {
        match known.agent(&place) {
            Some(agent) if agents.contains(&agent) => {
                place.fault(format!("the agent `{agent}` stands here a second time"));
            }
            Some(agent) => agents.push(agent),
            None => {}
        }
    }
    agents
}
