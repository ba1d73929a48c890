//! How often a queue's tickets were overtaken, where that is bounded.
//!
//! Each ticket gets a number as it joins the queue. Of the numbers below one's own, some were served (or are offered),
//! some left unserved, the rest still wait; so what was served of the higher numbers follows by counting, exactly, without
//! a counter at each ticket.

use std::collections::BTreeSet;

use crate::classes::QueueIx;
use crate::line::Line;

/// A ticket's number in its queue, from 1.
pub(crate) type Number = u64;

/// A ticket's number, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) queue: QueueIx,
    pub(crate) number: Number,
}

/// What is known of a queue's numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overtaking {
    /// The number given last.
    pub(crate) last: Number,
    /// How many were served, or are offered now.
    pub(crate) served: u64,
    /// How many left unserved, below all that wait or are offered.
    pub(crate) left: u64,
    /// Who left unserved, above the lowest that waits or is offered.
    pub(crate) gone: BTreeSet<Number>,
    waiting: Line<Number>,
    offered: BTreeSet<Number>,
}

impl Overtaking {
    /// As it was before, without its tickets, which are [put back](Self::put_back) one by one.
    pub(crate) fn of(last: Number, served: u64, left: u64, gone: BTreeSet<Number>) -> Self {
        Self {
            last,
            served,
            left,
            gone,
            ..Self::default()
        }
    }

    /// Takes over what was counted before; the tickets are there already.
    pub(crate) fn go_on(&mut self, before: Self) {
        let (waiting, offered) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.offered));
        *self = Self {
            waiting,
            offered,
            ..before
        };
    }

    /// What [`of`](Self::of) makes of it.
    pub(crate) fn without_tickets(&self) -> Self {
        Self::of(self.last, self.served, self.left, self.gone.clone())
    }

    /// Takes a ticket that had its number already into account, without counting anything.
    pub(crate) fn put_back(&mut self, number: Number, offered: bool) {
        if offered {
            self.offered.insert(number);
        } else {
            self.waiting.insert(number);
        }
    }

    /// A ticket joins: its number.
    pub(crate) fn join(&mut self) -> Number {
        self.last += 1;
        self.waiting.insert(self.last);
        self.last
    }

    /// It waits, again or still.
    pub(crate) fn wait(&mut self, number: Number) {
        if self.offered.remove(&number) {
            self.served -= 1;
            self.waiting.insert(number);
        }
    }

    pub(crate) fn offer(&mut self, number: Number) {
        if self.offered.insert(number) {
            self.waiting.remove(number);
            self.served += 1;
        }
    }

    /// Somebody has it for good.
    pub(crate) fn serve(&mut self, number: Number) {
        self.offer(number);
        self.offered.remove(&number);
        self.tidy();
    }

    /// It does not wait here any more, and nobody has served it.
    pub(crate) fn withdraw(&mut self, number: Number) {
        self.wait(number);
        self.waiting.remove(number);
        self.gone.insert(number);
        self.tidy();
    }

    /// How many that came later than this waiting ticket were served before it, or are being offered.
    pub(crate) fn overtakers_of(&self, number: Number) -> u64 {
        let gone = self.left + self.gone.range(..number).count() as u64;
        let waiting = self.waiting.count_before(number) as u64;
        self.served + gone + waiting + 1 - number
    }

    fn tidy(&mut self) {
        if self.waiting.is_empty() && self.offered.is_empty() {
            // Nobody is left who could be overtaken: numbers begin anew.
            *self = Self::default();
        }
        let lowest = self
            .waiting
            .first()
            .into_iter()
            .chain(self.offered.first().copied())
            .min();
        while self
            .gone
            .first()
            .is_some_and(|gone| lowest.is_none_or(|lowest| *gone < lowest))
        {
            self.gone.pop_first();
            self.left += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Is {
        Waiting,
        Offered,
        Served,
        Gone,
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Join,
        Offer(usize),
        Wait(usize),
        Serve(usize),
        Withdraw(usize),
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Join),
            3 => (0..20usize).prop_map(Step::Offer),
            1 => (0..20usize).prop_map(Step::Wait),
            2 => (0..20usize).prop_map(Step::Serve),
            1 => (0..20usize).prop_map(Step::Withdraw),
        ]
    }

    /// The `nth` of those who wait or are offered.
    fn pick(all: &[Is], nth: usize) -> Option<usize> {
        let here: Vec<_> = (0..all.len())
            .filter(|at| matches!(all[*at], Is::Waiting | Is::Offered))
            .collect();
        here.get(nth % here.len().max(1)).copied()
    }

    proptest! {
        #[test]
        fn counting_tells_who_was_overtaken_how_often(steps in prop::collection::vec(steps(), 0..200)) {
            let (mut overtaking, mut all, mut numbers) = (Overtaking::default(), Vec::new(), Vec::new());
            for step in steps {
                let (Step::Offer(nth) | Step::Wait(nth) | Step::Serve(nth) | Step::Withdraw(nth)) = step else {
                    all.push(Is::Waiting);
                    numbers.push(overtaking.join());
                    continue;
                };
                let Some(at) = pick(&all, nth) else { continue };
                let number = numbers[at];
                all[at] = match step {
                    Step::Offer(_) => { overtaking.offer(number); Is::Offered }
                    Step::Wait(_) => { overtaking.wait(number); Is::Waiting }
                    Step::Serve(_) => { overtaking.serve(number); Is::Served }
                    Step::Withdraw(_) | Step::Join => { overtaking.withdraw(number); Is::Gone }
                };
                for at in (0..all.len()).filter(|at| all[*at] == Is::Waiting) {
                    let overtakers = all[at..].iter().filter(|is| matches!(is, Is::Served | Is::Offered)).count();
                    prop_assert_eq!(overtaking.overtakers_of(numbers[at]), overtakers as u64);
                }
            }
        }
    }
}
