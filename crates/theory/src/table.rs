//! The table that people read.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::figure::{Figure, Judge, Known, Verdict};

/// One gate's figures.
#[must_use]
pub fn table(figures: &[Figure], judge: Judge) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["system", "figure", "known", "Tandem", "+-", "verdict"]);
    for figure in figures {
        table.add_row([
            figure.system.clone(),
            figure.name.clone(),
            known(&figure.known, judge.chance),
            number(figure.found.mean),
            error(figure, judge.chance),
            verdict(figure.verdict(judge)).to_owned(),
        ]);
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn known(known: &Known, chance: f64) -> String {
    match known {
        Known::Exact(value) => number(*value),
        Known::Published(estimate) => format!("{} +- {}", number(estimate.mean), number(estimate.half_width(chance))),
        Known::AtLeast(bound) => format!(">= {}", number(*bound)),
        Known::AtMost(bound) => format!("<= {}", number(*bound)),
        Known::Within { of, by } => format!("{} +- {}", number(*of), number(*by)),
        Known::Nothing => String::new(),
    }
}

/// Half the interval; nothing where nothing is left to chance.
fn error(figure: &Figure, chance: f64) -> String {
    let half = figure.found.half_width(chance);
    if half > 0.0 { number(half) } else { String::new() }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "FAILS",
        Verdict::Shown => "",
    }
}

/// As many places as tell something: five significant digits, at most seven places; none for a count.
fn number(value: f64) -> String {
    let magnitude = value.abs().max(1e-3).log10().floor();
    let places = if value.fract() == 0.0 {
        0.0
    } else {
        (4.0 - magnitude).clamp(0.0, 7.0)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=7"
    )]
    let places = places as usize;
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Estimate;

    #[test]
    fn numbers_have_the_places_that_tell_something() {
        assert_eq!(number(0.102_160_350_2), "0.10216");
        assert_eq!(number(4297.305), "4297.3");
        assert_eq!(number(0.000_167_66), "0.0001677");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(1_000_000.0), "1000000");
    }

    #[test]
    fn the_table_says_what_fails() {
        let found = Estimate::of(&[1.0, 1.1, 0.9]);
        let figures = [
            Figure::new("x", "good", Known::Exact(1.0), found),
            Figure::new("x", "bad", Known::Exact(2.0), found),
        ];
        let judge = Judge {
            chance: 0.01,
            strict: true,
        };
        let text = table(&figures, judge).to_string();
        assert!(text.contains("holds") && text.contains("FAILS"), "{text}");
    }
}
