//! What is wrong with a desk file, and the list in which all of it is gathered.

use std::cell::{Cell, RefCell};
use std::fmt;

/// Somewhere in the file's text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// Something wrong with a desk file, or, as a warning, something that looks like a mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Where in the file, such as `agents.ana.skills.billing` or `rules[2].when`; empty: the file as a whole.
    pub path: String,
    /// What is wrong, what is allowed, and the nearest known word where there is one.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(at: Position, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            line: at.line,
            column: at.column,
            path: path.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// More than this helps nobody, and an answer with a fault for each of half a million lines fits no message.
const MOST_FAULTS: usize = 500;

/// Gathers faults and warnings while a file is read, so that one mistake does not hide the next.
#[derive(Default)]
pub(crate) struct Report {
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
    left_out: Cell<usize>,
}

impl Report {
    pub(crate) fn fault(&self, fault: Fault) {
        if self.is_full() {
            self.left_out.set(self.left_out.get() + 1);
        } else {
            self.faults.borrow_mut().push(fault);
        }
    }

    pub(crate) fn warn(&self, warning: Fault) {
        if !self.is_full_of_warnings() {
            self.warnings.borrow_mut().push(warning);
        }
    }

    /// Whether no more warnings are taken.
    pub(crate) fn is_full_of_warnings(&self) -> bool {
        self.warnings.borrow().len() >= MOST_FAULTS
    }

    /// Faults so far; a section was read without one if this did not move.
    pub(crate) fn count(&self) -> usize {
        self.faults.borrow().len() + self.left_out.get()
    }

    /// Whether what comes now is only counted, so that nobody need look for suggestions any more.
    pub(crate) fn is_full(&self) -> bool {
        self.faults.borrow().len() >= MOST_FAULTS
    }

    /// Faults and warnings, each in the order of the text.
    pub(crate) fn finish(self) -> (Vec<Fault>, Vec<Fault>) {
        let (mut faults, mut warnings) = (self.faults.into_inner(), self.warnings.into_inner());
        faults.sort();
        warnings.sort();
        if let (Some(last), more @ 1..) = (faults.last(), self.left_out.get()) {
            let at = Position {
                line: last.line,
                column: last.column,
            };
            faults.push(Fault::new(at, "", format!("and {more} more faults")));
        }
        (faults, warnings)
    }
}
