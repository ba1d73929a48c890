//! Queues with impatience or with a limited number of lines, as birth-death chains: what can be said of them follows
//! from the shares of time with 0, 1, 2 … customers there.

/// States beyond which a chain with impatience is never found.
const ENOUGH: u32 = 2_000;

/// Agents who can all do everything; customers may lose patience, and lines may be few.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Customers who come, per unit of time.
    pub arrivals: f64,
    /// Customers whom one busy agent serves, per unit of time.
    pub service: f64,
    /// Waiting customers who leave, per customer and unit of time; zero: nobody.
    pub impatience: f64,
    /// Agents.
    pub agents: u32,
    /// The most customers there at once; none: no limit, which needs impatience.
    pub lines: Option<u32>,
}

impl Chain {
    /// The shares of time with 0, 1, 2 … customers there.
    fn shares(&self) -> Vec<f64> {
        let last = self.lines.unwrap_or(ENOUGH);
        let mut shares = vec![1.0];
        for there in 1..=last {
            let before = shares[shares.len() - 1];
            shares.push(before * self.arrivals / self.departures(there));
        }
        let sum: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / sum).collect()
    }

    fn departures(&self, there: u32) -> f64 {
        let busy = there.min(self.agents);
        f64::from(busy) * self.service + f64::from(there - busy) * self.impatience
    }

    /// The share of customers who find no line.
    #[must_use]
    pub fn blocked(&self) -> f64 {
        self.lines.map_or(0.0, |lines| self.shares()[lines as usize])
    }

    /// What those who get a line find: for 0, 1, 2 … who wait already, the share who wait behind so many.
    fn found_waiting(&self) -> Vec<f64> {
        let entered = 1.0 - self.blocked();
        let shares = self.shares();
        let last = self.lines.map_or(shares.len(), |lines| lines as usize);
        shares[self.agents as usize..last]
            .iter()
            .map(|share| share / entered)
            .collect()
    }

    /// Of those who got a line, the share who wait.
    #[must_use]
    pub fn delayed(&self) -> f64 {
        self.found_waiting().iter().sum()
    }

    /// How many wait, on average over time.
    #[must_use]
    pub fn queue(&self) -> f64 {
        let waiting = self.shares().into_iter().skip(self.agents as usize).zip(0_u32..);
        waiting.map(|(share, waiting)| share * f64::from(waiting)).sum()
    }

    /// The mean time in the queue of those who got a line, whether they were served or left.
    #[must_use]
    pub fn wait(&self) -> f64 {
        self.queue() / (self.arrivals * (1.0 - self.blocked()))
    }

    /// The share of customers who leave unserved.
    #[must_use]
    pub fn abandoned(&self) -> f64 {
        self.impatience * self.queue() / self.arrivals
    }

    /// The share of agents' time that is work.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        let served = self.arrivals * (1.0 - self.blocked()) - self.impatience * self.queue();
        served / (self.service * f64::from(self.agents))
    }

    /// Of those who got a line, the share whose time in the queue is above `limit`, served or not in the end.
    #[must_use]
    pub fn beyond(&self, limit: f64) -> f64 {
        self.fates(limit).waiting
    }

    /// Of all but those who left within `limit`, the share who were served within it.
    #[must_use]
    pub fn service_level(&self, limit: f64) -> f64 {
        let fates = self.fates(limit);
        let at_once = 1.0 - self.delayed();
        (at_once + fates.served) / (1.0 - fates.left)
    }

    /// Follows a customer through the queue by uniformization: whoever stands behind `n` is served after `n` + 1
    /// departures of those in front, unless he or she leaves first.
    fn fates(&self, limit: f64) -> Fates {
        let found = self.found_waiting();
        let full = f64::from(self.agents) * self.service;
        let forward = |ahead: u32| full + f64::from(ahead) * self.impatience;
        let depth = u32::try_from(found.len()).expect("few enough to be held");
        let fastest = forward(depth) + self.impatience;
        let mut fates = Fates {
            waiting: 0.0,
            served: 0.0,
            left: 0.0,
        };
        let mut places = found;
        let (mut served, mut left) = (0.0, 0.0);
        let mean = fastest * limit;
        // Logarithms, since the first terms of a long time are too small for numbers.
        let mut log_weight = -mean;
        let steps = (0..)
            .map(f64::from)
            .take_while(|step| *step <= mean + 12.0 * mean.sqrt() + 40.0);
        for step in steps {
            let weight = log_weight.exp();
            fates.waiting += weight * places.iter().sum::<f64>();
            fates.served += weight * served;
            fates.left += weight * left;
            for ahead in 0..places.len() {
                let here = places[ahead];
                let served_next = forward(u32::try_from(ahead).expect("few enough to be held")) / fastest;
                let leaves = self.impatience / fastest;
                match ahead.checked_sub(1) {
                    Some(next) => places[next] += here * served_next,
                    None => served += here * served_next,
                }
                left += here * leaves;
                places[ahead] = here * (1.0 - served_next - leaves);
            }
            log_weight += (mean / (step + 1.0)).ln();
        }
        fates
    }
}

/// What has become, after a time, of those who got a line and had to wait: shares of all who got one.
struct Fates {
    waiting: f64,
    served: f64,
    left: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;

    const GARNETT: Chain = Chain {
        arrivals: 48.0,
        service: 1.0,
        impatience: 0.5,
        agents: 50,
        lines: None,
    };

    #[test]
    fn impatience_as_published() {
        close(GARNETT.abandoned(), 0.030_912_249, 1e-9);
        close(GARNETT.wait() * 60.0, 3.709_47, 1e-5);
        close(GARNETT.queue(), 2.9676, 1e-4);
        close(GARNETT.utilisation(), 0.930_324, 1e-6);
        close(GARNETT.beyond(12.44 / 60.0), 0.1, 1e-4);
    }

    #[test]
    fn patience_as_long_as_service_is_infinitely_many_agents() {
        let chain = Chain {
            arrivals: 100.0,
            impatience: 1.0,
            agents: 100,
            ..GARNETT
        };
        close(chain.delayed(), 0.513_298_798_279, 1e-11);
        close(chain.abandoned(), 0.039_860_996_81, 1e-10);
    }

    #[test]
    fn twelve_agents_as_published() {
        let chain = Chain {
            arrivals: 4.2,
            service: 0.5,
            impatience: 1.0,
            agents: 12,
            lines: None,
        };
        close(chain.delayed(), 0.127_372_281_8, 1e-9);
        close(chain.abandoned(), 0.029_678_905_54, 1e-10);
        close(chain.service_level(1.0 / 3.0), 0.967_87, 1e-5);
    }

    #[test]
    fn few_lines_as_published() {
        for (load, blocked, wait, within, delayed) in [
            (77.4, 0.000_167_66, 0.082_768, 0.942_338, 0.109_319),
            (84.0, 0.003_643_08, 0.450_023, 0.732_922, 0.379_706),
            (90.0, 0.023_492_19, 1.242_963, 0.386_538, 0.721_721),
        ] {
            let chain = Chain {
                arrivals: load / 10.0,
                service: 0.1,
                impatience: 0.0,
                agents: 90,
                lines: Some(120),
            };
            close(chain.blocked(), blocked, 1e-8);
            close(chain.wait(), wait, 1e-6);
            close(1.0 - chain.beyond(0.5), within, 1e-6);
            close(chain.delayed(), delayed, 1e-6);
        }
    }
}
