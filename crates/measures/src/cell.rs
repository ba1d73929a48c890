//! The measures of one place in one interval.

use serde::{Deserialize, Serialize};

use crate::{Counts, Measured};

/// The measures of one [`Place`](crate::Place) in one interval.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cell {
    /// What happened.
    pub counts: Counts,
    /// From the opening to the first acceptance.
    pub time_to_accept: Measured,
    /// From the opening to the first public answer.
    pub first_response: Measured,
    /// How long agents had it in hand.
    pub handling: Measured,
}

impl Cell {
    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.time_to_accept.merge(&other.time_to_accept);
        self.first_response.merge(&other.first_response);
        self.handling.merge(&other.handling);
    }
}
