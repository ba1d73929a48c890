//! How long a desk takes to come back: events that are replayed, and snapshots that are loaded.

use comfy_table::{CellAlignment, Table, presets};
use tandem_domain::Core;
use tandem_routing::RoutingCore;

use crate::clock::now;
use crate::days::Day;
use crate::desks::{Size, key};

pub(crate) fn table() {
    println!("\nrecovery: a desk with 1 000 agents comes back");
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["open tickets", "snapshot MB", "written s", "restored s", "tickets/s"]);
    table
        .column_iter_mut()
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    for open in [10_000, 100_000, 1_000_000] {
        let mut day = Day::new(Size::standard(1_000), 1.05);
        day.fill(open);
        let begun = now();
        let snapshot = day.core.snapshot();
        let written = begun.elapsed();
        let begun = now();
        let restored = RoutingCore::restore(&key("acme"), RoutingCore::SNAPSHOT_FORMAT, &snapshot);
        let took = begun.elapsed();
        assert!(restored.is_ok(), "{restored:?}");
        table.add_row([
            open.to_string(),
            format!("{:.1}", snapshot.len() as f64 / 1e6),
            format!("{:.3}", written.as_secs_f64()),
            format!("{:.3}", took.as_secs_f64()),
            format!("{:.0}", open as f64 / took.as_secs_f64()),
        ]);
    }
    println!("{table}");
    replay();
}

/// Events as the journal has them; reading their bytes is the shell's.
fn replay() {
    let history = Day::recorded(Size::standard(1_000), 0.95, 250_000);
    let mut core = RoutingCore::new(&key("acme"));
    let begun = now();
    for event in &history {
        core.apply(event);
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "replay: {} events in {took:.3} s: {:.2} M events/s",
        history.len(),
        history.len() as f64 / took / 1e6
    );
}
