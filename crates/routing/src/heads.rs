//! Which ticket goes first, of those that wait in some classes.

use tandem_domain::desk::BetweenQueues;
use tandem_domain::{TicketId, Timestamp};

use crate::classes::{Class, ClassIx, QueueIx};
use crate::order::WaitKey;
use crate::overtaking::Number;
use crate::state::State;

/// The first tickets of some classes, from which the next to be served is taken.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// By class; those of a queue side by side, and in its order.
    firsts: Vec<Head>,
    /// Tickets that had their turn and still wait, in queues where being overtaken is bounded.
    passed: Vec<Passed>,
    /// Tickets that are to be served, though they still wait, by queue.
    taken: Vec<(QueueIx, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    class: ClassIx,
    queue: QueueIx,
    first: First,
    /// The class's last ticket in the queue's order that had its turn.
    after: Option<WaitKey>,
}

/// The first of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum First {
    /// It was overtaken often enough: those who came first go first.
    Overdue(Number, TicketId),
    ByOrder(WaitKey),
}

#[derive(Clone, Copy, Debug)]
struct Passed {
    queue: QueueIx,
    arrival: (Number, TicketId),
    taken: bool,
}

impl Head {
    fn place(&self) -> (QueueIx, First) {
        (self.queue, self.first)
    }
}

impl First {
    fn ticket(self) -> TicketId {
        match self {
            Self::Overdue(_, ticket) => ticket,
            Self::ByOrder(key) => key.ticket(),
        }
    }
}

impl Heads {
    /// Begins with the first tickets of these classes, each named once.
    pub(crate) fn fill(&mut self, classes: impl IntoIterator<Item = ClassIx>, state: &State) {
        for class in classes {
            if let Some(first) = self.first_of(class, None, state) {
                self.firsts.push(Head {
                    class,
                    queue: state.classes.get(class).queue,
                    first,
                    after: None,
                });
            }
        }
        self.firsts.sort_unstable_by_key(Head::place);
    }

    /// Keeps the memory for the next turn.
    pub(crate) fn clear(&mut self) {
        self.firsts.clear();
        self.passed.clear();
        self.taken.clear();
    }

    /// The ticket to be served next: each queue's first by the queue's own order and, of these, the one that the desk's
    /// rule between queues chooses.
    pub(crate) fn first(&self, state: &State) -> Option<(ClassIx, TicketId)> {
        let mut firsts = self.of_each_queue();
        let first = firsts.next()?;
        let chosen = match firsts.next() {
            None => first,
            Some(second) => {
                let firsts = [first, second].into_iter().chain(firsts);
                firsts.min_by_key(|head| (-self.excess(head.queue, state), waits(head, state)))?
            }
        };
        Some((chosen.class, chosen.first.ticket()))
    }

    /// Each queue's first.
    pub(crate) fn of_queues(&self) -> impl Iterator<Item = (QueueIx, ClassIx, TicketId)> {
        self.of_each_queue()
            .map(|head| (head.queue, head.class, head.first.ticket()))
    }

    fn of_each_queue(&self) -> impl Iterator<Item = &Head> {
        std::iter::successors(self.firsts.first(), |head| {
            let others = self.firsts.partition_point(|other| other.queue <= head.queue);
            self.firsts.get(others)
        })
    }

    /// By how much the queue is longer than its share of all that wait in queues with a share, in thousandths of a
    /// ticket. Without a share: lower than any. Where the desk does not go by shares: the same for all.
    fn excess(&self, queue: QueueIx, state: &State) -> i64 {
        let BetweenQueues::Ratio(shares) = &state.desk().compiled.between_queues else {
            return 0;
        };
        let Some(share) = shares.get(&state.classes.queue(queue).id) else {
            return i64::MIN + 1;
        };
        let queues = shares.keys().filter_map(|queue| state.classes.find_queue(queue));
        let total: i64 = queues.map(|queue| self.length(queue, state)).sum();
        1000 * self.length(queue, state) - i64::from(*share) * total
    }

    fn length(&self, queue: QueueIx, state: &State) -> i64 {
        let taken = self
            .taken
            .iter()
            .find(|(of, _)| *of == queue)
            .map_or(0, |(_, taken)| *taken);
        i64::try_from(state.classes.queue(queue).waiting - taken).expect("fewer than 2^63 tickets wait")
    }

    /// The ticket was offered, so it waits no more.
    pub(crate) fn refresh(&mut self, class: ClassIx, state: &State) {
        let queue = state.classes.get(class).queue;
        if state.classes.queue(queue).max_overtaken.is_some() {
            // One that was served may make all others of its queue overdue.
            self.renew_all(queue, state);
        } else {
            self.renew(class, state);
        }
    }

    /// The ticket had its turn, and waits still: the class's next one is looked at.
    pub(crate) fn skip(&mut self, class: ClassIx, state: &State) {
        self.pass(class, false, state);
        self.renew(class, state);
    }

    /// The ticket will be served, so from now on it counts as gone.
    pub(crate) fn take(&mut self, class: ClassIx, state: &State) {
        let queue = state.classes.get(class).queue;
        match self.taken.iter_mut().find(|(of, _)| *of == queue) {
            Some((_, taken)) => *taken += 1,
            None => self.taken.push((queue, 1)),
        }
        self.pass(class, true, state);
        self.refresh(class, state);
    }

    /// Nobody is free for this class any more.
    pub(crate) fn leave(&mut self, class: ClassIx) {
        if let Some(at) = self.place_of(class) {
            self.firsts.remove(at);
        }
    }

    /// Only these classes matter any more.
    pub(crate) fn keep(&mut self, classes: &[ClassIx]) {
        self.firsts.retain(|head| classes.contains(&head.class));
    }

    fn pass(&mut self, class: ClassIx, taken: bool, state: &State) {
        let Some(at) = self.place_of(class) else { return };
        let head = &mut self.firsts[at];
        if let First::ByOrder(key) = head.first {
            head.after = Some(key);
        }
        let ticket = head.first.ticket();
        if let Some(arrival) = state.ticket(ticket).rare.arrival {
            self.passed.push(Passed {
                queue: arrival.queue,
                arrival: (arrival.number, ticket),
                taken,
            });
        }
    }

    fn place_of(&self, class: ClassIx) -> Option<usize> {
        // Mostly the first of all.
        self.firsts.iter().position(|head| head.class == class)
    }

    /// Looks for the class's first anew, and puts it in its place.
    fn renew(&mut self, class: ClassIx, state: &State) {
        let Some(at) = self.place_of(class) else { return };
        let head = self.firsts[at];
        let Some(first) = self.first_of(class, head.after, state) else {
            self.firsts.remove(at);
            return;
        };
        let head = Head { first, ..head };
        // What comes after a first comes later as a rule, but not if it is overdue.
        let to = self.firsts.partition_point(|other| other.place() < head.place());
        if to > at {
            self.firsts[at..to].rotate_left(1);
            self.firsts[to - 1] = head;
        } else {
            self.firsts[to..=at].rotate_right(1);
            self.firsts[to] = head;
        }
    }

    fn renew_all(&mut self, queue: QueueIx, state: &State) {
        let mut heads = std::mem::take(&mut self.firsts);
        heads.retain_mut(|head| {
            if head.queue != queue {
                return true;
            }
            let first = self.first_of(head.class, head.after, state);
            first.inspect(|first| head.first = *first).is_some()
        });
        heads.sort_unstable_by_key(Head::place);
        self.firsts = heads;
    }

    fn first_of(&self, class: ClassIx, after: Option<WaitKey>, state: &State) -> Option<First> {
        let slot = state.classes.get(class);
        if let Some(overdue) = self.overdue(slot, state) {
            return Some(overdue);
        }
        let mut next = after.map_or_else(|| slot.waiting.first(), |key| slot.waiting.after(key));
        while let Some(key) = next.filter(|key| self.has_passed(key.ticket())) {
            next = slot.waiting.after(key);
        }
        next.map(First::ByOrder)
    }

    fn has_passed(&self, ticket: TicketId) -> bool {
        self.passed.iter().any(|passed| passed.arrival.1 == ticket)
    }

    /// The class's oldest ticket that was overtaken as often as may be, if it did not have its turn yet.
    fn overdue(&self, class: &Class, state: &State) -> Option<First> {
        let most = u64::from(state.classes.queue(class.queue).max_overtaken?);
        let mut arrivals = class.arrivals.iter();
        let (number, ticket) = arrivals.find(|(_, ticket)| !self.has_passed(*ticket))?;
        (self.overtakers(class.queue, number, state) >= most).then_some(First::Overdue(number, ticket))
    }

    fn overtakers(&self, queue: QueueIx, number: Number, state: &State) -> u64 {
        let taken = self
            .passed
            .iter()
            .filter(|passed| passed.taken && passed.queue == queue);
        let later = taken.filter(|passed| passed.arrival.0 > number).count();
        state.classes.queue(queue).overtaking.overtakers_of(number) + later as u64
    }
}

fn waits(head: &Head, state: &State) -> (Timestamp, TicketId) {
    let order = state.classes.queue(head.queue).order;
    match head.first {
        First::ByOrder(key) => order.between_queues(key),
        First::Overdue(..) => None,
    }
    .unwrap_or_else(|| order.age_between_queues(state.ticket(head.first.ticket())))
}
