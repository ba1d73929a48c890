//! Groups of agents who serve one kind of customers each, with lines that all share. Without the lines the groups would
//! be queues of their own; with them the shares of time are the same ones, without the states that have too many
//! customers (a reversible chain that is cut off keeps its proportions).

/// Equal groups.
#[derive(Clone, Copy, Debug)]
pub struct SharedLines {
    /// How many groups.
    pub groups: u32,
    /// Agents of each.
    pub agents: u32,
    /// Customers of each, per unit of time.
    pub arrivals: f64,
    /// Customers whom one busy agent serves, per unit of time.
    pub service: f64,
    /// The most customers of all groups there at once.
    pub lines: u32,
}

/// What is known of a number of customers there: how likely it is, up to a factor, and how many wait then, so weighted.
struct Level {
    weight: f64,
    waiting: f64,
}

impl SharedLines {
    /// Of one group alone.
    fn group(&self) -> Vec<Level> {
        let mut weight = 1.0;
        (0..=self.lines)
            .map(|there| {
                if there > 0 {
                    weight *= self.arrivals / (self.service * f64::from(there.min(self.agents)));
                }
                Level {
                    weight,
                    waiting: weight * f64::from(there.saturating_sub(self.agents)),
                }
            })
            .collect()
    }

    /// Of all groups together.
    fn all(&self) -> Vec<Level> {
        let group = self.group();
        let nobody = Level {
            weight: 1.0,
            waiting: 0.0,
        };
        (0..self.groups).fold(vec![nobody], |before, _| {
            let last = self.lines as usize;
            (0..=last.min(before.len() + group.len() - 2))
                .map(|there| {
                    let splits = (0..before.len()).filter(|some| (there.wrapping_sub(*some)) < group.len());
                    let pairs = splits.map(|some| (&before[some], &group[there - some]));
                    pairs.fold(
                        Level {
                            weight: 0.0,
                            waiting: 0.0,
                        },
                        |sum, (a, b)| Level {
                            weight: sum.weight + a.weight * b.weight,
                            waiting: sum.waiting + a.weight * b.waiting + a.waiting * b.weight,
                        },
                    )
                })
                .collect()
        })
    }

    /// The share of customers who find no line.
    #[must_use]
    pub fn blocked(&self) -> f64 {
        let all = self.all();
        all[self.lines as usize].weight / all.iter().map(|level| level.weight).sum::<f64>()
    }

    /// The mean wait of those who got a line.
    #[must_use]
    pub fn wait(&self) -> f64 {
        let all = self.all();
        let total: f64 = all.iter().map(|level| level.weight).sum();
        let waiting: f64 = all.iter().map(|level| level.waiting).sum();
        let blocked = all[self.lines as usize].weight / total;
        waiting / total / (self.arrivals * f64::from(self.groups) * (1.0 - blocked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;
    use crate::exact::birth_death::Chain;
    use crate::exact::erlang::ErlangC;

    #[test]
    fn one_group_is_a_chain() {
        let shared = SharedLines {
            groups: 1,
            agents: 90,
            arrivals: 8.4,
            service: 0.1,
            lines: 120,
        };
        let chain = Chain {
            arrivals: 8.4,
            service: 0.1,
            impatience: 0.0,
            agents: 90,
            lines: Some(120),
        };
        close(shared.blocked(), chain.blocked(), 1e-12);
        close(shared.wait(), chain.wait(), 1e-12);
    }

    #[test]
    fn with_lines_for_everybody_the_groups_are_queues_of_their_own() {
        let shared = SharedLines {
            groups: 3,
            agents: 2,
            arrivals: 1.0,
            service: 1.0,
            lines: 200,
        };
        let alone = ErlangC {
            arrivals: 1.0,
            service: 1.0,
            agents: 2,
        };
        close(shared.blocked(), 0.0, 1e-12);
        close(shared.wait(), alone.wait(), 1e-9);
    }

    #[test]
    fn two_groups_of_one_agent_and_two_lines_by_hand() {
        // States by customers of each: 00, 10, 01, 20, 11, 02, all as likely at load 1; one waits in 20 and in 02.
        let shared = SharedLines {
            groups: 2,
            agents: 1,
            arrivals: 1.0,
            service: 1.0,
            lines: 2,
        };
        close(shared.blocked(), 0.5, 1e-12);
        close(shared.wait(), (2.0 / 6.0) / (2.0 * 0.5), 1e-12);
    }
}
