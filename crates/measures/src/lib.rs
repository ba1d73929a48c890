//! What a desk's measures mean, and how they roll up. `docs/measures.md` defines them in words.
//!
//! Events go in one after another ([`Measures::observe`]), rows come out ([`Measures::take_rows`]): the roll-ups of
//! each minute and hour, and the state from which the next event goes on. [`Measures::load`] takes them up again, so
//! that it makes no difference how often it was stopped and started in between. [`Query`] puts rows together.
//!
//! **Architecture invariant:** no I/O, no clock, no randomness. The same events give the same rows, byte for byte.

mod breach;
mod cell;
mod counts;
mod interval;
mod live;
mod measured;
mod measures;
mod place;
mod query;
mod rows;
mod state;
mod ticket;

pub use breach::{BreachCounts, Breaches, breach_key, breached_ticket, followed_key};
pub use cell::Cell;
pub use counts::Counts;
pub use interval::{Grain, Zones};
pub use live::{AgentNow, Held, Live, QueueNow};
pub use measured::Measured;
pub use measures::{Mark, Measures};
pub use place::{BadKey, Place, parse_key, start_key};
pub use query::{Dimension, Filter, Group, Line, Query, Roll};
pub use rows::{Damaged, table};
pub use state::Recent;
