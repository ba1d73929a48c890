//! How often what happened.

use serde::{Deserialize, Serialize};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// How often what happened. Sums of sums are sums.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Counts {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_zero")] pub $name: u64),+
        }

        impl Counts {
            /// Adds another's.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

counts! {
    /// Tickets opened.
    received,
    /// Offers made.
    offered,
    /// Offers accepted.
    accepted,
    /// Offers declined.
    declined,
    /// Offers that nobody answered in time.
    missed,
    /// Tickets whose customers left before somebody accepted.
    abandoned,
    /// Times that a ticket was resolved.
    resolved,
    /// Times that a resolved ticket turned out not to be.
    reopened,
    /// Public answers that could not be delivered.
    undelivered,
    /// Tickets to which the channel's service level applies.
    level_due,
    /// Those of them that were accepted in time.
    level_met,
    /// Times that a ticket began to wait for an agent.
    began_waiting,
    /// Times that a ticket ceased to wait for an agent.
    ceased_waiting,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
