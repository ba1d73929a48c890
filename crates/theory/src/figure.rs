//! A figure that is held against what is known, and the verdict.

use crate::stats::Estimate;

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// The truth, computed.
    Exact(f64),
    /// Others' simulation, with its own error.
    Published(Estimate),
    /// A goal: it is to be at least this.
    AtLeast(f64),
    /// A goal: it is to be at most this.
    AtMost(f64),
    /// A goal: it is to be within `by` of `of`.
    Within {
        /// The centre.
        of: f64,
        /// The distance.
        by: f64,
    },
    /// Nothing is known: it is only shown.
    Nothing,
}

/// One figure of a gate.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Which system it is of.
    pub system: String,
    /// What it is.
    pub name: String,
    /// What it is held against.
    pub known: Known,
    /// What Tandem's router does.
    pub found: Estimate,
}

/// How figures are judged.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The chance with which each interval misses the truth.
    pub chance: f64,
    /// Whether goals are judged by the mean, which takes a run that is long enough; else it is enough that the interval
    /// reaches what is asked for.
    pub strict: bool,
}

/// What came of holding it against that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Holds,
    /// Not as it should be.
    Fails,
    /// Only shown.
    Shown,
}

impl Figure {
    /// A figure of a system.
    #[must_use]
    pub fn new(system: &str, name: impl Into<String>, known: Known, found: Estimate) -> Self {
        Self {
            system: system.to_owned(),
            name: name.into(),
            known,
            found,
        }
    }

    /// A count or a share that has no error: it is what it is.
    #[must_use]
    pub fn certain(system: &str, name: impl Into<String>, known: Known, found: f64) -> Self {
        let found = Estimate {
            mean: found,
            error: 0.0,
            freedom: f64::INFINITY,
        };
        Self::new(system, name, known, found)
    }

    /// Whether it is tested against what is known, so that chance can make it fail.
    #[must_use]
    pub fn is_test(&self) -> bool {
        matches!(self.known, Known::Exact(_) | Known::Published(_))
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self, judge: Judge) -> Verdict {
        let half = self.found.half_width(judge.chance);
        let (low, high) = (self.found.mean - half, self.found.mean + half);
        let mean = self.found.mean;
        let (least, most) = if judge.strict { (mean, mean) } else { (high, low) };
        let holds = match self.known {
            // What is rare has not been seen yet.
            Known::Exact(_) if half == 0.0 && !judge.strict => return Verdict::Shown,
            Known::Exact(value) => (low..=high).contains(&value),
            Known::Published(estimate) => {
                let difference = self.found.minus(&estimate);
                difference.mean.abs() <= difference.half_width(judge.chance)
            }
            Known::AtLeast(bound) => least >= bound,
            Known::AtMost(bound) => most <= bound,
            Known::Within { of, by } => least >= of - by && most <= of + by,
            Known::Nothing => return Verdict::Shown,
        };
        if holds { Verdict::Holds } else { Verdict::Fails }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: Estimate = Estimate {
        mean: 10.0,
        error: 1.0,
        freedom: f64::INFINITY,
    };

    const STRICT: Judge = Judge {
        chance: 0.05,
        strict: true,
    };

    fn verdict(known: Known) -> Verdict {
        // The interval is 10 ± 1.96.
        Figure::new("a system", "a figure", known, FOUND).verdict(STRICT)
    }

    #[test]
    fn the_truth_lies_in_the_interval() {
        assert_eq!(verdict(Known::Exact(11.9)), Verdict::Holds);
        assert_eq!(verdict(Known::Exact(12.1)), Verdict::Fails);
        assert_eq!(verdict(Known::Exact(7.9)), Verdict::Fails);
    }

    #[test]
    fn two_simulations_may_differ_by_both_errors() {
        let published = |mean| Known::Published(Estimate::published(mean, 31.6, 1000));
        assert_eq!(verdict(published(12.7)), Verdict::Holds);
        assert_eq!(verdict(published(12.9)), Verdict::Fails);
    }

    #[test]
    fn a_goal_is_met_by_the_mean() {
        assert_eq!(verdict(Known::AtLeast(10.0)), Verdict::Holds);
        assert_eq!(verdict(Known::AtLeast(10.1)), Verdict::Fails);
        assert_eq!(verdict(Known::AtMost(10.0)), Verdict::Holds);
        assert_eq!(verdict(Known::AtMost(9.9)), Verdict::Fails);
        assert_eq!(verdict(Known::Within { of: 10.5, by: 0.5 }), Verdict::Holds);
        assert_eq!(verdict(Known::Within { of: 10.6, by: 0.5 }), Verdict::Fails);
    }

    #[test]
    fn a_quick_look_alarms_only_at_what_is_surely_wrong() {
        let quick = Judge {
            strict: false,
            ..STRICT
        };
        let verdict = |known| Figure::new("a system", "a figure", known, FOUND).verdict(quick);
        assert_eq!(verdict(Known::AtLeast(11.9)), Verdict::Holds);
        assert_eq!(verdict(Known::AtLeast(12.0)), Verdict::Fails);
        assert_eq!(verdict(Known::AtMost(8.0)), Verdict::Fails);
        assert_eq!(verdict(Known::Within { of: 13.0, by: 1.1 }), Verdict::Holds);
        assert_eq!(verdict(Known::Within { of: 13.0, by: 1.0 }), Verdict::Fails);
        assert_eq!(verdict(Known::Exact(12.1)), Verdict::Fails);
    }

    #[test]
    fn what_is_certain_takes_no_part_of_the_chance() {
        let figure = Figure::certain("a system", "overtakings", Known::AtMost(0.0), 0.0);
        assert!(!figure.is_test());
        assert!(Figure::new("a system", "a wait", Known::Exact(1.0), FOUND).is_test());
        assert_eq!(figure.verdict(STRICT), Verdict::Holds);
    }
}
