//! `make theory`: runs the gates, prints each figure beside what is known, and fails when one is outside.

use std::process::ExitCode;
use std::thread;

use clap::Parser;
use tandem_theory::figure::{Figure, Judge, Verdict};
use tandem_theory::gates::GATES;
use tandem_theory::replicate::Effort;
use tandem_theory::stats::chance_of_each;
use tandem_theory::table::table;

/// The chance that a router that is right fails.
const FALSE_ALARM: f64 = 0.001;

/// Holds Tandem's router against what queueing theory knows.
#[derive(Parser)]
struct Arguments {
    /// From which all chance follows; another one gives other runs of the same systems.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these gates, such as AC.
    #[arg(long)]
    gates: Option<String>,
    /// Threads; by default as many as there are cores.
    #[arg(long)]
    threads: Option<usize>,
    /// Seconds instead of minutes, with intervals to match.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cores = || thread::available_parallelism().map_or(2, usize::from);
    let threads = arguments.threads.unwrap_or_else(cores);
    let effort = if arguments.quick {
        Effort::quick(arguments.seed, threads)
    } else {
        Effort::full(arguments.seed, threads)
    };
    let chosen = |letter: char| {
        arguments
            .gates
            .as_ref()
            .is_none_or(|gates| gates.to_uppercase().contains(letter))
    };
    let gates = GATES.iter().filter(|gate| chosen(gate.letter));
    let measured: Vec<_> = gates
        .map(|gate| {
            eprintln!("gate {}: {} ...", gate.letter, gate.title);
            (gate, (gate.measure)(&effort))
        })
        .collect();
    let all: Vec<&Figure> = measured.iter().flat_map(|(_, figures)| figures).collect();
    let tests = all.iter().filter(|figure| figure.is_test()).count();
    let judge = Judge {
        chance: chance_of_each(FALSE_ALARM, tests),
        strict: !arguments.quick,
    };
    for (gate, figures) in &measured {
        println!("\nGate {}, {}\n\n{}", gate.letter, gate.title, table(figures, judge));
    }
    let fails = all
        .iter()
        .filter(|figure| figure.verdict(judge) == Verdict::Fails)
        .count();
    println!(
        "\nseed {}: {} figures, {tests} of them tested against what is known, {fails} outside. Each interval (+-) misses \
         the truth with chance {:.1e}; all tests together raise a false alarm in one of {:.0} seeds. Goals are judged by \
         the mean.",
        arguments.seed,
        all.len(),
        judge.chance,
        1.0 / FALSE_ALARM
    );
    if fails == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
