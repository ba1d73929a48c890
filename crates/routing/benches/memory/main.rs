//! What a waiting ticket takes of memory. A bench of its own, since counting costs time.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people to read"
)]

#[expect(dead_code, reason = "only the clock of days at work is needed")]
#[path = "../decision/clock.rs"]
mod clock;
mod counting;
#[expect(dead_code, reason = "other benches need more of it")]
#[path = "../decision/days.rs"]
mod days;
#[expect(dead_code, reason = "other benches need more of it")]
#[path = "../decision/desks.rs"]
mod desks;

use days::Day;
use desks::Size;

#[global_allocator]
static COUNTED: counting::Counting = counting::Counting;

fn main() {
    println!("bytes per waiting ticket (1 000 agents, 500 kinds of tickets; goal: 250)");
    for waiting in [1_000, 10_000, 100_000, 1_000_000] {
        let mut day = Day::new(Size::standard(1_000), 1.05);
        // The kinds of tickets are known, and their classes made.
        day.fill(2_000);
        let before = counting::in_use();
        day.fill(waiting);
        println!(
            "{waiting:>9} waiting: {:>5} bytes each",
            (counting::in_use() - before) / waiting
        );
    }
}
