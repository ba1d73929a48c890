//! From a character of a value to its place in the file's text.

use saphyr_parser::ScalarStyle;

use crate::fault::Position;
use crate::tree::{Node, Value};

/// Where the character of a scalar stands in the file: quotes, indentation, folded lines and simple
/// escapes (`\"`, `\n`) are skipped; where the text cannot be followed (`\u00e9`), the value's beginning.
pub(crate) fn in_file(text: &str, node: &Node, offset: usize) -> Position {
    let Value::Scalar { text: value, style } = &node.value else {
        return node.at;
    };
    let mut source = Source {
        chars: rest(text, node.start).chars(),
        at: node.at,
    };
    source.skip_opening(*style);
    let mut found = source.at;
    for wanted in value.chars().take(offset + 1) {
        match source.find(wanted) {
            Some(at) => found = at,
            None => return node.at,
        }
    }
    // Just behind the last character, where something is missing.
    let is_behind = offset >= value.chars().count();
    Position {
        column: found.column + u32::from(is_behind),
        ..found
    }
}

/// The text from a character on; counting characters one by one takes long where many places are looked for.
fn rest(text: &str, start: usize) -> &str {
    let is_plain = text.as_bytes().get(..start).is_some_and(<[u8]>::is_ascii);
    let from = if is_plain {
        start
    } else {
        text.char_indices().nth(start).map_or(text.len(), |(at, _)| at)
    };
    &text[from..]
}

struct Source<'t> {
    chars: std::str::Chars<'t>,
    at: Position,
}

impl Source<'_> {
    fn skip_opening(&mut self, style: ScalarStyle) {
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                self.next();
            }
            // Of a block, the parser gives the first line of the text itself.
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => {}
        }
    }

    /// The next place where the file says `wanted`.
    fn find(&mut self, wanted: char) -> Option<Position> {
        loop {
            let (at, c) = self.next()?;
            let is_fold = c == '\n' && wanted == ' ';
            let is_escape = c == '\\' && wanted.is_whitespace();
            if is_escape {
                self.next();
            }
            if c == wanted || is_fold || is_escape {
                return Some(at);
            }
        }
    }

    fn next(&mut self) -> Option<(Position, char)> {
        let (at, c) = (self.at, self.chars.next()?);
        self.at = match c {
            '\n' => Position {
                line: at.line + 1,
                column: 1,
            },
            _ => Position {
                column: at.column + 1,
                ..at
            },
        };
        Some((at, c))
    }
}
