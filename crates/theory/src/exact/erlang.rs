//! Agents who can all do everything, customers who all wait: Erlang's formulas, and two classes of priority.

/// The share of customers that `agents` without a queue turn away at offered load `load` (Erlang B).
#[must_use]
pub fn erlang_b(agents: u32, load: f64) -> f64 {
    (1..=agents).fold(1.0, |blocked, k| {
        let offered = load * blocked;
        offered / (f64::from(k) + offered)
    })
}

/// An M/M/c queue without limit.
#[derive(Clone, Copy, Debug)]
pub struct ErlangC {
    /// Customers who come, per unit of time.
    pub arrivals: f64,
    /// Customers whom one busy agent serves, per unit of time.
    pub service: f64,
    /// Agents.
    pub agents: u32,
}

impl ErlangC {
    fn load(&self) -> f64 {
        self.arrivals / self.service
    }

    /// How much faster customers are served, with all agents busy, than they come.
    fn spare(&self) -> f64 {
        f64::from(self.agents) * self.service - self.arrivals
    }

    /// The share of customers who wait.
    #[must_use]
    pub fn delayed(&self) -> f64 {
        let blocked = erlang_b(self.agents, self.load());
        let busy = self.load() / f64::from(self.agents);
        blocked / (1.0 - busy * (1.0 - blocked))
    }

    /// The mean wait of all.
    #[must_use]
    pub fn wait(&self) -> f64 {
        self.delayed() / self.spare()
    }

    /// The share of customers who wait at most `limit`.
    #[must_use]
    pub fn within(&self, limit: f64) -> f64 {
        1.0 - self.delayed() * (-self.spare() * limit).exp()
    }

    /// How many wait, on average over time.
    #[must_use]
    pub fn queue(&self) -> f64 {
        self.arrivals * self.wait()
    }
}

/// The mean waits of the urgent and of the others in an M/M/c queue where the urgent go first but interrupt nobody
/// (Cobham): the urgent see only their own load in front of them.
#[must_use]
pub fn priority_waits(urgent: f64, others: f64, service: f64, agents: u32) -> (f64, f64) {
    let all = ErlangC {
        arrivals: urgent + others,
        service,
        agents,
    };
    let capacity = f64::from(agents) * service;
    let first = all.delayed() / (capacity - urgent);
    (first, first / (1.0 - all.arrivals / capacity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;

    #[test]
    fn erlang_b_as_published() {
        close(erlang_b(10, 7.0), 0.078_740_882_969_6, 1e-12);
        close(erlang_b(100, 90.0), 0.026_957_380_464_4, 1e-12);
    }

    #[test]
    fn erlang_c_as_published() {
        let of = |arrivals, agents| ErlangC {
            arrivals,
            service: 1.0,
            agents,
        };
        close(of(7.0, 10).delayed(), 0.221_731_215_884, 1e-11);
        close(of(90.0, 100).delayed(), 0.216_940_480_906, 1e-11);
    }

    #[test]
    fn waits_and_service_levels_as_published() {
        let twelve = ErlangC {
            arrivals: 4.2,
            service: 0.5,
            agents: 12,
        };
        close(twelve.delayed(), 0.183_888_630_4, 1e-9);
        close(twelve.wait(), 0.102_160_350_2, 1e-9);
        close(twelve.within(1.0 / 3.0), 0.899_079_779_9, 1e-9);
        close(twelve.queue(), 0.429_073_470_9, 1e-9);
        let hundred = ErlangC {
            arrivals: 0.3,
            service: 1.0 / 300.0,
            agents: 100,
        };
        close(hundred.wait(), 6.508_214_427, 1e-8);
        close(hundred.within(20.0), 0.888_619_043_3, 1e-9);
        let fifty = ErlangC {
            arrivals: 48.0,
            service: 1.0,
            agents: 50,
        };
        close(fifty.wait() * 60.0, 20.8337, 1e-4);
        close(fifty.within(58.139 / 60.0), 0.9, 1e-5);
    }

    #[test]
    fn a_planners_example_as_published() {
        let fourteen = ErlangC {
            arrivals: 100.0 / 30.0,
            service: 1.0 / 3.0,
            agents: 14,
        };
        close(fourteen.delayed(), 0.174_131_933_6, 1e-9);
        close(fourteen.wait(), 0.130_598_950_2, 1e-9);
        close(fourteen.within(1.0 / 3.0), 0.888_350_019_2, 1e-9);
    }

    #[test]
    fn priorities_as_published() {
        let (urgent, others) = priority_waits(2.1, 2.1, 0.5, 12);
        close(urgent, 0.047_150_930_870_1, 1e-12);
        close(others, 0.157_169_769_567, 1e-11);
    }
}
