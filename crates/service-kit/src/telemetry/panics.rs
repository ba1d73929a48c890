//! Panics are logged with their place and without what they say: that may quote what was being worked on, as the
//! standard library does of a text that is cut in the middle of a character.

use std::panic::{PanicHookInfo, set_hook};

/// Logs panics from now on, instead of printing them.
pub(super) fn log_places_only() {
    set_hook(Box::new(log_place));
}

fn log_place(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(place, thread = thread.name().unwrap_or_default(), "a panic");
}
