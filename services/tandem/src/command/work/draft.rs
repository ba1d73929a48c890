//! A text of several lines, while it is being written.

use crate::command::answers::Writing;

/// What is written so far.
pub(super) struct Draft(Writing);

/// After another line.
pub(super) enum Next {
    More(Draft),
    Written(Writing),
}

impl Draft {
    /// A draft without text.
    pub(super) fn of(writing: Writing) -> Self {
        Self(writing)
    }

    /// Takes a line; a single dot ends the text.
    pub(super) fn line(self, line: &str) -> Next {
        let mut writing = self.0;
        if line.trim_end() == "." {
            return Next::Written(writing);
        }
        writing.text.push_str(line);
        writing.text.push('\n');
        Next::More(Self(writing))
    }

    /// What it is.
    pub(super) fn what(&self) -> String {
        what(&self.0)
    }
}

/// What it is to write this.
pub(super) fn what(writing: &Writing) -> String {
    let word = if writing.internal { "note" } else { "say" };
    format!("{word} T{}", writing.ticket)
}

#[cfg(test)]
mod tests {
    use tandem_proto::v1::AfterAnswer;

    use super::*;

    #[test]
    fn lines_are_taken_up_to_a_single_dot() {
        let empty = Writing {
            ticket: 7,
            text: String::new(),
            internal: false,
            then: AfterAnswer::Keep,
        };
        let Next::More(draft) = Draft::of(empty).line("Good morning,") else {
            panic!("a line ended it")
        };
        let Next::More(draft) = draft.line("..") else {
            panic!("two dots ended it")
        };
        assert_eq!(draft.what(), "say T7");
        let Next::Written(written) = draft.line(".") else {
            panic!("a dot did not end it")
        };
        assert_eq!(written.text, "Good morning,\n..\n");
    }
}
