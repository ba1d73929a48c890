//! The gates, and what each holds Tandem's router against.

mod a_exact;
mod b_published;
mod c_few_skills;
mod d_scarce_language;
mod e_batches;
mod f_fair;
mod g_real_week;

use crate::figure::Figure;
use crate::replicate::Effort;

/// One gate.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Its letter.
    pub letter: char,
    /// What it shows.
    pub title: &'static str,
    /// Measures its figures.
    pub measure: fn(&Effort) -> Vec<Figure>,
}

/// All gates.
pub const GATES: [Gate; 7] = [
    Gate {
        letter: 'A',
        title: "exact: closed forms and the product form of several skills",
        measure: a_exact::measure,
    },
    Gate {
        letter: 'B',
        title: "published: two call centres of the ContactCenters library",
        measure: b_published::measure,
    },
    Gate {
        letter: 'C',
        title: "few skills do: two skills for each agent are almost as good as all",
        measure: c_few_skills::measure,
    },
    Gate {
        letter: 'D',
        title: "the scarce language: fixed queue ratio and the least over-skilled agent",
        measure: d_scarce_language::measure,
    },
    Gate {
        letter: 'E',
        title: "batches: greedy and solved, beside the optimum",
        measure: e_batches::measure,
    },
    Gate {
        letter: 'F',
        title: "fair: nobody is overtaken by equals, work is spread evenly, nothing waits for nobody",
        measure: f_fair::measure,
    },
    Gate {
        letter: 'G',
        title: "the real week: a bank's calls, agents and patience, routed by Tandem",
        measure: g_real_week::measure,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Judge, Verdict};
    use crate::stats::chance_of_each;

    /// The quick run has wide intervals, so a figure outside of its own is wrong by much.
    fn holds(letter: char) {
        let gate = GATES.iter().find(|gate| gate.letter == letter).unwrap();
        let figures = (gate.measure)(&Effort::quick(1, 4));
        assert!(!figures.is_empty());
        let judge = Judge {
            chance: chance_of_each(0.001, figures.len()),
            strict: false,
        };
        for figure in figures {
            assert_ne!(figure.verdict(judge), Verdict::Fails, "{figure:?}");
        }
    }

    #[test]
    fn the_router_does_what_theory_computes() {
        holds('A');
    }

    #[test]
    fn the_router_does_what_others_published() {
        holds('B');
    }

    #[test]
    fn two_skills_do_almost_as_well_as_all() {
        holds('C');
    }

    #[test]
    fn a_scarce_language_waits_as_long_as_the_other() {
        holds('D');
    }

    #[test]
    fn batches_are_solved_as_well_as_can_be() {
        holds('E');
    }

    #[test]
    fn the_router_is_fair() {
        holds('F');
    }

    #[test]
    fn a_banks_week_goes_no_worse_than_it_did() {
        if g_real_week::is_missing() {
            println!("skipped: the corpus is not there");
            return;
        }
        holds('G');
    }
}
