//! Waiting tickets, grouped by what they ask for.
//!
//! Tickets with equal requirements fit the same agents, so they wait in one class: whether
//! anybody fits is decided once per class, not once per ticket.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::{Priority, QueueId, Requirement, TicketId, Timestamp};

use crate::bits::Bits;
use crate::desk::DemandIx;

/// Between queues, a step of priority in a queue without aging counts as this much waiting.
const STEP_BETWEEN_QUEUES: Duration = Duration::from_hours(1);

/// A class's place in [`Classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassIx(pub(crate) usize);

/// A ticket's place in its queue; the smallest is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaitKey {
    /// Steps below the highest priority; always 0 where age makes up for priority.
    below: u8,
    /// When it was opened; earlier by one aging time per step of priority, where the queue has one.
    since: Timestamp,
    pub(crate) ticket: TicketId,
}

impl WaitKey {
    fn new(ticket: TicketId, priority: Priority, opened_at: Timestamp, aging: Option<Duration>) -> Self {
        let steps = priority as u8;
        match aging {
            Some(aging) => Self {
                below: 0,
                since: opened_at.minus(aging * u32::from(steps)),
                ticket,
            },
            None => Self {
                below: Priority::Urgent as u8 - steps,
                since: opened_at,
                ticket,
            },
        }
    }

    /// What tickets of different queues are compared by.
    fn between_queues(self, aging: Option<Duration>) -> (Timestamp, TicketId) {
        let steps = match aging {
            Some(_) => 0,
            None => u32::from(Priority::Urgent as u8 - self.below),
        };
        (self.since.minus(STEP_BETWEEN_QUEUES * steps), self.ticket)
    }
}

/// Tickets with one requirement.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) requirement: Requirement,
    /// Agents who have team, skills and language.
    pub(crate) fit: Bits,
    pub(crate) fit_count: u32,
    pub(crate) waiting: BTreeSet<WaitKey>,
    /// What its tickets ask of an agent's capacity.
    pub(crate) demand: DemandIx,
    aging: Option<Duration>,
}

impl Class {
    pub(crate) fn key(&self, ticket: TicketId, priority: Priority, opened_at: Timestamp) -> WaitKey {
        WaitKey::new(ticket, priority, opened_at, self.aging)
    }

    /// The first ticket, or the one after `key`.
    fn next(&self, after: Option<WaitKey>) -> Option<WaitKey> {
        use std::ops::Bound::{Excluded, Unbounded};
        match after {
            None => self.waiting.first().copied(),
            Some(key) => self.waiting.range((Excluded(key), Unbounded)).next().copied(),
        }
    }

    /// How many wait before this one.
    pub(crate) fn ahead_of(&self, key: WaitKey) -> usize {
        self.waiting.range(..key).count()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Classes {
    list: Vec<Class>,
    by_requirement: BTreeMap<Requirement, ClassIx>,
    /// Classes in which a ticket waits.
    pub(crate) waiting: Bits,
}

impl Classes {
    pub(crate) fn get(&self, class: ClassIx) -> &Class {
        &self.list[class.0]
    }

    /// How many wait before this place in the queue, whatever they ask for.
    pub(crate) fn ahead_in_queue(&self, queue: &QueueId, key: WaitKey) -> usize {
        let classes = self.list.iter().filter(|class| class.requirement.queue == *queue);
        classes.map(|class| class.ahead_of(key)).sum()
    }

    pub(crate) fn find(&self, requirement: &Requirement) -> Option<ClassIx> {
        self.by_requirement.get(requirement).copied()
    }

    pub(crate) fn add(
        &mut self,
        requirement: Requirement,
        fit: Bits,
        demand: DemandIx,
        aging: Option<Duration>,
    ) -> ClassIx {
        let class = ClassIx(self.list.len());
        self.by_requirement.insert(requirement.clone(), class);
        let fit_count = fit.count();
        self.list.push(Class {
            requirement,
            fit,
            fit_count,
            waiting: BTreeSet::new(),
            demand,
            aging,
        });
        class
    }

    pub(crate) fn enqueue(&mut self, class: ClassIx, key: WaitKey) {
        self.list[class.0].waiting.insert(key);
        self.waiting.set(class.0, true);
    }

    pub(crate) fn dequeue(&mut self, class: ClassIx, key: WaitKey) {
        let waiting = &mut self.list[class.0].waiting;
        waiting.remove(&key);
        self.waiting.set(class.0, !waiting.is_empty());
    }
}

/// The heads of some classes, from which the next ticket to be served is taken.
#[derive(Debug, Default)]
pub(crate) struct Heads(Vec<(ClassIx, WaitKey)>);

impl Heads {
    pub(crate) fn new(classes: &Classes, which: &Bits) -> Self {
        let waiting = which.common(&classes.waiting).map(ClassIx);
        Self(
            waiting
                .filter_map(|class| Some((class, classes.get(class).next(None)?)))
                .collect(),
        )
    }

    /// The ticket to be served next: each queue's first by the queue's own order and, of
    /// these, the one that has waited longest.
    pub(crate) fn first(&self, classes: &Classes) -> Option<(ClassIx, TicketId)> {
        let mut of_queues: BTreeMap<&QueueId, (ClassIx, WaitKey)> = BTreeMap::new();
        for (class, key) in &self.0 {
            let first = of_queues
                .entry(&classes.get(*class).requirement.queue)
                .or_insert((*class, *key));
            if *key < first.1 {
                *first = (*class, *key);
            }
        }
        let first = of_queues
            .into_values()
            .min_by_key(|(class, key)| key.between_queues(classes.get(*class).aging));
        first.map(|(class, key)| (class, key.ticket))
    }

    /// Goes on to the class's next ticket.
    pub(crate) fn advance(&mut self, class: ClassIx, classes: &Classes) {
        let Some(at) = self.0.iter().position(|(head, _)| *head == class) else {
            return;
        };
        match classes.get(class).next(Some(self.0[at].1)) {
            Some(next) => self.0[at].1 = next,
            None => drop(self.0.swap_remove(at)),
        }
    }

    /// Nobody is free for this class any more.
    pub(crate) fn leave(&mut self, class: ClassIx) {
        self.0.retain(|(head, _)| *head != class);
    }
}
