//! How long something took: exact count, sum and longest, and percentiles by a sketch that can be merged.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sketches_ddsketch::{Config, DDSketch};

/// Durations, in whole milliseconds: sums of whole numbers do not depend on the order in which they are added.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Measured {
    count: u64,
    total_ms: u64,
    max_ms: u64,
    sketch: Option<DDSketch>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    count: u64,
    total_ms: u64,
    max_ms: u64,
    /// `DDSketch`'s own portable encoding, in base64; only filled bins are in it.
    sketch: String,
}

impl Measured {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.count += 1;
        self.total_ms = self.total_ms.saturating_add(ms);
        self.max_ms = self.max_ms.max(ms);
        #[expect(clippy::cast_precision_loss, reason = "the sketch is within 1 % anyway")]
        self.sketch.get_or_insert_with(empty).add(ms as f64);
    }

    /// Adds another's.
    ///
    /// # Panics
    /// Never: all sketches are made alike, those that were stored too.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.total_ms = self.total_ms.saturating_add(other.total_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
        if let Some(sketch) = &other.sketch {
            let own = self.sketch.get_or_insert_with(empty);
            own.merge(sketch).expect("all sketches are made alike");
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub const fn total(&self) -> Duration {
        Duration::from_millis(self.total_ms)
    }

    /// Their mean; none of none.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.total_ms.checked_div(self.count).map(Duration::from_millis)
    }

    /// The longest; none of none.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        (self.count > 0).then(|| Duration::from_millis(self.max_ms))
    }

    /// The duration that this share (0 to 1) of them does not exceed, within 1 %; none of none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        let ms = self.sketch.as_ref()?.quantile(share).ok()??;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rounded, and never negative"
        )]
        let ms = (ms.round() as u64).min(self.max_ms);
        Some(Duration::from_millis(ms))
    }
}

/// The crate's defaults, which its encoding takes for granted: within 1 %, and enough bins for milliseconds to millennia.
fn empty() -> DDSketch {
    DDSketch::new(Config::defaults())
}

impl From<Measured> for Stored {
    fn from(measured: Measured) -> Self {
        let bytes = measured.sketch.map(|sketch| sketch.to_java_bytes());
        Self {
            count: measured.count,
            total_ms: measured.total_ms,
            max_ms: measured.max_ms,
            sketch: STANDARD_NO_PAD.encode(bytes.unwrap_or_default()),
        }
    }
}

impl TryFrom<Stored> for Measured {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let bytes = STANDARD_NO_PAD
            .decode(&stored.sketch)
            .map_err(|error| error.to_string())?;
        let sketch = if bytes.is_empty() { None } else { Some(sketch(&bytes)?) };
        let in_sketch = sketch.as_ref().map_or(0, DDSketch::count);
        if u64::try_from(in_sketch) != Ok(stored.count) {
            return Err(format!("{in_sketch} in the sketch of {}", stored.count));
        }
        Ok(Self {
            count: stored.count,
            total_ms: stored.total_ms,
            max_ms: stored.max_ms,
            sketch,
        })
    }
}

/// A stored sketch; merging fails where it was made otherwise.
fn sketch(bytes: &[u8]) -> Result<DDSketch, String> {
    let read = DDSketch::from_java_bytes(bytes).map_err(|error| error.to_string())?;
    let mut own = empty();
    own.merge(&read).map_err(|error| error.to_string())?;
    Ok(own)
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {:?}", self.count, self.total())
    }
}
