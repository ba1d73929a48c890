//! Readable output by default, JSON on request.

use std::io::{ErrorKind, IsTerminal, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width as Columns, presets};
use serde::Serialize;
use terminal_size::{Width, terminal_size};

use crate::cli::Format;
use crate::failure::Failure;

/// Between two columns.
const GAP: u16 = 2;

/// Prints one value: as JSON, or as `text` puts it.
pub(crate) fn show<T: Serialize>(format: Format, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    let rendered = match format {
        Format::Json => serde_json::to_string(value)
            .map_err(|error| Failure::Fault(format!("the answer cannot be written as JSON: {error}")))?,
        Format::Text => text(value),
    };
    print_line(&rendered)
}

/// Prints one line; a reader who has gone away (a closed pipe) ends the program quietly.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(format!("{line}\n").as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        other => other.map_err(|error| Failure::Fault(format!("cannot write to standard output: {error}"))),
    }
}

/// A plain table: header, then rows; `empty` where there are none. On a terminal, long cells are wrapped to fit.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>, empty: &str) -> String {
    let mut table = Table::new();
    table.set_header(header).add_rows(rows);
    if table.is_empty() {
        return empty.to_owned();
    }
    arranged(table, terminal_width())
}

/// Rows without a header, in columns.
pub(crate) fn columns<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.add_rows(rows);
    arranged(table, terminal_width())
}

/// None: it goes to a file or another program.
fn terminal_width() -> Option<u16> {
    let size = terminal_size().filter(|_| std::io::stdout().is_terminal());
    size.map(|(Width(columns), _)| columns)
}

/// Too narrow for a cell to be wrapped to.
const NARROWEST: u16 = 16;

fn arranged(mut table: Table, width: Option<u16>) -> String {
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    if let Some(width) = width {
        wrap_widest(&mut table, width);
    }
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Where a table is too wide, only its widest column is wrapped: words that are cut help nobody.
fn wrap_widest(table: &mut Table, width: u16) {
    let widths = table.column_max_content_widths();
    let whole: u16 = widths.iter().map(|column| column + GAP).sum();
    let Some((widest, content)) = widths.into_iter().enumerate().max_by_key(|(_, content)| *content) else {
        return;
    };
    let left = (width + GAP).saturating_sub(whole - content);
    if whole > width + GAP && left >= NARROWEST {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width + GAP);
        for (at, column) in table.column_iter_mut().enumerate() {
            let constraint = if at == widest {
                ColumnConstraint::Absolute(Columns::Fixed(left + GAP))
            } else {
                ColumnConstraint::ContentWidth
            };
            column.set_constraint(constraint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Table {
        let mut table = Table::new();
        table.set_header(["X", "Y"]);
        table.add_rows([["a", "one two three four"], ["bbb", "five"]]);
        table
    }

    #[test]
    fn columns_stand_below_each_other_without_blanks_around() {
        let text = arranged(small(), None);
        assert_eq!(text, "X    Y\na    one two three four\nbbb  five");
    }

    #[test]
    fn a_narrow_terminal_wraps_the_widest_column_between_words() {
        let text = arranged(small(), Some(21));
        assert_eq!(text, "X    Y\na    one two three\n     four\nbbb  five");
    }

    #[test]
    fn a_terminal_that_is_too_narrow_for_that_wraps_lines_itself() {
        assert_eq!(arranged(small(), Some(9)), arranged(small(), None));
    }

    #[test]
    fn without_rows_it_says_so() {
        assert_eq!(table(["X"], std::iter::empty(), "none"), "none");
    }
}
