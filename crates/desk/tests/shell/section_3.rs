//! Section 3: pure cores, one shell.

mod failures;
mod panics;
mod sessions;
mod time;
mod wheel;
