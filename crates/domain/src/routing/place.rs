//! Where a ticket stands among its queue's routing steps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ticket::named_enum;

/// Where a ticket stands among its queue's routing steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepPlace {
    /// The step, counted from 0.
    pub step: u16,
    /// When the next one begins; none on the last.
    pub until: Option<Timestamp>,
    /// Steps that were passed over on the way here, in order.
    pub skipped: Vec<Skipped>,
}

/// A step that was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The step, counted from 0.
    pub step: u16,
    /// Why.
    pub why: SkipReason,
}

named_enum!(
    /// Why a step was passed over.
    SkipReason {
        /// Nobody who fits it was online.
        NobodyOnline = "nobody_online",
        /// The estimated wait was longer than the step allows.
        LongWait = "long_wait",
        /// There is nobody for whom it could be reserved.
        NobodyPreferred = "nobody_preferred",
        /// Nobody on the desk fits it.
        NobodyFits = "nobody_fits",
        /// It has no time: no target that it could take a share of, or none left.
        NoTime = "no_time",
    }
);

named_enum!(
    /// Why a ticket left a step.
    StepEnd {
        /// Its time was over.
        Elapsed = "elapsed",
        /// Nobody for whom it was reserved is there any more.
        NobodyLeft = "nobody_left",
        /// The desk's new version does not have it.
        DeskChanged = "desk_changed",
    }
);
