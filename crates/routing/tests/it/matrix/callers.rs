//! Who does it.

use tandem_domain::Actor;

use crate::support::{as_agent, supervisor};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// `ana`, an agent.
    Owner,
    /// `bo`, an agent too.
    Other,
    Supervisor,
}

pub(super) const CALLERS: [Caller; 3] = [Caller::Owner, Caller::Other, Caller::Supervisor];

pub(super) fn actor(caller: Caller) -> Actor {
    match caller {
        Caller::Owner => as_agent("ana"),
        Caller::Other => as_agent("bo"),
        Caller::Supervisor => supervisor(),
    }
}
