//! From replications to a mean with its error, and how sure one can be of it.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of that error; infinite where it is known.
    pub freedom: f64,
}

impl Estimate {
    /// From one value per independent replication.
    ///
    /// # Panics
    /// With fewer than two.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(values.len() > 1, "one replication says nothing about its error");
        let count = count(values);
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            error: (squares / (count - 1.0) / count).sqrt(),
            freedom: count - 1.0,
        }
    }

    /// The ratio of two means from pairs of values of the same replication, with the error of its linearization. What
    /// both have in common, such as a busy day, cancels out.
    #[must_use]
    pub fn ratio(pairs: &[(f64, f64)]) -> Self {
        let over: f64 = pairs.iter().map(|(_, below)| below).sum();
        let ratio = pairs.iter().map(|(above, _)| above).sum::<f64>() / over;
        let scale = over / count(pairs);
        let residuals: Vec<_> = pairs
            .iter()
            .map(|(above, below)| (above - ratio * below) / scale)
            .collect();
        Self {
            mean: ratio,
            ..Self::of(&residuals)
        }
    }

    /// As others publish it: mean, standard deviation, and how many replications.
    #[must_use]
    pub fn published(mean: f64, deviation: f64, replications: u32) -> Self {
        Self {
            mean,
            error: deviation / f64::from(replications).sqrt(),
            freedom: f64::from(replications) - 1.0,
        }
    }

    /// Half the width of the interval that misses the truth with this chance.
    #[must_use]
    pub fn half_width(&self, chance: f64) -> f64 {
        self.error * quantile(self.freedom, chance)
    }

    /// The difference of two independent means (Welch).
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let (a, b) = (self.error.powi(2), other.error.powi(2));
        let freedom = (a + b).powi(2) / (a.powi(2) / self.freedom + b.powi(2) / other.freedom);
        Self {
            mean: self.mean - other.mean,
            error: (a + b).sqrt(),
            // Two errors of zero: as free as the freer.
            freedom: if freedom.is_finite() {
                freedom
            } else {
                self.freedom.max(other.freedom)
            },
        }
    }
}

/// How many standard errors an estimate is off by more than with this chance, to either side.
fn quantile(freedom: f64, chance: f64) -> f64 {
    let upper = 1.0 - chance / 2.0;
    if freedom.is_finite() {
        let student = StudentsT::new(0.0, 1.0, freedom).expect("a number of degrees above zero");
        student.inverse_cdf(upper)
    } else {
        Normal::standard().inverse_cdf(upper)
    }
}

/// The chance of a false alarm that each of `tests` may take so that all of them together take `family`
/// (Bonferroni: holds however they depend on each other).
///
/// # Panics
/// With more than 2^32 tests.
#[must_use]
pub fn chance_of_each(family: f64, tests: usize) -> f64 {
    family / f64::from(u32::try_from(tests.max(1)).expect("not that many"))
}

fn count<T>(values: &[T]) -> f64 {
    f64::from(u32::try_from(values.len()).expect("not that many"))
}

/// The standard deviation of some numbers in parts of their mean.
#[must_use]
pub fn variation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / count(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / count(values)).sqrt() / mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        close(quantile(31.0, 0.05), 2.0395, 1e-4);
        close(quantile(31.0, 0.001), 3.6335, 1e-4);
        close(quantile(f64::INFINITY, 0.05), 1.95996, 1e-5);
    }

    #[test]
    fn a_mean_has_the_error_of_its_replications() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0]);
        close(estimate.mean, 2.5, 1e-12);
        close(estimate.error, (5.0_f64 / 3.0 / 4.0).sqrt(), 1e-12);
        assert!((estimate.freedom - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_both_have_in_common_cancels_out_of_a_ratio() {
        let ratio = Estimate::ratio(&[(2.0, 1.0), (4.0, 2.0), (20.0, 10.0)]);
        close(ratio.mean, 2.0, 1e-12);
        close(ratio.error, 0.0, 1e-12);
    }

    #[test]
    fn a_difference_has_both_errors() {
        let a = Estimate::published(5.0, 3.0, 9);
        let b = Estimate::published(4.0, 4.0, 16);
        let difference = a.minus(&b);
        close(difference.mean, 1.0, 1e-12);
        close(difference.error, 2.0_f64.sqrt(), 1e-12);
        // Welch and Satterthwaite: 4 / (1/8 + 1/15).
        close(difference.freedom, 20.869_565, 1e-6);
    }

    #[test]
    fn each_test_takes_its_part_of_the_family() {
        close(chance_of_each(0.001, 100), 1e-5, 1e-12);
    }
}
