//! The tables of this bench.

use comfy_table::{CellAlignment, Table, presets};
use tandem_domain::desk::Choice;

use crate::clock::Times;
use crate::days::Day;
use crate::desks::Size;
use crate::scan;

/// After how many arrivals a desk is as it will go on to be, and how many are measured then.
const MEASURED: usize = 200_000;

fn table(title: &str, heads: &[&str]) -> Table {
    println!("\n{title}");
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(heads.iter().copied());
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn spread(times: &Times) -> [String; 4] {
    [
        format!("{:.0}", times.mean()),
        times.per_mille(500).to_string(),
        times.per_mille(990).to_string(),
        times.per_mille(999).to_string(),
    ]
}

fn at_work(size: Size, load: f64, waiting: usize) -> Day {
    let mut day = Day::new(size, load);
    day.fill(waiting);
    day.pass(size.agents / 2 + 20_000);
    day.forget_costs();
    day.pass(MEASURED);
    day
}

/// Agents × waiting tickets, all commands together.
pub(crate) fn growth() {
    let mut table = table(
        "growth: ns per command, all kinds as they come (50 skills × 10 languages, 10 of 500 kinds per agent)",
        &[
            "agents",
            "waiting",
            "load",
            "mean",
            "p50",
            "p99",
            "p99.9",
            "M commands/s",
            "× the row above",
        ],
    );
    let mut before: Option<f64> = None;
    for (agents, waiting, load) in [
        (100, 0, 0.95),
        (1_000, 0, 0.95),
        (10_000, 0, 0.95),
        (100_000, 0, 0.95),
        (1_000, 100, 1.05),
        (1_000, 1_000, 1.05),
        (1_000, 10_000, 1.05),
        (1_000, 100_000, 1.05),
        (1_000, 1_000_000, 1.05),
        (10_000, 1_000, 1.05),
        (10_000, 100_000, 1.05),
        (10_000, 1_000_000, 1.05),
        (100_000, 100_000, 1.05),
    ] {
        let times = at_work(Size::standard(agents), load, waiting).costs.mixed();
        let ratio = before.map_or_else(String::new, |before| format!("{:.2}", times.mean() / before));
        before = Some(times.mean());
        let rate = f64::from(times.number()) / times.sum().as_secs_f64() / 1e6;
        let head = [agents.to_string(), waiting.to_string(), load.to_string()];
        table.add_row(
            head.into_iter()
                .chain(spread(&times))
                .chain([format!("{rate:.2}"), ratio]),
        );
    }
    println!("{table}");
}

/// Standard and broad desks at both loads, beside the plain scan.
pub(crate) fn load() {
    let mut table = table(
        "load: ns per command beside one plain scan over all agents",
        &[
            "desk",
            "agents",
            "load",
            "mean",
            "p50",
            "p99",
            "p99.9",
            "scan",
            "scan / mean",
        ],
    );
    for (name, size) in [
        ("50 × 10", Size::standard(1_000)),
        ("50 × 10", Size::standard(10_000)),
        ("50 × 10", Size::standard(100_000)),
        ("500 × 30", Size::broad(10_000)),
        ("500 × 30", Size::broad(100_000)),
    ] {
        let scan = scan::choices(size, 2_000_000 / size.agents).mean();
        for load in [0.95, 1.05] {
            let times = at_work(size, load, 0).costs.mixed();
            let head = [name.to_owned(), size.agents.to_string(), load.to_string()];
            let tail = [format!("{scan:.0}"), format!("{:.0}", scan / times.mean())];
            table.add_row(head.into_iter().chain(spread(&times)).chain(tail));
        }
    }
    println!("{table}");
}

/// Each kind of command by itself.
pub(crate) fn verbs() {
    let mut table = table(
        "verbs: ns per command of each kind (10 000 agents, 50 × 10)",
        &["command", "load", "number", "mean", "p50", "p99", "p99.9"],
    );
    for load in [0.95, 1.05] {
        let day = at_work(Size::standard(10_000), load, 0);
        let costs = &day.costs;
        for (name, times) in [
            ("arrive", &costs.arrive),
            ("accept", &costs.accept),
            ("finish", &costs.finish),
            ("close (a tick)", &costs.tick),
        ] {
            let head = [name.to_owned(), load.to_string(), times.number().to_string()];
            table.add_row(head.into_iter().chain(spread(times)));
        }
    }
    let expired = expiring();
    let head = [
        "expire (a tick)".to_owned(),
        "0.5".to_owned(),
        expired.number().to_string(),
    ];
    table.add_row(head.into_iter().chain(spread(&expired)));
    println!("{table}");
}

/// One in ten offers is not answered: it expires, and the ticket is offered to the next.
fn expiring() -> Times {
    let mut day = Day::new(Size::standard(10_000), 0.5);
    day.pass(20_000);
    day.miss_one_of(10);
    day.pass(100_000);
    day.forget_costs();
    day.pass(100_000);
    day.costs.tick
}

/// Each way of choosing an agent.
pub(crate) fn choices() {
    let mut table = table(
        "choices: ns per command by how agents are chosen (50 × 10, load 0.95)",
        &["choice", "agents", "mean", "p50", "p99", "p99.9"],
    );
    for choice in Choice::ALL {
        for agents in [1_000, 10_000, 100_000] {
            let times = at_work(Size::standard(agents).chosen_by(*choice), 0.95, 0)
                .costs
                .mixed();
            let head = [choice.as_str().to_owned(), agents.to_string()];
            table.add_row(head.into_iter().chain(spread(&times)));
        }
    }
    println!("{table}");
}

/// Ten thousand kinds of tickets, and nothing that waits fits anybody.
pub(crate) fn worst() {
    let mut table = table(
        "worst: ns per command (10 000 kinds of tickets; what waits fits nobody)",
        &["agents", "kinds each", "waiting", "mean", "p50", "p99", "p99.9"],
    );
    for (agents, skills_each, languages_each) in [(1_000, 10, 2), (10_000, 10, 2), (10_000, 50, 10)] {
        let size = Size {
            agents,
            skills: 500,
            languages: 20,
            skills_each,
            languages_each,
            choice: Choice::LeastLoaded,
        };
        for waiting in [1_000, 100_000] {
            let mut day = Day::new(size, 0.95);
            day.fill_unfit(waiting);
            day.fill(0);
            day.pass(agents / 2 + 20_000);
            day.forget_costs();
            day.pass(MEASURED / 2);
            let head = [
                agents.to_string(),
                (skills_each * languages_each).to_string(),
                waiting.to_string(),
            ];
            table.add_row(head.into_iter().chain(spread(&day.costs.mixed())));
        }
    }
    println!("{table}");
}

/// A desk at work, for as long as a profiler needs; `measured` is what it should look at.
pub(crate) fn profile() {
    let mut day = Day::new(Size::standard(10_000), 0.95);
    day.fill(0);
    day.pass(40_000);
    day.forget_costs();
    measured(&mut day);
    println!("{:.0} ns per command", day.costs.mixed().mean());
}

#[inline(never)]
fn measured(day: &mut Day) {
    day.pass(20_000);
}
