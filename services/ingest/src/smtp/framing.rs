//! Cuts what a peer sends into command lines.

use bytes::{Buf, BytesMut};

/// Why the stream cannot be read on: nothing after it can be trusted to be what it seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A CR without LF, or an LF without CR.
    BareLineEnd,
    /// A line longer than allowed.
    TooLong,
}

/// Bytes that have come and were not dealt with.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) bytes: BytesMut,
    // Up to here there is no line end, so that slow peers do not make us look again and again.
    searched: usize,
}

impl Input {
    /// The next line, without its CR LF; none until it has come whole.
    pub(super) fn line(&mut self, limit: usize) -> Result<Option<BytesMut>, Fault> {
        let unsearched = self.bytes[self.searched..].iter();
        let found = unsearched.take(limit + 2).position(|b| matches!(b, b'\r' | b'\n'));
        let end = self.searched + found.unwrap_or(self.bytes.len() - self.searched);
        if end > limit {
            return Err(Fault::TooLong);
        }
        self.searched = end;
        match self.bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => Ok(Some(self.cut(end))),
            Some([] | [b'\r']) | None => Ok(None),
            Some(_) => Err(Fault::BareLineEnd),
        }
    }

    /// Drops bytes that somebody else has dealt with.
    pub(super) fn forget(&mut self, count: usize) {
        self.bytes.advance(count);
        self.searched = 0;
    }

    fn cut(&mut self, end: usize) -> BytesMut {
        let line = self.bytes.split_to(end);
        self.bytes.advance(2);
        self.searched = 0;
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> (Vec<BytesMut>, Result<(), Fault>) {
        let mut input = Input {
            bytes: text.into(),
            ..Input::default()
        };
        let mut lines = Vec::new();
        loop {
            match input.line(10) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => return (lines, Ok(())),
                Err(fault) => return (lines, Err(fault)),
            }
        }
    }

    #[test]
    fn only_cr_lf_ends_a_line() {
        assert_eq!(lines(b"a\r\n\r\nb"), (vec![b"a"[..].into(), b""[..].into()], Ok(())));
        for bare in [&b"a\nb\r\n"[..], b"a\rb\r\n", b"\n", b"a\r\r\n", b"\r\r"] {
            assert_eq!(lines(bare), (vec![], Err(Fault::BareLineEnd)), "{bare:?}");
        }
    }

    #[test]
    fn a_cr_at_the_end_waits_for_its_lf() {
        assert_eq!(lines(b"a\r"), (vec![], Ok(())));
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
        assert_eq!(lines(b"0123456789\r\n").0.len(), 1);
        assert_eq!(lines(b"0123456789\r"), (vec![], Ok(())));
        assert_eq!(lines(b"0123456789A"), (vec![], Err(Fault::TooLong)));
        assert_eq!(lines(b"0123456789A\r\n"), (vec![], Err(Fault::TooLong)));
    }
}
