//! The file as a tree in which every node knows its place, built from the YAML parser's events.
//!
//! The parser's own loaders stop at the first duplicate key, follow aliases and recurse; this one
//! reports every duplicate, refuses aliases (so there is nothing to blow up) and cuts deep nesting.

use std::borrow::Cow;
use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::fault::{Fault, Position, Report};
use crate::suggest::quoted;

/// No key of a desk file is nested deeper than this.
const DEEPEST: usize = 16;

/// One value of the file.
pub(crate) struct Node {
    pub(crate) at: Position,
    /// Where its text begins, in characters from the file's start.
    pub(crate) start: usize,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    /// Text, a number, a truth value or nothing: which of them the reader knows.
    Scalar {
        text: String,
        style: ScalarStyle,
    },
    List(Vec<Node>),
    /// In the file's order; of a repeated key only the first is kept.
    Table(Vec<(Key, Node)>),
    /// Already reported; nothing more is to be said of it.
    Refused,
}

pub(crate) struct Key {
    pub(crate) at: Position,
    pub(crate) text: String,
}

impl Node {
    /// Whether nothing stands there: an empty value, `~` or `null`.
    pub(crate) fn is_nothing(&self) -> bool {
        match &self.value {
            Value::Scalar {
                text,
                style: ScalarStyle::Plain,
            } => matches!(text.as_str(), "" | "~" | "null"),
            _ => false,
        }
    }

    fn refused(at: Marker) -> Self {
        Self {
            at: position(at),
            start: at.index(),
            value: Value::Refused,
        }
    }
}

/// The tree, or none if the text is not YAML or there is nothing in it; why is in the report.
pub(crate) fn load(text: &str, report: &Report) -> Option<Node> {
    let mut builder = Builder {
        report,
        open: Vec::new(),
        root: None,
    };
    let mut documents = 0;
    for event in Events(Parser::new_from_str(text)) {
        match event {
            Ok((Event::DocumentStart(_), span)) => {
                documents += 1;
                if documents > 1 {
                    let message = "a second document begins here: a desk file is one document";
                    report.fault(Fault::new(position(span.start), "", message));
                    return None;
                }
            }
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                report.fault(syntax_fault(text, &error));
                return None;
            }
        }
    }
    let root = builder.root.filter(|root| !root.is_nothing());
    if root.is_none() {
        report.fault(Fault::new(
            Position::START,
            "",
            "the file is empty: it needs at least `desk: KEY`",
        ));
    }
    root
}

/// The parser's events up to and including its first error, after which it would repeat itself.
struct Events<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Iterator for Events<'t> {
    type Item = Result<(Event<'t>, Span), ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_event()
    }
}

fn position(marker: Marker) -> Position {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: count(marker.line()),
        column: count(marker.col().saturating_add(1)),
    }
}

/// Tabs are the one mistake that the parser's words do not make plain.
fn syntax_fault(text: &str, error: &ScanError) -> Fault {
    let at = position(*error.marker());
    let last = usize::try_from(at.line).unwrap_or(usize::MAX);
    let lines = text.lines().enumerate().take(last).skip(last.saturating_sub(2));
    let tab = lines
        .filter_map(|(index, line)| Some((index, indentation(line).find('\t')?)))
        .last();
    match tab {
        Some((index, column)) => {
            let at = position(Marker::new(0, index + 1, column));
            Fault::new(at, "", "a tab cannot indent YAML: use spaces")
        }
        None => Fault::new(at, "", format!("not YAML: {}", error.info())),
    }
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// A list or table that has begun and not yet ended.
struct Open {
    node: Node,
    /// The key that waits for its value; none: the next node of a table is a key.
    pending: Option<Pending>,
    seen: HashSet<String>,
}

struct Pending {
    key: Key,
    /// Not for a repeated or impossible key, of which the fault was reported.
    is_kept: bool,
}

struct Builder<'r> {
    report: &'r Report,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    /// None: reading on makes no sense.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let at = position(span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(at, anchor, tag.is_some());
                self.scalar(text, style, span.start);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(at, anchor, tag.is_some());
                self.begin(span.start, Value::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(at, anchor, tag.is_some());
                self.begin(span.start, Value::Table(Vec::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(_) => {
                self.fault(at, "aliases (`*name`) are not supported: write the value out");
                self.place(Node::refused(span.start));
            }
            _ => {}
        }
        Some(())
    }

    fn fault(&self, at: Position, message: impl Into<String>) {
        self.report.fault(Fault::new(at, self.path(), message));
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match (&open.node.value, &open.pending) {
                (Value::List(items), _) => path = format!("{path}[{}]", items.len()),
                (_, Some(pending)) => path = join(&path, &pending.key.text),
                _ => {}
            }
        }
        path
    }

    fn refuse_extras(&self, at: Position, anchor: usize, tag: bool) {
        if anchor > 0 {
            self.fault(
                at,
                "anchors (`&name`) are not supported: write the value out where it is needed",
            );
        }
        if tag {
            self.fault(at, "tags (`!name`) are not supported: leave it away");
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, start: Marker) {
        if self.open.last().is_some_and(awaits_key) {
            self.key(Key {
                at: position(start),
                text: text.into_owned(),
            });
        } else {
            let value = Value::Scalar {
                text: text.into_owned(),
                style,
            };
            self.place(Node {
                at: position(start),
                start: start.index(),
                value,
            });
        }
    }

    fn key(&mut self, key: Key) {
        let Some(open) = self.open.last_mut() else { return };
        let is_kept = open.seen.insert(key.text.clone());
        let (at, shown) = (key.at, quoted(&key.text));
        open.pending = Some(Pending { key, is_kept });
        if !is_kept {
            self.fault(
                at,
                format!("the key {shown} stands here a second time: keep one of them"),
            );
        }
    }

    fn refuse_key(&mut self, at: Position) {
        self.fault(at, "a key must be plain text");
        if let Some(open) = self.open.last_mut() {
            open.pending = Some(Pending {
                key: Key {
                    at,
                    text: String::new(),
                },
                is_kept: false,
            });
        }
    }

    fn begin(&mut self, start: Marker, value: Value) -> Option<()> {
        if self.open.len() >= DEEPEST {
            self.fault(
                position(start),
                format!("nested deeper than {DEEPEST}: no part of a desk file is"),
            );
            return None;
        }
        let node = Node {
            at: position(start),
            start: start.index(),
            value,
        };
        self.open.push(Open {
            node,
            pending: None,
            seen: HashSet::new(),
        });
        Some(())
    }

    fn end(&mut self) {
        if let Some(done) = self.open.pop() {
            self.place(done.node);
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut open.node.value, open.pending.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Table(entries), Some(Pending { key, is_kept: true })) => entries.push((key, node)),
            (Value::Table(_), None) => self.refuse_key(node.at),
            _ => {}
        }
    }
}

fn awaits_key(open: &Open) -> bool {
    matches!(open.node.value, Value::Table(_)) && open.pending.is_none()
}

/// `agents` and `ana` make `agents.ana`.
pub(crate) fn join(path: &str, key: &str) -> String {
    let key = if key.len() > 64 { "…" } else { key };
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
