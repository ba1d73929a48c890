//! How far a reader has come in the stream. Plain state without a runtime.

use std::collections::BTreeSet;

/// When a stream was created, in nanoseconds: one that was deleted and made again counts from 1 anew.
pub(super) type StreamIdentity = i128;

/// Reading is "go back N": each session begins with the first event that is not acknowledged, so that order holds.
#[derive(Default)]
pub(super) struct Progress {
    stream: Option<StreamIdentity>,
    session: u64,
    next: u64,
    unacked: BTreeSet<u64>,
    acked_some: bool,
    given_back: bool,
}

impl Progress {
    /// Where to go on in `stream`: nothing if this process has not read yet.
    pub(super) fn resume(&self, stream: StreamIdentity) -> Option<u64> {
        match self.stream {
            None => None,
            Some(known) if known == stream => Some(self.unacked.first().copied().unwrap_or(self.next)),
            Some(_) => Some(1),
        }
    }

    /// A new session that begins at `next`; what is said in the name of older ones has no effect any more.
    pub(super) fn begin(&mut self, stream: StreamIdentity, next: u64) -> u64 {
        let session = self.session + 1;
        *self = Self {
            stream: Some(stream),
            session,
            next,
            ..Self::default()
        };
        session
    }

    pub(super) fn delivered(&mut self, sequence: u64) {
        self.unacked.insert(sequence);
        self.next = self.next.max(sequence + 1);
    }

    /// Whether the server is to be told.
    pub(super) fn ack(&mut self, session: u64, sequence: u64) -> bool {
        let current = session == self.session && self.unacked.remove(&sequence);
        self.acked_some |= current;
        current
    }

    /// A delivery was dropped; without acknowledgement, it has to come again.
    pub(super) fn dropped(&mut self, session: u64, sequence: u64) -> bool {
        let unacked = session == self.session && self.unacked.contains(&sequence);
        self.given_back |= unacked;
        unacked
    }

    /// Whether something of this session has to come again.
    pub(super) fn given_back(&self) -> bool {
        self.given_back
    }

    /// Whether anything was acknowledged in this session.
    pub(super) fn acked_some(&self) -> bool {
        self.acked_some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_goes_on_with_the_first_that_is_not_acknowledged() {
        let mut progress = Progress::default();
        assert_eq!(progress.resume(7), None);
        let session = progress.begin(7, 10);
        (10..14).for_each(|sequence| progress.delivered(sequence));
        assert!(progress.ack(session, 10) && progress.ack(session, 12));
        assert_eq!(progress.resume(7), Some(11));
        assert!(progress.ack(session, 11) && progress.ack(session, 13));
        assert_eq!(progress.resume(7), Some(14));
    }

    #[test]
    fn a_stream_made_anew_is_read_from_its_beginning() {
        let mut progress = Progress::default();
        progress.begin(7, 10);
        assert_eq!(progress.resume(8), Some(1));
    }

    #[test]
    fn only_what_is_dropped_without_acknowledgement_has_to_come_again() {
        let mut progress = Progress::default();
        let session = progress.begin(7, 10);
        (10..12).for_each(|sequence| progress.delivered(sequence));
        progress.ack(session, 10);
        assert!(!progress.dropped(session, 10) && !progress.given_back());
        assert!(progress.dropped(session, 11) && progress.given_back());
        progress.begin(7, 11);
        assert!(!progress.given_back());
    }

    #[test]
    fn an_older_session_changes_nothing() {
        let mut progress = Progress::default();
        let old = progress.begin(7, 10);
        progress.delivered(10);
        progress.begin(7, 10);
        progress.delivered(10);
        assert!(!progress.ack(old, 10));
        assert!(!progress.dropped(old, 10) && !progress.given_back());
        assert_eq!(progress.resume(7), Some(10));
    }
}
