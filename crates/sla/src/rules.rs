//! The plan in force, ready for use: which terms a ticket's clocks have, where tiers lead, who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{Plan, Terms, TicketFacts};
use tandem_domain::sla::{Action, Recipient, Rung, RungAt};
use tandem_domain::{AgentId, CalendarId, ClockKind, CompiledDesk, ContactId, LadderId, QueueId, Schedule};

/// The plan in force. Without one nothing is promised: clocks only measure.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) plan: Plan,
    schedules: BTreeMap<CalendarId, Schedule>,
    round_the_clock: Schedule,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new(Plan::default())
    }
}

/// What of a desk's version the clocks and ladders need.
pub(crate) fn plan_of(desk: &CompiledDesk) -> Plan {
    let tiers = desk.queues.iter().map(|queue| tandem_domain::escalation::Tier {
        queue: queue.id.clone(),
        tier: queue.tier,
        next: queue.next_tier.clone(),
    });
    let contact = |agent: &tandem_domain::desk::AgentProfile| Some((agent.id.clone(), agent.contact.clone()?));
    Plan {
        version: desk.version,
        sla: desk.sla.clone(),
        tiers: tiers.collect(),
        agents: desk.agents.iter().filter_map(contact).collect(),
    }
}

impl Rules {
    pub(crate) fn new(plan: Plan) -> Self {
        let calendars = plan.sla.calendars.iter();
        let schedules = calendars.map(|calendar| (calendar.id.clone(), Schedule::of(calendar)));
        Self {
            schedules: schedules.collect(),
            round_the_clock: Schedule::round_the_clock(),
            plan,
        }
    }

    pub(crate) fn schedule(&self, terms: &Terms) -> &Schedule {
        let own = terms.calendar.as_ref().and_then(|id| self.schedules.get(id));
        own.unwrap_or(&self.round_the_clock)
    }

    /// What applies to a ticket's clock.
    pub(crate) fn terms(&self, facts: &TicketFacts, kind: ClockKind) -> Terms {
        let Some(policy) = self.plan.sla.policy_of(facts.for_policy()) else {
            return Terms::default();
        };
        let target = policy.target(kind, facts.priority);
        Terms {
            policy: Some(policy.id.clone()),
            calendar: policy.calendar.clone(),
            target,
            ladder: policy.ladders.get(&kind).filter(|_| target.is_some()).cloned(),
        }
    }

    pub(crate) fn rungs(&self, ladder: Option<&LadderId>) -> &[Rung] {
        let ladder = ladder.and_then(|id| self.plan.sla.ladder(id));
        ladder.map_or(&[], |ladder| &ladder.rungs)
    }

    /// Whether the same terms mean something else in `other`.
    pub(crate) fn differ_in(&self, terms: &Terms, other: &Self) -> bool {
        let calendar = |rules: &Self| {
            terms
                .calendar
                .as_ref()
                .and_then(|id| rules.plan.sla.calendar(id).cloned())
        };
        let ladder = |rules: &Self| terms.ladder.as_ref().and_then(|id| rules.plan.sla.ladder(id).cloned());
        calendar(self) != calendar(other) || ladder(self) != ladder(other)
    }

    /// The queue that a ticket in `queue` moves to for a tier; none: it is there already, or no way leads there.
    pub(crate) fn queue_of_tier(&self, queue: &QueueId, wanted: u8) -> Option<&QueueId> {
        let tiers = &self.plan.tiers;
        let mut at = tiers.iter().find(|tier| tier.queue == *queue)?;
        // No way is longer than there are queues.
        for _ in tiers {
            if at.tier >= wanted {
                return (at.queue != *queue).then_some(&at.queue);
            }
            let next = at.next.as_ref()?;
            at = tiers.iter().find(|tier| tier.queue == *next)?;
        }
        None
    }

    /// Where tickets go whose queue is not on the desk any more, as the router has it.
    pub(crate) fn refuge(&self, queue: &QueueId) -> Option<&QueueId> {
        let tiers = &self.plan.tiers;
        let is_there = tiers.iter().any(|tier| tier.queue == *queue);
        tiers.first().filter(|_| !is_there).map(|tier| &tier.queue)
    }

    /// Who is told, each once.
    pub(crate) fn contacts(&self, recipients: &[Recipient], owner: Option<&AgentId>) -> Vec<ContactId> {
        let mut contacts = Vec::new();
        let owner = owner.and_then(|owner| self.plan.agents.get(owner));
        for recipient in recipients {
            let named = match recipient {
                Recipient::Role(role) => self.plan.sla.roles.get(role).map_or(&[][..], Vec::as_slice),
                Recipient::Contact(contact) => std::slice::from_ref(contact),
                Recipient::Owner => owner.map_or(&[][..], std::slice::from_ref),
            };
            for contact in named {
                if !contacts.contains(contact) {
                    contacts.push(contact.clone());
                }
            }
        }
        contacts
    }

    /// The rung at this place of a ladder.
    pub(crate) fn rung(&self, ladder: &LadderId, place: u32) -> Option<&Rung> {
        self.rungs(Some(ladder)).get(usize::try_from(place).ok()?)
    }

    pub(crate) fn actions(&self, ladder: &LadderId, rung: u32) -> &[Action] {
        self.rung(ladder, rung).map_or(&[], |rung| &rung.actions)
    }
}

/// The working time after which a rung is reached for the `repeat`th time more; rounded up, so that nothing
/// is early.
pub(crate) fn threshold(rung: &Rung, repeat: u32, target: Duration) -> Duration {
    let first = match rung.at {
        RungAt::Share(percent) => share(target, percent),
        RungAt::Breach => target,
        RungAt::After(later) => target.saturating_add(later),
    };
    let every = rung.repeat.map_or(Duration::ZERO, |repeat| repeat.every);
    first.saturating_add(every.saturating_mul(repeat))
}

fn share(target: Duration, percent: u8) -> Duration {
    let micros = (target.as_micros() * u128::from(percent)).div_ceil(100);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}
