//! The program, run; and a `tandem up` to talk to.

mod program;
mod server;

pub(crate) use program::{Ended, Program, command, one_line, run, run_with_input};
pub(crate) use server::{FREE_PORTS, Server, desk_file};

use std::time::{Duration, Instant};

/// Nothing here takes as long, unless it hangs. Generous, since machines are shared.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Looks again and again, until there is what is looked for.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    #[expect(clippy::disallowed_methods, reason = "a deadline for another process")]
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::yield_now();
    }
}
