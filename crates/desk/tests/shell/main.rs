//! The shell's rules, with a toy core, the memory store with faults and the in-process bus. Several
//! "processes" are several `Desks` on the same store and bus.

mod support;

mod section_3;
