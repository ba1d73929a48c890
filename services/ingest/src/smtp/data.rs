//! Takes the message that follows DATA.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Limits;
use super::framing::Fault;
use super::reply::{self, Reply};

/// Bytes that one permit of the memory budget stands for.
const MEMORY_UNIT: usize = 64 << 10;

/// The budget of all messages being received or stored.
pub(super) fn memory_budget(limits: &Limits) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(
        (limits.memory_bytes / MEMORY_UNIT).min(Semaphore::MAX_PERMITS),
    ))
}

/// How far the message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More must come.
    More,
    /// CR LF . CR LF was read: [`Receiver::finish`].
    End,
    /// Too much was thrown away already: answer [`Receiver::finish`]'s refusal and close.
    GiveUp,
}

/// A whole message, and the share of memory that it holds until it is dropped.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) raw: Bytes,
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    AfterDot,
    AfterDotCr,
    InLine,
    AfterCr,
}

/// Reads a message in pieces of any size. What is stored is what was sent: without the dots that
/// were put before dots (RFC 5321, section 4.5.2) and otherwise to the byte.
pub(super) struct Receiver<'a> {
    limits: &'a Limits,
    place: Place,
    message: Vec<u8>,
    line_start: usize,
    line_bytes: usize,
    headers: Headers,
    memory: Memory,
    refusal: Option<Reply>,
    discarded: usize,
}

impl<'a> Receiver<'a> {
    pub(super) fn new(limits: &'a Limits, budget: Arc<Semaphore>) -> Self {
        Self {
            limits,
            place: Place::LineStart,
            message: Vec::new(),
            line_start: 0,
            line_bytes: 0,
            headers: Headers::default(),
            memory: Memory {
                budget,
                permit: None,
                units: 0,
            },
            refusal: None,
            discarded: 0,
        }
    }

    /// Takes the next piece; says how many of its bytes belong to the message.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(usize, Progress), Fault> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            (self.place, at) = match (self.place, byte) {
                (Place::LineStart, b'.') => (Place::AfterDot, at + 1),
                (Place::AfterDot, b'\r') => (Place::AfterDotCr, at + 1),
                (Place::AfterDotCr, b'\n') => return Ok((at + 1, Progress::End)),
                (Place::AfterCr, b'\n') => {
                    self.end_line();
                    (Place::LineStart, at + 1)
                }
                (Place::AfterDotCr | Place::AfterCr, _) | (_, b'\n') => return Err(Fault::BareLineEnd),
                (_, b'\r') => (Place::AfterCr, at + 1),
                (Place::LineStart | Place::AfterDot | Place::InLine, _) => {
                    let text = &piece[at..];
                    let end = text
                        .iter()
                        .position(|b| matches!(b, b'\r' | b'\n'))
                        .unwrap_or(text.len());
                    self.put_text(&text[..end]);
                    (Place::InLine, at + end)
                }
            };
            if self.discarded > self.limits.discard_bytes {
                return Ok((at, Progress::GiveUp));
            }
        }
        Ok((at, Progress::More))
    }

    /// The message, or why it is refused.
    pub(super) fn finish(self) -> Result<Received, Reply> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Received {
                raw: self.message.into(),
                memory: self.memory.permit,
            }),
        }
    }

    fn put_text(&mut self, text: &[u8]) {
        self.line_bytes += text.len();
        if self.line_bytes > self.limits.data_line_bytes {
            self.refuse(reply::LINE_TOO_LONG);
        }
        self.put(text);
    }

    fn end_line(&mut self) {
        if self.refusal.is_none() && !self.headers.over {
            self.headers.line(&self.message[self.line_start..]);
        }
        self.put(b"\r\n");
        self.line_start = self.message.len();
        self.line_bytes = 0;
        self.check_headers();
    }

    fn check_headers(&mut self) {
        if self.headers.received >= self.limits.received_fields {
            self.refuse(reply::MAIL_LOOP);
        } else if self.headers.fields > self.limits.header_fields {
            self.refuse(reply::HEADERS_TOO_LARGE);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let length = self.message.len() + bytes.len();
        if self.refusal.is_some() {
            self.discarded += bytes.len();
        } else if length > self.limits.message_bytes {
            self.refuse(reply::MESSAGE_TOO_LARGE);
        } else if !self.headers.over && length > self.limits.header_bytes {
            self.refuse(reply::HEADERS_TOO_LARGE);
        } else if !self.memory.reserve(length) {
            self.refuse(reply::NO_MEMORY);
        } else {
            self.message.extend_from_slice(bytes);
        }
    }

    /// From now on the rest is read only to be thrown away.
    fn refuse(&mut self, refusal: Reply) {
        if self.refusal.is_none() {
            self.refusal = Some(refusal);
            self.message = Vec::new();
            self.memory.release();
        }
    }
}

/// Counts header fields while they pass.
#[derive(Default)]
struct Headers {
    over: bool,
    fields: usize,
    received: usize,
}

impl Headers {
    fn line(&mut self, line: &[u8]) {
        const RECEIVED: &[u8] = b"received:";
        match line.first() {
            None => self.over = true,
            Some(b' ' | b'\t') => {}
            Some(_) => self.fields += 1,
        }
        let name = line.get(..RECEIVED.len());
        self.received += usize::from(name.is_some_and(|name| name.eq_ignore_ascii_case(RECEIVED)));
    }
}

/// A message's share of the memory budget. Never waits: two half-received messages that wait for
/// each other's memory would wait for ever.
struct Memory {
    budget: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    units: usize,
}

impl Memory {
    fn reserve(&mut self, bytes: usize) -> bool {
        let units = bytes.div_ceil(MEMORY_UNIT);
        let missing = u32::try_from(units.saturating_sub(self.units)).unwrap_or(u32::MAX);
        if missing == 0 {
            return true;
        }
        let Ok(more) = Arc::clone(&self.budget).try_acquire_many_owned(missing) else {
            return false;
        };
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        self.units = units;
        true
    }

    fn release(&mut self) {
        self.permit = None;
        self.units = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn small() -> Limits {
        Limits {
            message_bytes: 1000,
            header_bytes: 300,
            header_fields: 10,
            received_fields: 5,
            data_line_bytes: 50,
            discard_bytes: 2000,
            ..Limits::default()
        }
    }

    /// The message or its refusal, how far it came, and what was left over.
    type Outcome = (Result<Bytes, Reply>, Progress, Vec<u8>);

    fn receive(limits: &Limits, pieces: &[&[u8]]) -> Result<Outcome, Fault> {
        let mut receiver = Receiver::new(limits, memory_budget(limits));
        let mut progress = Progress::More;
        let mut rest = Vec::new();
        for piece in pieces {
            if progress != Progress::More {
                rest.extend_from_slice(piece);
                continue;
            }
            let (taken, now) = receiver.feed(piece)?;
            progress = now;
            rest.extend_from_slice(&piece[taken..]);
        }
        Ok((receiver.finish().map(|received| received.raw), progress, rest))
    }

    fn whole(text: &[u8]) -> Result<Bytes, Reply> {
        let (outcome, progress, _) = receive(&small(), &[text]).expect("well framed");
        assert_eq!(progress, Progress::End);
        outcome
    }

    #[test]
    fn dots_before_dots_are_taken_away() {
        assert_eq!(&whole(b"..a\r\n...\r\n.b\r\n.\r\n").unwrap()[..], b".a\r\n..\r\nb\r\n");
        assert_eq!(&whole(b".\r\n").unwrap()[..], b"");
    }

    #[test]
    fn only_cr_lf_dot_cr_lf_ends_the_message() {
        for smuggled in [
            &b"a\n.\n"[..],
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r.\r\n",
            b"a\r\n.\r\r\n",
            b"a\r\n.\rb",
            b"a\r\n\n",
            b".\n",
            b"a\r\r\n.\r\n",
            b"\r\n.\r.\r\n",
            b"\n",
        ] {
            assert_eq!(receive(&small(), &[smuggled]), Err(Fault::BareLineEnd), "{smuggled:?}");
        }
    }

    #[test]
    fn what_follows_the_message_is_left_for_the_dialogue() {
        let (outcome, _, rest) = receive(&small(), &[b"a\r\n.\r\nQUIT\r\n"]).unwrap();
        assert_eq!((&outcome.unwrap()[..], &rest[..]), (&b"a\r\n"[..], &b"QUIT\r\n"[..]));
    }

    #[test]
    fn limits_are_refused_at_the_end_of_the_message() {
        let fields = |name: &str, count| format!("{name}: x\r\n").repeat(count) + "\r\nbody\r\n.\r\n";
        let long_line = "x".repeat(51) + "\r\n.\r\n";
        let many_bytes = "\r\n".to_owned() + &"12345678\r\n".repeat(101) + ".\r\n";
        let large_headers = "A: 012345678901234567890123456789\r\n".repeat(9) + "\r\n.\r\n";
        assert_eq!(whole(fields("A", 11).as_bytes()), Err(reply::HEADERS_TOO_LARGE));
        assert_eq!(whole(fields("rEceived", 5).as_bytes()), Err(reply::MAIL_LOOP));
        assert_eq!(whole(long_line.as_bytes()), Err(reply::LINE_TOO_LONG));
        assert_eq!(whole(many_bytes.as_bytes()), Err(reply::MESSAGE_TOO_LARGE));
        assert_eq!(whole(large_headers.as_bytes()), Err(reply::HEADERS_TOO_LARGE));
        assert!(whole(fields("A", 10).as_bytes()).is_ok());
        assert!(whole(fields("Received", 4).as_bytes()).is_ok());
    }

    #[test]
    fn only_header_fields_count_as_header_fields() {
        let text = "Subject: x\r\n folded\r\n".to_owned() + "\r\n" + &"Received: not one\r\n".repeat(20) + ".\r\n";
        assert!(whole(text.as_bytes()).is_ok());
    }

    #[test]
    fn discarding_has_an_end() {
        let endless = "12345678\r\n".repeat(1000);
        let (outcome, progress, _) = receive(&small(), &[endless.as_bytes()]).unwrap();
        assert_eq!((outcome, progress), (Err(reply::HEADERS_TOO_LARGE), Progress::GiveUp));
    }

    #[test]
    fn memory_is_shared_and_given_back() {
        let limits = Limits {
            memory_bytes: 2 * MEMORY_UNIT,
            ..Limits::default()
        };
        let budget = memory_budget(&limits);
        let text = [b"\r\n".repeat(MEMORY_UNIT / 2 + 1), b".\r\n".to_vec()].concat();
        let take = || {
            let mut receiver = Receiver::new(&limits, Arc::clone(&budget));
            receiver.feed(&text).unwrap();
            receiver.finish()
        };
        let first = take().expect("fits");
        assert_eq!(take().map(|received| received.raw), Err(reply::NO_MEMORY));
        drop(first);
        assert!(take().is_ok());
        assert_eq!(budget.available_permits(), 2);
    }

    proptest! {
        #[test]
        fn the_size_of_the_pieces_changes_nothing(
            text in "(a|\\.|\r\n|\r|\n|Received: x\r\n|[b-d]{30}){0,40}",
            cuts in proptest::collection::vec(0usize..200, 0..20),
        ) {
            let text = text + "\r\n.\r\nREST";
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(receive(&small(), &pieces), receive(&small(), &[text.as_bytes()]));
        }
    }
}
