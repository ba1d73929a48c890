//! Several skills under first come, first served and the longest idle agent first: the product form of Adan and Weiss
//! (overview: arXiv 2006.05979).
//!
//! A state is an order of all agents: the busy ones, by when the oldest customer whom they serve or are past came, then
//! the idle ones, longest idle first. Between two busy agents stand customers whom only the agents before them could
//! serve; how many is geometric. So it is enough to add up one weight for each order and each number of busy agents.

/// An agent: whom he or she serves, how fast.
#[derive(Clone, Debug)]
pub struct Server {
    /// Classes of customers, by their place in the list of rates.
    pub classes: Vec<usize>,
    /// Customers served while busy, per unit of time.
    pub rate: f64,
}

/// What theory says of a system.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The mean wait, by class.
    pub waits: Vec<f64>,
    /// The share of customers who wait, by class.
    pub delayed: Vec<f64>,
    /// The share of time in which each agent is idle.
    pub idle: Vec<f64>,
}

/// Adds up weights over all orders of the agents.
struct Sum<'a> {
    arrivals: &'a [f64],
    servers: &'a [Server],
    total: f64,
    queues: Vec<f64>,
    delayed: Vec<f64>,
    idle: Vec<f64>,
}

/// The exact figures for customers who come at these rates by class. The work grows with the factorial of the number of
/// agents.
///
/// # Panics
///
/// If some agents alone cannot keep up with the customers whom only they serve: there is no steady state then.
#[must_use]
pub fn solve(arrivals: &[f64], servers: &[Server]) -> Solution {
    let mut sum = Sum {
        arrivals,
        servers,
        total: 0.0,
        queues: vec![0.0; arrivals.len()],
        delayed: vec![0.0; arrivals.len()],
        idle: vec![0.0; servers.len()],
    };
    for_each_order(&mut (0..servers.len()).collect::<Vec<_>>(), 0, &mut |order| {
        (0..=order.len()).for_each(|busy| sum.add(order, busy));
    });
    let share = |weight: &f64| weight / sum.total;
    let waits = sum.queues.iter().zip(arrivals).map(|(queue, rate)| share(queue) / rate);
    Solution {
        waits: waits.collect(),
        delayed: sum.delayed.iter().map(share).collect(),
        idle: sum.idle.iter().map(share).collect(),
    }
}

impl Sum<'_> {
    /// The states in which the first `busy` agents of the order are busy and the others idle.
    fn add(&mut self, order: &[usize], busy: usize) {
        let mut weight = 1.0;
        let mut gaps = Vec::new();
        for count in 1..=busy {
            let before = &order[..count];
            let only_theirs = self.served_only_by(before);
            let arrivals: f64 = only_theirs.iter().map(|class| self.arrivals[*class]).sum();
            let service: f64 = before.iter().map(|server| self.servers[*server].rate).sum();
            assert!(arrivals < service, "agents {before:?} cannot keep up");
            weight /= service - arrivals;
            gaps.push((only_theirs, 1.0 / (service - arrivals)));
        }
        for first in busy..order.len() {
            weight /= self.arrivals_for(&order[first..]);
        }
        self.total += weight;
        for (classes, mean_per_rate) in gaps {
            for class in classes {
                self.queues[class] += weight * mean_per_rate * self.arrivals[class];
            }
        }
        for class in self.served_only_by(&order[..busy]) {
            self.delayed[class] += weight;
        }
        for server in &order[busy..] {
            self.idle[*server] += weight;
        }
    }

    /// How many come, per unit of time, whom at least one of these agents serves.
    fn arrivals_for(&self, agents: &[usize]) -> f64 {
        let rates = self.arrivals.iter().enumerate();
        let theirs = rates.filter(|(class, _)| agents.iter().any(|agent| self.servers[*agent].classes.contains(class)));
        theirs.map(|(_, rate)| rate).sum()
    }

    /// Classes that no other agent serves.
    fn served_only_by(&self, agents: &[usize]) -> Vec<usize> {
        let others = || (0..self.servers.len()).filter(|server| !agents.contains(server));
        let classes = 0..self.arrivals.len();
        classes
            .filter(|class| !others().any(|server| self.servers[server].classes.contains(class)))
            .collect()
    }
}

/// Calls with every order that keeps the first `fixed` agents where they are.
fn for_each_order(order: &mut [usize], fixed: usize, call: &mut impl FnMut(&[usize])) {
    if fixed == order.len() {
        return call(order);
    }
    for next in fixed..order.len() {
        order.swap(fixed, next);
        for_each_order(order, fixed + 1, call);
        order.swap(fixed, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;
    use crate::exact::erlang::ErlangC;

    fn servers(of: &[(&[usize], f64)]) -> Vec<Server> {
        let servers = of.iter();
        servers
            .map(|(classes, rate)| Server {
                classes: classes.to_vec(),
                rate: *rate,
            })
            .collect()
    }

    fn all_close(found: &[f64], expected: &[f64], within: f64) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            close(*found, *expected, within);
        }
    }

    #[test]
    fn the_n_system_as_published() {
        let solution = solve(&[0.6, 0.9], &servers(&[(&[0], 1.0), (&[0, 1], 1.2)]));
        all_close(&solution.waits, &[0.633_116_883, 3.095_238_1], 1e-7);
        all_close(&solution.delayed, &[0.443_181_818, 0.840_909_091], 1e-9);
        all_close(&solution.idle, &[0.50909, 0.15909], 1e-5);
    }

    #[test]
    fn the_w_system_as_published() {
        let solution = solve(&[0.8, 0.8], &servers(&[(&[0], 1.0), (&[1], 1.0), (&[0, 1], 1.0)]));
        all_close(&solution.waits, &[0.346_976_556; 2], 1e-9);
        all_close(&solution.delayed, &[0.363_802_679; 2], 1e-9);
        all_close(&solution.idle, &[0.50996, 0.50996, 0.38007], 1e-5);
    }

    #[test]
    fn four_unlike_agents_as_published() {
        let agents = servers(&[(&[0], 0.8), (&[1], 0.7), (&[0, 1], 0.6), (&[1, 2], 0.9)]);
        let solution = solve(&[0.7, 0.9, 0.5], &agents);
        all_close(&solution.waits, &[0.857_035_524, 0.714_936_37, 2.386_966_28], 1e-8);
        all_close(&solution.delayed, &[0.512_889_135, 0.484_913_364, 0.793_148_725], 1e-9);
        all_close(&solution.idle, &[0.40709, 0.36423, 0.22201, 0.20685], 1e-5);
    }

    #[test]
    fn three_languages_as_published() {
        let agents = servers(&[
            (&[0], 1.0),
            (&[0], 1.0),
            (&[1], 1.0),
            (&[1], 1.0),
            (&[2], 1.0),
            (&[0, 1, 2], 1.0),
        ]);
        let solution = solve(&[1.3, 0.9, 0.6], &agents);
        all_close(&solution.waits, &[0.161_642_778, 0.079_888_823_6, 0.232_317_916], 1e-9);
        all_close(&solution.delayed, &[0.254_638_503, 0.151_560_715, 0.296_988_574], 1e-9);
        all_close(
            &solution.idle,
            &[0.49997, 0.49997, 0.62042, 0.62042, 0.59167, 0.36755],
            1e-5,
        );
    }

    #[test]
    fn agents_who_can_all_do_everything_are_erlangs() {
        let solution = solve(&[1.2, 1.2], &servers(&[(&[0, 1][..], 1.0); 3]));
        let erlang = ErlangC {
            arrivals: 2.4,
            service: 1.0,
            agents: 3,
        };
        all_close(&solution.waits, &[1.078_651_69; 2], 1e-8);
        all_close(&solution.waits, &[erlang.wait(); 2], 1e-12);
        all_close(&solution.delayed, &[erlang.delayed(); 2], 1e-12);
        all_close(&solution.idle, &[0.2; 3], 1e-12);
    }

    #[test]
    #[should_panic(expected = "cannot keep up")]
    fn an_overloaded_skill_has_no_steady_state() {
        let _ = solve(&[1.5, 0.1], &servers(&[(&[0], 1.0), (&[1], 1.0)]));
    }
}
