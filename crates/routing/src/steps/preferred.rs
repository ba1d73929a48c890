//! For whom a step is reserved. Whether they are there is not asked here.

use tandem_domain::AgentId;
use tandem_domain::desk::Preference;

use super::begin::Bearings;
use crate::agents::AgentIx;
use crate::state::State;

impl State {
    /// Those of the desk's agents whom the step prefers for this ticket, each once and in the order of their keys:
    /// which of them gets it is decided as among any others.
    pub(super) fn preferred(&self, preference: &Preference, ticket: &Bearings<'_>) -> Vec<AgentId> {
        let mut agents = match preference {
            Preference::LastAgent => self.last_agent(ticket).into_iter().collect(),
            Preference::Tandem => self.of_tandem(ticket),
            Preference::Mentor => ticket
                .last_owner
                .and_then(|owner| self.mentor(owner))
                .into_iter()
                .collect(),
            Preference::Agents(agents) => agents.clone(),
        };
        agents.retain(|agent| self.agents.find(agent).is_some());
        agents.sort_unstable();
        agents.dedup();
        agents
    }

    /// Who accepted the ticket last; before anybody did, who served the customer last.
    fn last_agent(&self, ticket: &Bearings<'_>) -> Option<AgentId> {
        let of_customer = || ticket.customer.and_then(|customer| self.last_agents.of(customer));
        let agent = ticket.last_owner.or_else(of_customer)?;
        Some(self.agents.get(agent).id.clone())
    }

    fn of_tandem(&self, ticket: &Bearings<'_>) -> Vec<AgentId> {
        let tandems = &self.desk().compiled.tandems;
        let own = tandems.iter().find(|tandem| Some(&tandem.id) == ticket.tandem);
        own.map(|tandem| tandem.agents.clone()).unwrap_or_default()
    }

    fn mentor(&self, owner: AgentIx) -> Option<AgentId> {
        self.profile(owner)?.mentor.clone()
    }
}
