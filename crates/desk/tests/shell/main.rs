//! The shell's rules, with a toy core, the memory store with faults and the in-process bus. Several
//! "processes" are several `Desks` on the same store and bus.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helper fails by panicking, as the test itself does"
)]

mod support;

mod section_3;
mod section_4;
mod section_5;
mod simulation;
