//! Which fault happens when.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What a [`FaultyBus`](super::FaultyBus) can do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A published event is acknowledged and lost.
    LoseEvent,
    /// An event is not published; the publisher does not know.
    FailPublish,
    /// An event is published; the publisher does not know.
    LosePublishAck,
    /// A delivery comes twice.
    RepeatDelivery,
    /// A delivery is overtaken by the next.
    SwapDeliveries,
    /// A publish, delivery or request takes up to [`Faults::longest_delay`].
    Delay,
    /// A hint is lost.
    LoseHint,
    /// A request is lost before it is served.
    LoseRequest,
    /// A request is served and its reply lost.
    LoseReply,
    /// A request finds nobody who serves it.
    NoResponder,
}

impl Fault {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::LoseEvent,
        Self::FailPublish,
        Self::LosePublishAck,
        Self::RepeatDelivery,
        Self::SwapDeliveries,
        Self::Delay,
        Self::LoseHint,
        Self::LoseRequest,
        Self::LoseReply,
        Self::NoResponder,
    ];
}

/// How often each fault happens.
#[derive(Clone, Debug)]
pub struct Faults {
    /// How long a delayed call waits at most, and how long an overtaken delivery waits for the next.
    pub longest_delay: Duration,
    chances: BTreeMap<Fault, f64>,
}

impl Faults {
    /// A bus that does as it should.
    #[must_use]
    pub fn none() -> Self {
        Self {
            longest_delay: Duration::from_millis(50),
            chances: BTreeMap::new(),
        }
    }

    /// Every fault with the same `chance` from 0 to 1.
    #[must_use]
    pub fn all(chance: f64) -> Self {
        Fault::ALL
            .into_iter()
            .fold(Self::none(), |faults, fault| faults.with(fault, chance))
    }

    /// The same, with `fault` having this `chance` from 0 to 1.
    #[must_use]
    pub fn with(mut self, fault: Fault, chance: f64) -> Self {
        self.chances.insert(fault, chance.clamp(0.0, 1.0));
        self
    }
}

pub(super) struct Dice {
    state: Mutex<State>,
}

struct State {
    rng: StdRng,
    faults: Faults,
    hits: BTreeMap<Fault, u64>,
}

impl Dice {
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self {
            state: Mutex::new(State {
                rng,
                faults,
                hits: BTreeMap::new(),
            }),
        }
    }

    pub(super) fn set(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub(super) fn hits(&self, fault: Fault) -> u64 {
        self.lock().hits.get(&fault).copied().unwrap_or(0)
    }

    pub(super) fn strikes(&self, fault: Fault) -> bool {
        let mut state = self.lock();
        let chance = state.faults.chances.get(&fault).copied().unwrap_or(0.0);
        let strikes = state.rng.random_bool(chance);
        *state.hits.entry(fault).or_default() += u64::from(strikes);
        strikes
    }

    pub(super) async fn delay(&self) {
        if self.strikes(Fault::Delay) {
            let share = self.lock().rng.random_range(0.0..=1.0);
            tokio::time::sleep(self.longest_delay().mul_f64(share)).await;
        }
    }

    pub(super) fn longest_delay(&self) -> Duration {
        self.lock().faults.longest_delay
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
