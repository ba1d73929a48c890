//! Readable output by default, JSON on request.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::cli::Format;
use crate::failure::Failure;

/// Prints one value: as JSON, or as `text` puts it.
pub fn show<T: Serialize>(format: Format, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    let rendered = match format {
        Format::Json => json(value)?,
        Format::Text => text(value),
    };
    print_line(&rendered)
}

/// Prints one line; a reader who has gone away (a closed pipe) ends the program quietly.
pub fn print_line(line: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => other.map_err(|error| Failure::Fault(format!("cannot write to standard output: {error}"))),
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Fault(format!("cannot write JSON: {error}")))
}

/// A plain table: header, then rows; `empty` where there are none.
pub fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>, empty: &str) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    if table.is_empty() {
        empty.to_owned()
    } else {
        trim_lines(&table.to_string())
    }
}

fn trim_lines(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_no_trailing_blanks_and_says_when_it_is_empty() {
        let rows = [["a".to_owned(), "bb".to_owned()]];
        let text = table(["X", "Y"], rows.into_iter(), "none");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
        assert_eq!(table(["X"], std::iter::empty(), "none"), "none");
    }
}
