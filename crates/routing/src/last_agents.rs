//! Who served each customer last, for steps that prefer the last agent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::{CustomerId, Timestamp};

use crate::agents::AgentIx;

/// A customer who comes back later is as good as new, and memory must not grow with everybody who ever wrote.
const REMEMBERED: Duration = Duration::from_hours(90 * 24);

/// Who accepted a ticket of each customer last.
#[derive(Debug, Default)]
pub(crate) struct LastAgents {
    by_customer: BTreeMap<CustomerId, (Timestamp, AgentIx)>,
    by_age: BTreeSet<(Timestamp, CustomerId)>,
}

impl LastAgents {
    pub(crate) fn note(&mut self, customer: CustomerId, agent: AgentIx, at: Timestamp) {
        if let Some((before, _)) = self.by_customer.insert(customer, (at, agent)) {
            self.by_age.remove(&(before, customer));
        }
        self.by_age.insert((at, customer));
    }

    pub(crate) fn of(&self, customer: CustomerId) -> Option<AgentIx> {
        self.by_customer.get(&customer).map(|(_, agent)| *agent)
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, customer)) = self.by_age.first().copied() {
            if at.plus(REMEMBERED) >= now {
                return;
            }
            self.by_age.pop_first();
            self.by_customer.remove(&customer);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CustomerId, AgentIx, Timestamp)> {
        let all = self.by_customer.iter();
        all.map(|(customer, (at, agent))| (*customer, *agent, *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_domain::Timestamp;
    use uuid::Uuid;

    const DAY: Duration = Duration::from_hours(24);

    fn customer(number: u128) -> CustomerId {
        CustomerId(Uuid::from_u128(number))
    }

    #[test]
    fn the_last_agent_is_remembered_for_ninety_days_after_the_last_time() {
        let mut last = LastAgents::default();
        let day = |days: u32| Timestamp::EPOCH.plus(DAY * days);
        last.note(customer(1), AgentIx::new(1), day(0));
        last.note(customer(2), AgentIx::new(1), day(0));
        last.note(customer(1), AgentIx::new(2), day(50));
        last.forget_old(day(90));
        assert_eq!(last.of(customer(2)), Some(AgentIx::new(1)));
        last.forget_old(day(91));
        assert_eq!(last.of(customer(2)), None);
        assert_eq!(last.of(customer(1)), Some(AgentIx::new(2)));
        last.forget_old(day(141));
        assert_eq!((last.iter().count(), last.by_age.len()), (0, 0));
    }
}
