//! The router's core, from the outside: commands in, events, views and rows out.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod activation;
mod answers;
mod assign;
mod availability;
mod batches;
mod between;
mod capacity;
mod choices;
mod draining;
mod dry_run;
mod everything;
mod explanations;
mod helpers;
mod histories;
mod intake;
mod invariants;
mod leaving;
mod matching;
mod matrix;
mod merge;
mod model;
mod offers;
mod offers_at_once;
mod orders;
mod overtaking;
mod policy;
mod presence;
mod priorities;
mod read_model;
mod regressions;
mod replay;
mod schedule;
mod simulation;
mod snapshots;
mod split;
mod stale;
mod standing;
mod steps;
mod stories;
mod support;
mod tickets;
mod verbs;
mod world;
