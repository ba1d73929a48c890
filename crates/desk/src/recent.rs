//! The last committed records, kept for a while: whoever follows the journal closely need not read back what this
//! process has just written. Who is further behind reads the journal.

use std::collections::VecDeque;

use tandem_domain::Trace;
use tandem_store::Record;

/// More records are not kept, nor more bytes of them.
const MOST: usize = 8_192;
const MOST_BYTES: usize = 8 << 20;

/// A committed record.
#[derive(Clone)]
pub(crate) struct Followed {
    pub(crate) record: Record,
    pub(crate) trace: Trace,
}

/// Records in a row.
#[derive(Default)]
pub(crate) struct Stretch {
    pub(crate) records: Vec<Record>,
    /// The traces that they belong to. There are none if they must be read from the records themselves.
    pub(crate) traces: Vec<Trace>,
}

/// The end of a journal, without gaps.
#[derive(Default)]
pub(crate) struct Recent {
    records: VecDeque<Followed>,
    bytes: usize,
}

impl Recent {
    /// Adds what was committed. Records that do not follow those before begin anew.
    pub(crate) fn push(&mut self, committed: Vec<Followed>) {
        let Some(first) = committed.first() else { return };
        let follows = |last: &Followed| last.record.seq + 1 == first.record.seq;
        if !self.records.back().is_some_and(follows) {
            *self = Self::default();
        }
        self.bytes += committed.iter().map(Followed::size).sum::<usize>();
        self.records.extend(committed);
        while self.records.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.records.pop_front() else { return };
            self.bytes -= oldest.size();
        }
    }

    /// Up to `max` records from `seq` on; none if that one is not kept.
    pub(crate) fn from(&self, seq: u64, max: usize) -> Stretch {
        let place = self.records.front().and_then(|first| seq.checked_sub(first.record.seq));
        let skip = place.map_or(usize::MAX, |place| usize::try_from(place).unwrap_or(usize::MAX));
        let followed = self.records.iter().skip(skip).take(max).cloned();
        let (records, traces) = followed.map(|Followed { record, trace }| (record, trace)).unzip();
        Stretch { records, traces }
    }
}

impl Followed {
    /// In bytes.
    pub(crate) fn size(&self) -> usize {
        self.record.payload.len()
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::Timestamp;

    use super::*;

    fn records(seqs: std::ops::Range<u64>, bytes: usize) -> Vec<Followed> {
        let record = |seq| Record {
            seq,
            incarnation: 1,
            kind: "Added".to_owned(),
            at: Timestamp::EPOCH,
            payload: vec![0; bytes].into(),
        };
        seqs.map(|seq| Followed {
            record: record(seq),
            trace: Trace::default(),
        })
        .collect()
    }

    fn seqs(recent: &Recent, from: u64, max: usize) -> Vec<u64> {
        let stretch = recent.from(from, max);
        assert_eq!(stretch.records.len(), stretch.traces.len());
        stretch.records.iter().map(|record| record.seq).collect()
    }

    #[test]
    fn what_was_committed_last_is_there_in_order_and_nothing_else() {
        let mut recent = Recent::default();
        assert_eq!(seqs(&recent, 1, 10), [0; 0]);
        recent.push(records(5..8, 1));
        recent.push(records(8..10, 1));
        assert_eq!(seqs(&recent, 4, 10), [0; 0], "older ones are read");
        assert_eq!(seqs(&recent, 5, 10), [5, 6, 7, 8, 9]);
        assert_eq!(seqs(&recent, 7, 2), [7, 8]);
        assert_eq!(seqs(&recent, 10, 10), [0; 0]);
    }

    #[test]
    fn a_gap_is_never_handed_over() {
        let mut recent = Recent::default();
        recent.push(records(1..4, 1));
        recent.push(records(6..8, 1));
        assert_eq!(seqs(&recent, 1, 10), [0; 0]);
        assert_eq!(seqs(&recent, 6, 10), [6, 7]);
    }

    #[test]
    fn neither_many_nor_large_records_pile_up() {
        let mut recent = Recent::default();
        recent.push(records(1..MOST as u64 + 11, 1));
        assert_eq!(seqs(&recent, 11, 1), [11]);
        assert_eq!(seqs(&recent, 10, 1), [0; 0]);
        recent.push(records(MOST as u64 + 11..MOST as u64 + 21, MOST_BYTES / 4));
        assert_eq!(recent.records.len(), 4);
        assert_eq!(recent.bytes, recent.records.iter().map(Followed::size).sum::<usize>());
    }
}
