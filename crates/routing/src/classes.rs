//! Waiting tickets, grouped by what they ask for.
//!
//! Tickets with equal requirements fit the same agents, so they wait in one class: whether
//! anybody fits is decided once per class, not once per ticket.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tandem_domain::desk::QueuePolicy;
use tandem_domain::{QueueId, Requirement, TicketId};

use crate::bits::Bits;
use crate::desk::DemandIx;
use crate::line::Line;
use crate::members::Members;
use crate::order::{Order, WaitKey};
use crate::overtaking::{Number, Overtaking};
use crate::table::Place;

/// A class's place in [`Classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClassIx(Place);

impl ClassIx {
    pub(crate) const fn new(at: usize) -> Self {
        Self(Place::new(at))
    }

    /// The place, counted from 0.
    pub(crate) const fn at(self) -> usize {
        self.0.at()
    }
}

/// A queue's place in [`Classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QueueIx(pub(crate) usize);

/// Tickets with one requirement.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) requirement: Arc<Requirement>,
    pub(crate) queue: QueueIx,
    /// Agents who have team, skills and language.
    pub(crate) fit: Members,
    pub(crate) waiting: Line<WaitKey>,
    /// Where being overtaken is bounded: in the order in which they came.
    pub(crate) arrivals: Line<(Number, TicketId)>,
    /// What its tickets ask of an agent's capacity.
    pub(crate) demand: DemandIx,
}

/// What the tickets of one queue have in common.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) id: QueueId,
    pub(crate) order: Order,
    /// How many wait.
    pub(crate) waiting: usize,
    /// How often one of its tickets may be overtaken; none: any number of times.
    pub(crate) max_overtaken: Option<u32>,
    /// To how many agents a ticket is offered at once.
    pub(crate) offers_at_once: usize,
    /// Whether it spares its agents the answer.
    pub(crate) auto_accept: bool,
    /// Counted only where it is bounded.
    pub(crate) overtaking: Overtaking,
    classes: Vec<ClassIx>,
}

impl Class {
    /// How many fit.
    pub(crate) fn fit_count(&self) -> u32 {
        u32::try_from(self.fit.count()).expect("fewer than 2^32 agents")
    }
}

#[derive(Debug, Default)]
pub(crate) struct Classes {
    list: Vec<Class>,
    by_requirement: FxHashMap<Arc<Requirement>, ClassIx>,
    queues: Vec<Queue>,
    by_queue: FxHashMap<QueueId, QueueIx>,
    /// What queues bring along from another version of the desk, or from a snapshot.
    carried: BTreeMap<QueueId, Overtaking>,
    /// Classes in which a ticket waits.
    pub(crate) waiting: Bits,
    /// How many tickets wait.
    number_waiting: usize,
}

impl Classes {
    /// No class yet, but numbers that go on in the same queues.
    pub(crate) fn carrying(carried: BTreeMap<QueueId, Overtaking>) -> Self {
        Self {
            carried,
            ..Self::default()
        }
    }

    /// The numbers of a queue go on as they were; its tickets have theirs already.
    pub(crate) fn go_on(&mut self, id: QueueId, before: Overtaking) {
        match self.find_queue(&id) {
            Some(queue) if self.queue(queue).max_overtaken.is_some() => {
                self.queue_mut(queue).overtaking.go_on(before);
            }
            Some(_) => {}
            None => drop(self.carried.insert(id, before)),
        }
    }

    /// The numbers of each queue in which there are any, without its tickets.
    pub(crate) fn overtaking(&self) -> BTreeMap<QueueId, Overtaking> {
        let queues = self.queues.iter().filter(|queue| queue.overtaking.last > 0);
        queues
            .map(|queue| (queue.id.clone(), queue.overtaking.without_tickets()))
            .collect()
    }

    pub(crate) fn get(&self, class: ClassIx) -> &Class {
        &self.list[class.at()]
    }

    pub(crate) fn queue(&self, queue: QueueIx) -> &Queue {
        &self.queues[queue.0]
    }

    pub(crate) fn queue_mut(&mut self, queue: QueueIx) -> &mut Queue {
        &mut self.queues[queue.0]
    }

    pub(crate) fn queue_of(&self, class: ClassIx) -> &Queue {
        self.queue(self.get(class).queue)
    }

    pub(crate) fn find_queue(&self, queue: &QueueId) -> Option<QueueIx> {
        self.by_queue.get(queue).copied()
    }

    /// The queue's classes in which a ticket waits.
    pub(crate) fn waiting_in(&self, queue: QueueIx) -> impl Iterator<Item = &Class> {
        let classes = self.queue(queue).classes.iter().map(|class| self.get(*class));
        classes.filter(|class| !class.waiting.is_empty())
    }

    /// Whether no ticket waits anywhere.
    pub(crate) fn nothing_waits(&self) -> bool {
        self.number_waiting == 0
    }

    /// The classes that nobody on the desk fits.
    pub(crate) fn hopeless(&self) -> impl Iterator<Item = &Class> {
        self.list.iter().filter(|class| class.fit_count() == 0)
    }

    /// How many wait before this place in the queue, whatever they ask for. What nobody on the desk fits keeps nobody
    /// waiting.
    pub(crate) fn ahead_in_queue(&self, queue: QueueIx, key: WaitKey) -> usize {
        let servable = self.waiting_in(queue).filter(|class| class.fit.count() > 0);
        servable.map(|class| class.waiting.count_before(key)).sum()
    }

    pub(crate) fn find(&self, requirement: &Requirement) -> Option<ClassIx> {
        self.by_requirement.get(requirement).copied()
    }

    /// The queue's place; a new one where none of its tickets was seen yet.
    pub(crate) fn queue_for(&mut self, id: &QueueId, policy: Option<&QueuePolicy>) -> QueueIx {
        if let Some(queue) = self.find_queue(id) {
            return queue;
        }
        let queue = QueueIx(self.queues.len());
        self.by_queue.insert(id.clone(), queue);
        let max_overtaken = policy.and_then(|policy| policy.max_overtaken);
        let carried = self.carried.remove(id).filter(|_| max_overtaken.is_some());
        self.queues.push(Queue {
            id: id.clone(),
            order: Order::of(policy),
            waiting: 0,
            max_overtaken,
            offers_at_once: policy.map_or(1, |policy| usize::from(policy.offers_at_once)),
            auto_accept: policy.is_some_and(|policy| policy.auto_accept),
            overtaking: carried.unwrap_or_default(),
            classes: Vec::new(),
        });
        queue
    }

    pub(crate) fn add(&mut self, requirement: Requirement, queue: QueueIx, fit: Members, demand: DemandIx) -> ClassIx {
        let class = ClassIx::new(self.list.len());
        let requirement = Arc::new(requirement);
        self.by_requirement.insert(requirement.clone(), class);
        self.queues[queue.0].classes.push(class);
        self.list.push(Class {
            requirement,
            queue,
            fit,
            waiting: Line::default(),
            arrivals: Line::default(),
            demand,
        });
        class
    }

    pub(crate) fn enqueue(&mut self, class: ClassIx, key: WaitKey) {
        let slot = &mut self.list[class.at()];
        slot.waiting.insert(key);
        self.queues[slot.queue.0].waiting += 1;
        self.number_waiting += 1;
        self.waiting.set(class.at(), true);
    }

    pub(crate) fn dequeue(&mut self, class: ClassIx, key: WaitKey) {
        let slot = &mut self.list[class.at()];
        slot.waiting.remove(key);
        self.queues[slot.queue.0].waiting -= 1;
        self.number_waiting -= 1;
        self.waiting.set(class.at(), !slot.waiting.is_empty());
    }

    /// The ticket with this number waits in the class, or does so no more.
    pub(crate) fn note_arrival(&mut self, class: ClassIx, arrival: (Number, TicketId), waits: bool) {
        let arrivals = &mut self.list[class.at()].arrivals;
        if waits {
            arrivals.insert(arrival);
        } else {
            arrivals.remove(arrival);
        }
    }
}
