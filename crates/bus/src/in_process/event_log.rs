//! The events that are kept, and how far each durable consumer has come. Plain state without a runtime.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::EventMessage;
use crate::limits::MAX_UNACKED;
use crate::pattern::matches;

/// How much is kept for consumers that are behind. What falls out is a gap to them, and no longer known as a repeat.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most events.
    pub events: usize,
    /// The most bytes of payload; the newest event is kept even if it alone is larger.
    pub bytes: usize,
}

impl Default for Bounds {
    /// Some minutes of a busy desk, in a few dozen megabytes.
    fn default() -> Self {
        Self {
            events: 8192,
            bytes: 32 * 1024 * 1024,
        }
    }
}

#[derive(Default)]
pub(super) struct EventLog {
    bounds: Bounds,
    first: u64,
    kept: VecDeque<Arc<EventMessage>>,
    ids: HashSet<String>,
    bytes: usize,
    cursors: HashMap<String, Cursor>,
}

/// Reading is "go back N": what was not acknowledged comes again with all that follows it, so that order holds.
#[derive(Default)]
struct Cursor {
    reader: u64,
    pattern: String,
    next: u64,
    unacked: BTreeSet<u64>,
}

pub(super) enum Next {
    Event(u64, Arc<EventMessage>),
    Nothing,
    /// Somebody else reads as this consumer now.
    TakenOver,
}

/// One reader's claim to a consumer; a newer reader takes it over.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) consumer: Arc<str>,
    number: u64,
}

impl EventLog {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            ..Self::default()
        }
    }

    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Whether it is something new for somebody.
    pub(super) fn publish(&mut self, event: EventMessage) -> bool {
        if !self.ids.insert(event.id.clone()) {
            return false;
        }
        let position = self.first + self.kept.len() as u64;
        let mut is_wanted = false;
        for cursor in self.cursors.values_mut() {
            if matches(&cursor.pattern, &event.subject) {
                is_wanted = true;
            } else if cursor.next == position {
                // Nobody is woken up for what is not for them.
                cursor.next += 1;
            }
        }
        self.bytes += event.payload.len();
        self.kept.push_back(Arc::new(event));
        while self.kept.len() > self.bounds.events || (self.bytes > self.bounds.bytes && self.kept.len() > 1) {
            self.forget_oldest();
        }
        is_wanted
    }

    fn forget_oldest(&mut self) {
        if let Some(event) = self.kept.pop_front() {
            self.first += 1;
            self.bytes -= event.payload.len();
            self.ids.remove(&event.id);
        }
    }

    pub(super) fn attach(&mut self, consumer: &str, pattern: &str) -> Reader {
        let from_now_on = Cursor {
            next: self.first + self.kept.len() as u64,
            ..Cursor::default()
        };
        let cursor = self.cursors.entry(consumer.to_owned()).or_insert(from_now_on);
        cursor.reader += 1;
        pattern.clone_into(&mut cursor.pattern);
        cursor.go_back_to_unacked();
        Reader {
            consumer: consumer.into(),
            number: cursor.reader,
        }
    }

    pub(super) fn next(&mut self, reader: &Reader) -> Next {
        let Some(cursor) = cursor_of(&mut self.cursors, reader) else {
            return Next::TakenOver;
        };
        if cursor.unacked.len() >= MAX_UNACKED {
            return Next::Nothing;
        }
        cursor.skip_to(self.first, &reader.consumer);
        let from = usize::try_from(cursor.next - self.first).unwrap_or(usize::MAX);
        for event in self.kept.iter().skip(from) {
            let position = cursor.next;
            cursor.next += 1;
            if matches(&cursor.pattern, &event.subject) {
                cursor.unacked.insert(position);
                return Next::Event(position, event.clone());
            }
        }
        Next::Nothing
    }

    pub(super) fn ack(&mut self, reader: &Reader, position: u64) {
        if let Some(cursor) = cursor_of(&mut self.cursors, reader) {
            cursor.unacked.remove(&position);
        }
    }

    /// The delivery was dropped without acknowledgement.
    pub(super) fn give_back(&mut self, reader: &Reader, position: u64) {
        if let Some(cursor) = cursor_of(&mut self.cursors, reader)
            && cursor.unacked.contains(&position)
        {
            cursor.go_back_to_unacked();
        }
    }
}

impl Cursor {
    fn go_back_to_unacked(&mut self) {
        if let Some(first) = self.unacked.first() {
            self.next = self.next.min(*first);
        }
        self.unacked.clear();
    }

    fn skip_to(&mut self, first: u64, consumer: &str) {
        if self.next < first {
            tracing::warn!(
                consumer,
                lost = first - self.next,
                "consumer is too slow for the bus; its events must be read again"
            );
            self.next = first;
        }
    }
}

fn cursor_of<'a>(cursors: &'a mut HashMap<String, Cursor>, reader: &Reader) -> Option<&'a mut Cursor> {
    cursors
        .get_mut(reader.consumer.as_ref())
        .filter(|cursor| cursor.reader == reader.number)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(id: usize, bytes: usize) -> EventMessage {
        EventMessage {
            subject: "tandem.events.acme.Created".into(),
            id: id.to_string(),
            headers: crate::Headers::new(),
            payload: Bytes::from(vec![0; bytes]),
        }
    }

    fn ids(log: &mut EventLog, reader: &Reader) -> Vec<String> {
        std::iter::from_fn(|| match log.next(reader) {
            Next::Event(_, event) => Some(event.id.clone()),
            Next::Nothing | Next::TakenOver => None,
        })
        .collect()
    }

    #[test]
    fn never_more_than_the_bounds_are_kept() {
        let mut log = EventLog::new(Bounds {
            events: 10,
            bytes: 1000,
        });
        for id in 0..100 {
            log.publish(event(id, 10));
        }
        assert_eq!(log.kept(), 10);
        for id in 100..200 {
            log.publish(event(id, 400));
        }
        assert_eq!(log.kept(), 2);
        assert_eq!(log.ids.len(), 2);
    }

    #[test]
    fn who_is_too_slow_goes_on_with_the_oldest_that_is_kept() {
        let mut log = EventLog::new(Bounds {
            events: 3,
            ..Bounds::default()
        });
        let reader = log.attach("slow", ">");
        for id in 0..10 {
            log.publish(event(id, 1));
        }
        assert_eq!(ids(&mut log, &reader), ["7", "8", "9"]);
    }

    #[test]
    fn who_is_not_told_of_what_others_want_does_not_fall_behind() {
        let mut log = EventLog::new(Bounds {
            events: 3,
            ..Bounds::default()
        });
        let one = log.attach("one", "tandem.events.acme.>");
        let other = log.attach("other", "tandem.events.other.>");
        for id in 0..10 {
            assert!(log.publish(event(id, 1)));
        }
        let theirs = EventMessage {
            subject: "tandem.events.nobody.Created".into(),
            ..event(10, 1)
        };
        assert!(!log.publish(theirs), "nobody is to be woken up");
        assert_eq!(ids(&mut log, &other), [""; 0]);
        assert_eq!(log.cursors["other"].next, 11);
        assert_eq!(ids(&mut log, &one), ["8", "9"]);
    }

    #[test]
    fn what_is_given_back_comes_again_with_all_that_follows() {
        let mut log = EventLog::default();
        let reader = log.attach("one", ">");
        for id in 0..4 {
            log.publish(event(id, 1));
        }
        assert_eq!(ids(&mut log, &reader), ["0", "1", "2", "3"]);
        log.ack(&reader, 0);
        log.give_back(&reader, 2);
        assert_eq!(ids(&mut log, &reader), ["1", "2", "3"]);
    }

    #[test]
    fn a_reader_that_was_taken_over_changes_nothing_any_more() {
        let mut log = EventLog::default();
        let old = log.attach("one", ">");
        log.publish(event(0, 1));
        assert_eq!(ids(&mut log, &old), ["0"]);
        let new = log.attach("one", ">");
        log.ack(&old, 0);
        log.give_back(&old, 0);
        assert!(matches!(log.next(&old), Next::TakenOver));
        assert_eq!(ids(&mut log, &new), ["0"]);
    }
}
