//! What a decision costs: a command goes in, its events come out and are applied. How this grows with agents and with
//! waiting tickets, and how long a desk takes to come back.
//!
//! Compare rows of one run; absolute times are the machine's. `cargo bench -p tandem-routing --bench decision` prints all
//! tables; names after `--` (`growth`, `load`, `verbs`, `choices`, `worst`, `recovery`) print those, and
//! `profile` is for profilers. Times include two
//! readings of the clock, which are shown; data come from a seed.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people to read"
)]

mod clock;
mod days;
mod desks;
mod recovery;
mod scan;
mod tables;

/// As in the processes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let all: [(&str, fn()); 7] = [
        ("growth", tables::growth),
        ("load", tables::load),
        ("verbs", tables::verbs),
        ("choices", tables::choices),
        ("worst", tables::worst),
        ("recovery", recovery::table),
        ("profile", tables::profile),
    ];
    println!("reading the clock twice: {} ns", clock::cost().as_nanos());
    for (_, table) in all
        .iter()
        .filter(|(name, _)| only.iter().any(|wanted| wanted == name) || (only.is_empty() && *name != "profile"))
    {
        table();
    }
}
