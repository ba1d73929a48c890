//! How long callers wait before they hang up. Of those who did it is known; those who were served would have waited at
//! least as long as they did. Kaplan and Meier's estimate uses both.

/// The share of callers who are still there after so many seconds.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    /// Seconds at which somebody hung up, with the share that is left then; falling.
    steps: Vec<(u32, f64)>,
    /// The longest wait that was seen; nobody is taken to wait longer.
    longest: u32,
}

impl Patience {
    /// From waits, and whether each ended by hanging up.
    pub(super) fn estimate(mut waits: Vec<(u32, bool)>) -> Self {
        // Of equal waits those who hung up come first: the served were still there then.
        waits.sort_unstable_by_key(|(wait, left)| (*wait, !left));
        let mut steps: Vec<(u32, f64)> = Vec::new();
        let mut share = 1.0;
        for (place, (wait, left)) in waits.iter().enumerate() {
            let there = f64::from(u32::try_from(waits.len() - place).expect("a few thousand"));
            if *left {
                share *= 1.0 - 1.0 / there;
                steps.push((*wait, share));
            }
        }
        let longest = waits.last().map_or(0, |(wait, _)| *wait);
        Self { steps, longest }
    }

    /// When somebody who has waited for `waited` hangs up, by a lot from 0 to 1.
    pub(super) fn after(&self, waited: u32, lot: f64) -> u32 {
        let later = self.steps.partition_point(|(at, _)| *at <= waited);
        let share = later.checked_sub(1).map_or(1.0, |step| self.steps[step].1);
        let found = self.steps[later..].partition_point(|(_, left)| *left > lot * share);
        let step = self.steps[later..].get(found);
        step.map_or(self.longest.max(waited), |(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;

    fn patience() -> Patience {
        // Of five, one hangs up at 10, one is served at 15, one hangs up at 20, one is served at 20, one at 30.
        Patience::estimate(vec![(20, false), (10, true), (15, false), (20, true), (30, false)])
    }

    #[test]
    fn those_who_were_served_count_as_long_as_they_waited() {
        let steps = patience().steps;
        assert_eq!(steps.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 20]);
        close(steps[0].1, 0.8, 1e-12);
        close(steps[1].1, 0.8 * 2.0 / 3.0, 1e-12);
    }

    #[test]
    fn who_has_waited_so_long_does_not_hang_up_earlier() {
        assert_eq!(patience().after(0, 0.9), 10);
        assert_eq!(patience().after(0, 0.7), 20);
        assert_eq!(patience().after(10, 0.9), 20);
    }

    #[test]
    fn nobody_waits_longer_than_anybody_ever_did() {
        assert_eq!(patience().after(0, 0.5), 30);
        assert_eq!(patience().after(20, 0.9), 30);
    }
}
